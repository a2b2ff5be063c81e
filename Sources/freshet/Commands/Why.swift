import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet why`.
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a document is as it is.",
        discussion: "Names the last attempt, its error, the breaker, the key budget, the queue position and the next run.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var document: DocumentArguments
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let id = try document.resolve(in: loaded.configuration).id
        let path = "/v1/why/\(id.dataset.source)/\(id.dataset.name)/\(DatasetConfig.publicPath(forKey: id.key))"
        let body = try await Control.with(loaded) { control in
            try await control.call(.get, path).expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        let report = try Control.Answer(status: 200, body: body).json()
        print("\(id): \(report.text("verdict"))")
        let lines = [
            ("cause", "cause"), ("last updated", "last_updated"), ("checked", "checked_at"), ("changed", "changed_at"),
            ("next run", "next_run"), ("queue position", "queue_position"), ("budget", "budget_block"),
        ]
        for (label, name) in lines where report.text(name) != "-" {
            print("  \(label.padded(to: 15)) \(report.text(name))")
        }
        if let failure = report["failure"], failure.kind == .object {
            print("  \("last error".padded(to: 15)) \(failure.text("kind")): \(failure.text("message"))")
        }
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}
