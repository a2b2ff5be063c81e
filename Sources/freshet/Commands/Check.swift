import ArgumentParser
import FreshetCore
import FreshetRuntime

/// The command `freshet check`.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration; every problem is reported at once.")

    @OptionGroup var options: ConfigOptions
    @Flag(help: "Also print calls a day against the limits, and refuse an impossible schedule.")
    var plan = false
    @Flag(help: "Print the configuration as understood, secrets redacted.")
    var show = false

    func run() async throws {
        let loaded = try options.load()
        let configuration = loaded.configuration
        if show { print(ConfigPrinter.yaml(configuration)) }
        if plan { try await Plan.print(loaded, json: false) }
        let warnings = loaded.warnings.isEmpty ? "" : ", \(loaded.warnings.count) warning(s)"
        print(
            "\(loaded.file): ok, \(configuration.sources.count) source(s), \(configuration.datasets.count) dataset(s)"
                + warnings)
    }
}
