import FreshetCore
import FreshetEngine

extension MetricsText {
    /// Freshness when read, calls and change hits of datasets with adaptive refreshing.
    ///
    /// The labels of the contract have no room for the strategy, so that it is part of the name, as windows of budgets are.
    mutating func adaptive(_ found: [DatasetFreshness]) {
        guard !found.isEmpty else { return }
        family("freshet_call_price_seconds", "gauge", "What a call must save readers, 0 when calls are not scarce.")
        for dataset in found { sample("freshet_call_price_seconds", AdaptiveMetrics.labels(dataset.id), dataset.price) }
        var names: [String] = []
        for name in found.flatMap({ $0.strategies.map(\.name) }) where !names.contains(name) { names.append(name) }
        for name in names {
            let lines = found.flatMap { dataset in
                dataset.strategies.filter { $0.name == name }.map { (dataset.id, $0.meter) }
            }
            strategy("freshet_strategy_\(name)", lines)
        }
    }

    private mutating func strategy(_ prefix: String, _ lines: [(id: DatasetID, meter: FreshnessMeter)]) {
        counter("\(prefix)_reads_total", "Reads by whether they found the target kept.", lines) {
            [("fresh", $0.fresh), ("late", $0.aimed - $0.fresh), ("no-target", $0.reads - $0.aimed)]
        }
        counter("\(prefix)_refreshes_total", "Refreshes by what they found.", lines) {
            [("changed", $0.hits), ("unchanged", $0.calls - $0.hits - $0.failures), ("failed", $0.failures)]
        }
        family("\(prefix)_read_age_seconds_sum", "counter", "Ages of documents when they were read, added up.")
        for line in lines {
            sample("\(prefix)_read_age_seconds_sum", AdaptiveMetrics.labels(line.id), line.meter.ageSum)
        }
        for (word, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            family("\(prefix)_read_age_seconds_\(word)", "gauge", "The age that so many reads did not exceed.")
            for line in lines {
                guard let age = line.meter.age(at: share) else { continue }
                sample("\(prefix)_read_age_seconds_\(word)", AdaptiveMetrics.labels(line.id), age)
            }
        }
    }

    private mutating func counter(
        _ name: String, _ help: String, _ lines: [(id: DatasetID, meter: FreshnessMeter)],
        _ values: (FreshnessMeter) -> [(outcome: String, count: Int)]
    ) {
        family(name, "counter", help)
        for line in lines {
            for value in values(line.meter) {
                sample(name, AdaptiveMetrics.labels(line.id) + [("outcome", value.outcome)], Double(value.count))
            }
        }
    }
}

/// The labels that these metrics share.
enum AdaptiveMetrics {
    static func labels(_ id: DatasetID) -> [MetricsRegistry.Label] { [("source", id.source), ("dataset", id.name)] }
}
