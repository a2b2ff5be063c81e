import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet doctor`.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check configuration, store, sources and keys, and say what to do.",
        discussion: """
            Ends with 69 when something fails; warnings end with 0. With APP it asks that app: `freshet doctor oec` calls \
            its upstream once and fails when any of its values are made up.
            """)

    @Argument(help: "An app that is declared, such as oec.")
    var app: String?
    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let loaded = try options.load()
        let path = try path(loaded)
        let answer = try await Control.with(loaded) { control in try await control.call(.get, path) }
        if app != nil { return try show(answer) }
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

    private func path(_ loaded: LoadedConfiguration) throws -> String {
        guard let app else { return "/v1/health" }
        let names = loaded.configuration.apps.filter { $0.routes.contains { $0.pattern == "/doctor" } }
            .map { type(of: $0).name }
        guard names.contains(app) else {
            let known =
                names.isEmpty ? "no declared app has checks of its own" : "there are \(names.joined(separator: ", "))"
            throw Exit.fail("there is no app \"\(app)\" to check; \(known)", Exit.usage)
        }
        return "/apps/\(app)/doctor"
    }

    /// The checks of an app.
    private func show(_ answer: Control.Answer) throws {
        let report = try answer.expectSuccess().json()
        if output.json {
            printJSON(answer.body)
        } else {
            for check in report["checks"].map({ Array($0.elements) }) ?? [] {
                print("\(check.text("status").padded(to: 5)) \(check.text("name")): \(check.text("output"))")
            }
        }
        if report.text("status") != "pass" { throw ExitCode(69) }
    }
}
