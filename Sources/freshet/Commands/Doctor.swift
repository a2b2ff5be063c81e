import ArgumentParser
import FreshetDocument
import FreshetRuntime

/// The command `freshet doctor`.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check configuration, store, sources and keys, and say what to do.",
        discussion: "Ends with 69 when something fails; warnings end with 0.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let loaded = try options.load()
        let answer = try await Control.with(loaded) { control in try await control.call(.get, "/health") }
        if output.json {
            printJSON(answer.body)
        } else {
            print("pass  configuration: \(loaded.file)")
            let health = try answer.json()
            let checks = health["checks"].map { Array($0.members) } ?? []
            for member in checks {
                for check in member.value.elements {
                    let note = check["output"]?.string.map { ": \($0)" } ?? ""
                    print("\(check.text("status").padded(to: 5)) \(member.key.string ?? "")\(note)")
                }
            }
        }
        if answer.status >= 500 { throw ExitCode(69) }
    }
}
