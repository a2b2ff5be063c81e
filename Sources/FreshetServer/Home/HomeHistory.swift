import FreshetCore

/// What the charts show: calls and freshness of the last hour by the minute, of each source.
struct HomeHistory: Sendable {
    /// How many minutes are kept, the present one included.
    static let minutes = 60

    /// What a look at a source found: counters since the start, and documents now.
    struct Sample: Sendable, Hashable {
        var calls = 0
        var failed = 0
        var live = 0
        var stale = 0
    }

    /// One minute of one source, or of all.
    struct Minute: Sendable, Hashable {
        var calls = 0
        var failed = 0
        var live = 0
        var stale = 0

        /// The share of documents that were fresh; `nil` when there were none.
        var freshShare: Double? { live > 0 ? Double(max(0, live - stale)) / Double(live) : nil }

        static func + (a: Minute, b: Minute) -> Minute {
            Minute(
                calls: a.calls + b.calls, failed: a.failed + b.failed, live: a.live + b.live, stale: a.stale + b.stale)
        }
    }

    private var kept: [String: [Int64: Minute]] = [:]
    private var last: [String: Sample] = [:]

    /// Counts what happened since the sample before; the first one only begins.
    mutating func add(_ samples: [String: Sample], at now: Timestamp) {
        let present = HomeHistory.minute(now)
        for (source, sample) in samples {
            var minutes = kept[source] ?? [:]
            var minute = minutes[present] ?? Minute()
            if let before = last[source] {
                minute.calls += max(0, sample.calls - before.calls)
                minute.failed += max(0, sample.failed - before.failed)
            }
            (minute.live, minute.stale) = (sample.live, sample.stale)
            minutes[present] = minute
            // A clock that was set back leaves minutes of the future behind.
            kept[source] = minutes.filter { $0.key > present - Int64(HomeHistory.minutes) && $0.key <= present }
            last[source] = sample
        }
    }

    /// The last hour of a source, oldest first; `nil` where nobody looked.
    func minutes(of source: String, at now: Timestamp) -> [Minute?] {
        let present = HomeHistory.minute(now)
        return (0..<HomeHistory.minutes).map { index in
            kept[source]?[present - Int64(HomeHistory.minutes - 1 - index)]
        }
    }

    /// The same of all sources together.
    func total(at now: Timestamp) -> [Minute?] {
        kept.keys.sorted().reduce(into: Array(repeating: nil, count: HomeHistory.minutes)) { sum, source in
            for (index, minute) in minutes(of: source, at: now).enumerated() {
                guard let minute else { continue }
                sum[index] = (sum[index] ?? Minute()) + minute
            }
        }
    }

    /// Calls in the last whole minutes and in this one so far: what a rate is told from.
    static func lately(_ minutes: [Minute?]) -> Int { minutes.suffix(2).first.flatMap { $0?.calls } ?? 0 }

    private static func minute(_ moment: Timestamp) -> Int64 { (moment.microseconds / 60_000_000) }
}
