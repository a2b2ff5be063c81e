#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How old documents were when they were read, and what that cost; pure.
public struct FreshnessMeter: Sendable, Hashable {
    /// Upper bounds of ages grow by a fifth from one bucket to the next, from one second on.
    private static let factor = 1.2
    private static let buckets = 96
    /// After so many seconds a read counts half in ``recentShare``.
    private static let recently = 1800.0

    /// Reads.
    public private(set) var reads = 0
    /// Of these, reads that had a target.
    public private(set) var aimed = 0
    /// Of these, reads within it.
    public private(set) var fresh = 0
    /// The sum of ages, in seconds.
    public private(set) var ageSum = 0.0
    /// Refreshes that asked upstream.
    public private(set) var calls = 0
    /// Of these, refreshes that found a change.
    public private(set) var hits = 0
    /// Of these, refreshes that failed.
    public private(set) var failures = 0
    /// Seconds between refreshes of keys that have a target.
    public private(set) var time = 0.0
    /// Of these, seconds within it.
    public private(set) var timeWithin = 0.0
    private var counts: [Int] = Array(repeating: 0, count: buckets)
    private var recentReads = 0.0
    private var recentFresh = 0.0
    private var recentAt = Timestamp(seconds: 0)

    /// Creates an empty meter.
    public init() {}

    /// Notes reads of one age.
    public mutating func read(age: Double, count: Int = 1, target: Duration?, at now: Timestamp) {
        let age = max(0, age)
        reads += count
        ageSum += age * Double(count)
        counts[FreshnessMeter.bucket(age)] += count
        guard let target else { return }
        let isFresh = age <= target.inSeconds
        aimed += count
        if isFresh { fresh += count }
        if now > recentAt {
            let keep = exp2(-(now - recentAt).inSeconds / FreshnessMeter.recently)
            recentReads *= keep
            recentFresh *= keep
            recentAt = now
        }
        recentReads += Double(count)
        if isFresh { recentFresh += Double(count) }
    }

    /// Notes a refresh.
    ///
    /// - Parameters:
    ///   - outcome: How it went.
    ///   - gap: Since the content was last confirmed; `nil` for the first.
    ///   - target: How old it might have become.
    public mutating func refresh(_ outcome: KeyMemory.Outcome, gap: Duration?, target: Duration?) {
        calls += 1
        if outcome == .changed { hits += 1 }
        if outcome == .failed { failures += 1 }
        guard outcome != .failed, let gap, let target else { return }
        time += gap.inSeconds
        timeWithin += min(gap, target).inSeconds
    }

    /// The mean age when read, in seconds.
    public var meanAge: Double { reads > 0 ? ageSum / Double(reads) : 0 }
    /// The share of reads within their target; `nil` without any.
    public var freshShare: Double? { aimed > 0 ? Double(fresh) / Double(aimed) : nil }
    /// The share of time within the target; `nil` before the second refresh of any key.
    public var timeShare: Double? { time > 0 ? timeWithin / time : nil }
    /// The share of refreshes that found a change; `nil` without any.
    public var hitShare: Double? { calls > 0 ? Double(hits) / Double(calls) : nil }
    /// The share of the last half hour or so of reads within their target; `nil` when too few were read to tell.
    public var recentShare: Double? { recentReads >= 20 ? recentFresh / recentReads : nil }

    /// The age in seconds that a share (0...1) of reads did not exceed, within a fifth; `nil` without reads.
    public func age(at share: Double) -> Double? {
        guard reads > 0 else { return nil }
        let wanted = Int((Double(reads) * share).rounded(.up))
        var seen = 0
        for (bucket, count) in counts.enumerated() where count > 0 {
            if seen + count >= wanted {
                // Evenly inside the bucket.
                let low = bucket == 0 ? 0 : pow(FreshnessMeter.factor, Double(bucket - 1))
                let high = pow(FreshnessMeter.factor, Double(bucket))
                return low + (high - low) * Double(max(0, wanted - seen)) / Double(count)
            }
            seen += count
        }
        return pow(FreshnessMeter.factor, Double(FreshnessMeter.buckets - 1))
    }

    /// Adds what another has counted.
    public mutating func add(_ other: FreshnessMeter) {
        reads += other.reads
        aimed += other.aimed
        fresh += other.fresh
        ageSum += other.ageSum
        calls += other.calls
        hits += other.hits
        failures += other.failures
        time += other.time
        timeWithin += other.timeWithin
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        recentReads += other.recentReads
        recentFresh += other.recentFresh
        recentAt = max(recentAt, other.recentAt)
    }

    private static func bucket(_ age: Double) -> Int {
        age <= 1 ? 0 : min(buckets - 1, Int((log(age) / log(factor)).rounded(.up)))
    }
}
