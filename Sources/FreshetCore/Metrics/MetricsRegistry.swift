import Synchronization

/// Counters, gauges and histograms in memory, written out as Prometheus text.
///
/// Names carry the prefix `freshet_` and base units; labels are `source`, `dataset`, `priority`, `outcome`, `key_id` and the
/// few that a metric documents. Safe from any task; meant for the refresh path, not for every read.
public final class MetricsRegistry: Sendable {
    /// The upper bounds in seconds of duration histograms.
    public static let durationBounds: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// A label and its value.
    public typealias Label = (name: String, value: String)

    private struct Histogram {
        var buckets: [UInt64]
        var sum = 0.0
        var count: UInt64 = 0
    }

    private struct State {
        var help: [String: (type: String, text: String)] = [:]
        var values: [String: [String: Double]] = [:]
        var histograms: [String: [String: Histogram]] = [:]
    }

    private let state = Mutex(State())

    /// Creates an empty registry.
    public init() {}

    /// Says what a metric means; `type` is `counter`, `gauge` or `histogram`.
    public func describe(_ name: String, type: String, help: String) {
        state.withLock { $0.help[name] = (type, help) }
    }

    /// Adds to a counter.
    public func increment(_ name: String, _ labels: [Label] = [], by amount: Double = 1) {
        let key = MetricsRegistry.render(labels)
        state.withLock { $0.values[name, default: [:]][key, default: 0] += amount }
    }

    /// Sets a gauge.
    public func set(_ name: String, _ labels: [Label] = [], to value: Double) {
        let key = MetricsRegistry.render(labels)
        state.withLock { $0.values[name, default: [:]][key] = value }
    }

    /// Forgets every value of a gauge, before it is set anew from a fresh look.
    public func clear(_ name: String) { state.withLock { $0.values[name] = nil } }

    /// Counts a duration in seconds into a histogram.
    public func observe(_ name: String, _ labels: [Label] = [], seconds: Double) {
        let key = MetricsRegistry.render(labels)
        let bounds = MetricsRegistry.durationBounds
        state.withLock { state in
            var histogram =
                state.histograms[name]?[key] ?? Histogram(buckets: Array(repeating: 0, count: bounds.count))
            if let index = bounds.firstIndex(where: { seconds <= $0 }) { histogram.buckets[index] += 1 }
            histogram.sum += seconds
            histogram.count += 1
            state.histograms[name, default: [:]][key] = histogram
        }
    }

    /// The value of a counter or gauge; `nil` when it was never touched.
    public func value(_ name: String, _ labels: [Label] = []) -> Double? {
        let key = MetricsRegistry.render(labels)
        return state.withLock { $0.values[name]?[key] }
    }

    /// Every value of a counter or gauge, by its labels as they are written out: `source="a",outcome="200"`.
    public func values(of name: String) -> [String: Double] { state.withLock { $0.values[name] ?? [:] } }

    /// Everything in the Prometheus text format 0.0.4, sorted by name.
    public func prometheusText() -> String {
        state.withLock { state in
            var text = ""
            for name in Set(state.values.keys).union(state.histograms.keys).sorted() {
                if let help = state.help[name] {
                    text += "# HELP \(name) \(help.text)\n# TYPE \(name) \(help.type)\n"
                }
                for (labels, value) in (state.values[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                    text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(MetricsRegistry.number(value))\n"
                }
                for (labels, histogram) in (state.histograms[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                    text += MetricsRegistry.render(name, labels, histogram)
                }
            }
            return text
        }
    }

    private static func render(_ name: String, _ labels: String, _ histogram: Histogram) -> String {
        let prefix = labels.isEmpty ? "" : labels + ","
        var (text, total) = ("", UInt64(0))
        for (bound, count) in zip(durationBounds, histogram.buckets) {
            total += count
            text += "\(name)_bucket{\(prefix)le=\"\(number(bound))\"} \(total)\n"
        }
        text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(histogram.count)\n"
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        return text + "\(name)_sum\(suffix) \(histogram.sum)\n\(name)_count\(suffix) \(histogram.count)\n"
    }

    private static func render(_ labels: [Label]) -> String {
        labels.map { "\($0.name)=\"\(escape($0.value))\"" }.joined(separator: ",")
    }

    private static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 34 || $0 == 92 || $0 == 10 }) else { return text }
        return String(
            text.flatMap { $0 == "\\" ? Array("\\\\") : $0 == "\"" ? Array("\\\"") : $0 == "\n" ? Array("\\n") : [$0] })
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}
