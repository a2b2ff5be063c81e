import FreshetDocument

/// How fresh documents were when they were read, by dataset and strategy: the table of `status` and of `simulate`.
enum FreshnessTable {
    static let columns = [
        "DATASET", "STRATEGY", "READS", "FRESH", "P50", "P95", "P99", "MEAN", "CALLS", "CHANGE HITS",
    ]

    /// `nil` when nothing was measured.
    static func text(_ datasets: [JSONValue]) -> String? {
        var table = Table(columns)
        for dataset in datasets {
            for line in dataset["strategies"].list {
                table.add([
                    "\(dataset.text("source")).\(dataset.text("dataset"))", line.text("strategy"), line.text("reads"),
                    share(line["fresh_share"]?.double), span(line["p50_age_seconds"]?.double),
                    span(line["p95_age_seconds"]?.double), span(line["p99_age_seconds"]?.double),
                    span(line["mean_age_seconds"]?.double), line.text("calls"),
                    share(line["change_hit_share"]?.double),
                ])
            }
        }
        return table.isEmpty ? nil : table.text
    }

    static func share(_ value: Double?) -> String {
        value.map { "\((($0 * 1000).rounded()) / 10) %" } ?? "-"
    }

    /// Seconds, minutes, hours, whichever a person would say.
    static func span(_ seconds: Double?) -> String {
        guard let seconds else { return "-" }
        if seconds < 120 { return "\((seconds * 10).rounded() / 10) s" }
        if seconds < 7200 { return "\((seconds / 6).rounded() / 10) min" }
        return "\((seconds / 360).rounded() / 10) h"
    }
}
