import ArgumentParser
import FreshetDocument

/// The command `freshet status`.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show sources, datasets, queue and budgets at a glance.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/status").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        print(Status.text(try Control.Answer(status: 200, body: body).json()))
    }

    private static func text(_ status: JSONValue) -> String {
        var sources = Table(["SOURCE", "HEALTH", "BREAKER", "IN FLIGHT", "KEYS", "REASON"])
        for source in status["sources"].list {
            let keys = source["keys"].list.map { "\($0.text("key_id")):\($0.text("state"))" }
            sources.add([
                source.text("source"), source.text("health"), source.text("breaker"), source.text("in_flight"),
                keys.joined(separator: " "), source.text("reason"),
            ])
        }
        var datasets = Table(["DATASET", "LIVE", "STALE", "MISSING", "GONE", "OLDEST"])
        for dataset in status["datasets"].list {
            datasets.add([
                "\(dataset.text("source")).\(dataset.text("dataset"))", dataset.text("live"), dataset.text("stale"),
                dataset.text("missing"),
                dataset.text("gone"), dataset.text("oldest"),
            ])
        }
        var tables = Table(["TABLE", "ROWS", "NULLS", "REJECTED", "DUPLICATES", "LAG", "STOPPED"])
        for dataset in status["tables"].list {
            let stop = dataset.text("stopped")
            let quality = dataset["quality"].list
            if quality.isEmpty, stop != "-" {
                tables.add(["\(dataset.text("source")).\(dataset.text("dataset"))", "-", "-", "-", "-", "-", stop])
            }
            for entry in quality {
                let nulls = entry["null_share"]?.double.map { "\(Int(($0 * 100).rounded())) %" } ?? "-"
                let lag = entry["lag_seconds"]?.double.map { "\(Int($0.rounded())) s" } ?? "-"
                tables.add([
                    entry.text("table"), entry.text("rows"), nulls, entry.text("rejected"), entry.text("duplicates"),
                    lag,
                    stop,
                ])
            }
        }
        let freshness = FreshnessTable.text(status["freshness"].list)
        var queue = Table(["QUEUE", "CRITICAL", "HIGH", "MEDIUM", "LOW"])
        for state in ["ready", "waiting", "leased", "dead"] {
            let counts = status["queue"]?[state]
            queue.add([state] + ["critical", "high", "medium", "low"].map { counts?.text($0) ?? "0" })
        }
        let rows = tables.isEmpty ? nil : tables.text
        return [sources.text, datasets.text, rows, freshness, queue.text].compactMap { $0 }.joined(
            separator: "\n\n")
    }
}

extension JSONValue {
    /// A member as text for a table: strings decoded, numbers as written, absent and null as `-`.
    func text(_ name: String) -> String {
        guard let member = self[name] else { return "-" }
        switch member.kind {
        case .string: return member.string ?? "-"
        case .null: return "-"
        default: return String(decoding: member.rawBytes, as: UTF8.self)
        }
    }
}

extension JSONValue? {
    /// The elements of an array; empty when it is absent.
    var list: [JSONValue] { map { Array($0.elements) } ?? [] }
}
