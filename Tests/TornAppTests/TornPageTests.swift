import Foundation
import FreshetCore
import FreshetSQLite
import Testing
import TornApp

@Suite struct `The reference of the Torn app` {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/reference/torn.md")

    /// `FRESHET_WRITE_DOCS=1` writes the page.
    @Test func `is what the app declares`() async throws {
        try await TornStore.with { torn in
            let text = try await page(torn)
            if ProcessInfo.processInfo.environment["FRESHET_WRITE_DOCS"] == "1" {
                try text.write(to: Self.file, atomically: true, encoding: .utf8)
            }
            #expect(try String(contentsOf: Self.file, encoding: .utf8) == text)
        }
    }

    private func page(_ torn: TornStore) async throws -> String {
        var lines = [
            "# The Torn app", "",
            "Settings stand under [`apps.torn`](configuration.md#appstorn); the [guide](../guide/torn.md) goes from key to report.",
            "Every table has the [columns that say where a row comes from](../guide/tables.md#rows) as well: `_key`, `_fetched_at` and so on.",
            "", "## Datasets", "", "| dataset | path | every | documents |", "|---|---|---|---|",
        ]
        for dataset in torn.app.datasets {
            let key = dataset.template.parameters.first
            let documents = key == nil ? "one" : "one for each \(key ?? "")"
            lines.append("| `\(dataset.id)` | `\(dataset.template)` | \(interval(dataset)) | \(documents) |")
        }
        lines += [
            "",
            "`comment` stands in the key owner's log at Torn and changes nothing; it gives each faction a document of its own.",
            "With `crimes: { from, to }`, `filters=created_at` and the bounds are added to the path.", "", "## Tables",
        ]
        for dataset in torn.app.datasets {
            for spec in dataset.tables?.specs ?? [] { lines += table(spec, of: dataset) }
        }
        lines += [
            "", "## Reports", "",
            "`GET /apps/torn/reports/{report}?limit=` gives rows, `/sql?dialect=sqlite|bigquery&dataset=` the statement. They are views: SQL can read them.",
        ]
        for view in torn.app.views {
            let answer = try await torn.store.query("SELECT * FROM \(view.name) LIMIT 0", limits: QueryLimits())
            let tables = view.tables.map { "`\($0)`" }.joined(separator: ", ")
            lines += ["", "### `\(view.name)`", "", "\(view.summary) Reads \(tables).", ""]
            lines.append(answer.columns.map { "`\($0.name)`" }.joined(separator: " · "))
        }
        return (lines + Self.notes).joined(separator: "\n") + "\n"
    }

    private func interval(_ dataset: DatasetConfig) -> String {
        guard case .every(let period)? = dataset.refresh?.timing else { return "" }
        return "\(period)"
    }

    private func table(_ spec: TableSpec, of dataset: DatasetConfig) -> [String] {
        guard case .path(let rows) = spec.rows else { return [] }
        var how = "Rows: `\(rows)` of `\(dataset.id)`, \(spec.disposition.rawValue)"
        if spec.disposition == .append {
            how += ", a row for each fetch."
        } else {
            how += " by \(spec.primaryKey.map { "`\($0)`" }.joined(separator: ", "))."
        }
        if !spec.isComplete { how += " What a fetch does not show stays." }
        var lines = ["", "### `\(spec.name)`", "", how, "", "| column | type | from |", "|---|---|---|"]
        let sources = Dictionary(spec.parent.map { ($0.name, $0.source) }) { first, _ in first }
        for column in spec.columns {
            let type = "\(column.type?.rawValue ?? "")\(column.isRequired ? ", required" : "")"
            var source = "`\(sources[column.name] ?? column.path)`"
            if sources[column.name] == rows { source = "place in `\(rows)`, from 0" }
            if !column.absent.isEmpty {
                source += "; null for \(column.absent.map { "`\($0.isEmpty ? "\"\"" : $0)`" }.joined(separator: ", "))"
            }
            lines.append("| `\(column.name)` | \(type) | \(source) |")
        }
        return lines
    }

    private static let notes = [
        "", "### How they count", "",
        "- `crime_overview` counts crimes that were carried out. Respect and money are means over successful ones, days run from the begin of the planning to the execution, `positions` is the most slots seen. `pay_per_position_per_day` is all money divided by all positions times days.",
        "- `crime_earnings` leaves the split null where Torn shows no automatic payout. Shares are whole dollars, rounded down for those who took part. `reward_items_value` is at market price, and null where a price is unknown.",
        "- `required_items` counts as lacking what an open slot needs and Torn does not call available.",
        "- `member_information` counts crimes of the member's faction carried out in the last 30 and 7 days, also as a share of all of the faction. Best pass rates are over all factions, expired crimes left out. `recommended_difficulty` is the highest with a best pass rate of `recommended_pass_rate` (70) at least.",
        "- `crimes_wide` multiplies slots by reward items.",
    ]
}
