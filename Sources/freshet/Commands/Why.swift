import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet why`.
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a document is as it is.",
        discussion:
            "Names the last attempt, its error, the breaker, the key budget, the queue position and the next run.")

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
        let state = report["state"]
        let lines = [
            ("cause", report.text("cause")), ("last updated", state?.text("last_updated")),
            ("checked", state?.text("checked_at")), ("changed", state?.text("changed_at")),
            ("next run", report.text("next_run")), ("queue position", report.text("queue_position")),
            ("budget", report.text("budget_block")),
        ]
        for case (let label, let value?) in lines where value != "-" {
            print("  \(label.padded(to: 15)) \(value)")
        }
        if let plan = report["plan"], plan.kind == .object { print(Why.plan(plan)) }
        if let failure = state?["last_error"], failure.kind == .object {
            print("  \("last error".padded(to: 15)) \(failure.text("kind")): \(failure.text("message"))")
        }
    }
}

extension Why {
    /// When it is refreshed by itself, and why then.
    private static func plan(_ plan: JSONValue) -> String {
        func day(_ name: String) -> String { plan[name]?.double.map { String(($0 * 100).rounded() / 100) } ?? "-" }
        var lines = [
            ("due", "\(plan.text("due_at")) at \(plan.text("priority"))"),
            ("class", "\(plan.text("class")), strategy \(plan.text("strategy"))"),
            ("changes a day", day("changes_per_day")), ("reads a day", day("reads_per_day")),
            ("busy hour", plan.text("next_busy_hour")), ("viewed until", plan.text("viewed_until")),
            ("looked at", plan.text("look_at")),
        ].filter { $0.1 != "-" }
        lines += plan["reasons"].list.enumerated().map { ($0.offset == 0 ? "because" : "", $0.element.string ?? "") }
        return lines.map { "  \($0.0.padded(to: 15)) \($0.1)" }.joined(separator: "\n")
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}
