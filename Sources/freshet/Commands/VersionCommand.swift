import ArgumentParser
import FreshetRuntime

/// The command `freshet version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var output: OutputOptions

    func run() {
        print(output.json ? #"{"version":"\#(Version.text)"}"# : "freshet \(Version.text)")
    }
}
