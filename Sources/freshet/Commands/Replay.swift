import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet replay`.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the rows of stored documents again, without one upstream call.",
        discussion: """
            Run it after tables were declared or changed, or to go back: --to takes one document's rows back to an \
            earlier version. --dry-run shows the difference and writes nothing. --rebuild makes the tables anew in a form that \
            the old ones cannot take.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The dataset, as source.name.")
    var dataset: String
    @Argument(help: "Only these keys.")
    var keys: [String] = []
    @Option(help: ArgumentHelp("Only documents whose content changed since then.", valueName: "time"))
    var since: String?
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("The version of the one document to go back to.", valueName: "version"))
    var version: Int?
    @Flag(help: "Show the difference and write nothing.")
    var dryRun = false
    @Flag(help: "Remove the dataset's tables first and make them anew.")
    var rebuild = false
    @Flag(help: "Mark missing rows deleted, however many.")
    var acceptDeletes = false

    func run() async throws {
        let loaded = try options.load(quiet: true)
        guard let id = DatasetID(dataset), loaded.configuration.dataset(id) != nil else {
            let names = loaded.configuration.datasets.map(\.id.description).joined(separator: ", ")
            throw Exit.fail("no dataset \"\(dataset)\" is declared; there are: \(names)", Exit.usage)
        }
        let body = body(id)
        let answer = try await Control.with(loaded) { control in
            try await control.call(.post, "/admin/replay", json: body).expectSuccess()
        }
        let report = try answer.json()
        if output.json {
            printJSON(answer.body)
        } else {
            print("\(report.text("documents")) documents\(dryRun ? ", nothing written" : "")")
            for effect in report["tables"].list {
                print(TableEffectText.line(effect, isDone: !dryRun))
            }
        }
        if let stop = report["stopped"]?.string { throw Exit.fail(stop, Exit.badData) }
    }

    private func body(_ id: DatasetID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("source", id.source)
        writer.field("dataset", id.name)
        writer.key("keys")
        writer.beginArray()
        for key in keys { writer.string(key) }
        writer.endArray()
        if let since { writer.field("since", since) }
        if let version {
            writer.key("version")
            writer.int(version)
        }
        writer.field("dry_run", dryRun)
        writer.field("rebuild", rebuild)
        writer.field("accept_deletes", acceptDeletes)
        writer.endObject()
        return writer.bytes
    }
}
