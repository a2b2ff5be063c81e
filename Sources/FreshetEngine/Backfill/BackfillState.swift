public import FreshetCore
import FreshetDocument

/// A historical load: what it runs through and how far it is; kept in the store, so that it goes on after a restart.
///
/// It runs through every value of the window for each series (the values of the other parameters), window by window.
public struct BackfillState: Sendable, Hashable {
    /// The dataset.
    public var dataset: DatasetID
    /// The parameter that runs.
    public var parameter: String
    /// Its values.
    public var window: BackfillWindow
    /// The other parameters' values, each a key without the running part; one empty text when there are none.
    public var series: [String]
    /// Whether documents that are there already are fetched again.
    public var refetches: Bool
    /// Documents that are settled, in order.
    public var done = 0
    /// Of these, those that were there already.
    public var skipped = 0
    /// Of these, those that upstream does not have.
    public var missing = 0
    /// Keys that were given up on; resuming tries them again.
    public var failed: [String] = []
    /// Keys that failed and are being tried again.
    public var again: [String] = []
    /// When it began.
    public var startedAt: Timestamp
    /// When it ended or was stopped.
    public var endedAt: Timestamp?
    /// Whether a person stopped it.
    public var isStopped = false

    /// All documents of it.
    public var total: Int { window.count * series.count }

    /// Whether there is something to do.
    public var isRunning: Bool { endedAt == nil && !isStopped }

    /// Creates a load that has done nothing.
    public init(
        dataset: DatasetID, parameter: String, window: BackfillWindow, series: [String], refetches: Bool,
        startedAt: Timestamp
    ) {
        self.dataset = dataset
        self.parameter = parameter
        self.window = window
        self.series = series
        self.refetches = refetches
        self.startedAt = startedAt
    }

    /// The key of the document at a place in the order; `nil` when the dataset takes no such key.
    func key(at place: Int, of config: DatasetConfig) -> String? {
        let value = window.value(at: place / series.count)
        let text = series[place % series.count]
        let others =
            text.isEmpty
            ? []
            : text.split(separator: "/", omittingEmptySubsequences: false).map {
                PercentEncoding.decode($0) ?? String($0)
            }
        guard others.count + 1 == config.template.parameters.count else { return nil }
        var rest = others[...]
        return config.key(forValues: config.template.parameters.map { $0 == parameter ? value : rest.removeFirst() })
    }

    func encode() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("parameter", parameter)
        writer.field("from", window.from)
        writer.field("to", window.to)
        if let step = window.step { writer.field("step", step) }
        for (name, texts) in [("series", series), ("failed", failed), ("again", again)] {
            writer.key(name)
            writer.beginArray()
            for text in texts { writer.string(text) }
            writer.endArray()
        }
        for (name, count) in [("done", done), ("skipped", skipped), ("missing", missing)] {
            writer.field(name, count)
        }
        writer.field("refetches", refetches)
        writer.field("stopped", isStopped)
        writer.field("started_at", startedAt.rfc3339)
        if let endedAt { writer.field("ended_at", endedAt.rfc3339) }
        writer.endObject()
        return writer.bytes
    }

    init?(_ bytes: [UInt8], dataset: DatasetID) {
        guard let root = try? JSONTape(bytes).root, let parameter = root["parameter"]?.string,
            let from = root["from"]?.string, let to = root["to"]?.string,
            let window = try? BackfillWindow(from: from, to: to, step: root["step"]?.string),
            let startedAt = (root["started_at"]?.string).flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        let texts = { (name: String) in root[name]?.elements.compactMap(\.string) ?? [] }
        let count = { (name: String) in Int(root[name]?.int64 ?? 0) }
        let series = texts("series")
        guard !series.isEmpty else { return nil }
        self.init(
            dataset: dataset, parameter: parameter, window: window, series: series,
            refetches: root["refetches"]?.bool ?? false, startedAt: startedAt)
        (done, skipped, missing) = (count("done"), count("skipped"), count("missing"))
        (failed, again) = (texts("failed"), texts("again"))
        endedAt = (root["ended_at"]?.string).flatMap { Timestamp(rfc3339: $0) }
        isStopped = root["stopped"]?.bool ?? false
    }
}
