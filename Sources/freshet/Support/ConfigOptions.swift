import ArgumentParser
import Foundation
import FreshetCore
import FreshetRuntime

/// `--config`, shared by all commands.
struct ConfigOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    /// Loads the configuration; problems go to standard error, all at once, and end with 78.
    func load(quiet: Bool = false) throws -> LoadedConfiguration {
        do {
            let loaded = try ConfigLoader.load(path: config, environment: ProcessInfo.processInfo.environment)
            if !quiet {
                for warning in loaded.warnings { standardError("warning: \(warning)") }
                for note in loaded.notes { standardError("note: \(note)") }
            }
            return loaded
        } catch {
            throw Exit.fail("\(error)", Exit.configuration)
        }
    }
}

/// `--json`, shared by the commands that print data.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false
}

/// A document named on the command line: `clash.clan UV0YR2Q8`.
struct DocumentArguments: ParsableArguments {
    @Argument(help: "The dataset, as source.name.")
    var dataset: String

    @Argument(help: "The key; left out for a dataset without parameters.")
    var key: String = DocumentID.singletonKey

    /// The address, or an error that says what is declared.
    func resolve(in configuration: Configuration) throws -> (id: DocumentID, dataset: DatasetConfig) {
        guard let id = DatasetID(dataset), let declared = configuration.dataset(id) else {
            let names = configuration.datasets.map(\.id.description).joined(separator: ", ")
            throw Exit.fail("no dataset \"\(dataset)\" is declared; there are: \(names)", Exit.usage)
        }
        guard let key = declared.key(forText: key) else {
            throw Exit.fail(
                "\"\(key)\" cannot be a key of \(id): it takes \(declared.template.parameters.joined(separator: "/"))",
                Exit.usage)
        }
        return (DocumentID(dataset: id, key: key), declared)
    }
}
