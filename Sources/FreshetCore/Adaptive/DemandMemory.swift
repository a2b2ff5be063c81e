#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Who reads a key, and at what time of day; decayed, so that it follows.
///
/// The predictor is this: in the hour h of the day (UTC) a key is read as often as its long average says, times the share that h has in
/// its own history of hours, which counts as much as that of the whole dataset once it has ``priorReads`` reads. What was read within the
/// last hour or so counts besides; the larger of the two is expected.
public struct DemandMemory: Sendable, Hashable {
    /// After so many seconds a read counts half in the short memory.
    public static let shortHalfLife = 3600.0
    /// And in the long one.
    public static let longHalfLife = 3 * 86_400.0
    /// And among the hours of the day.
    public static let hoursHalfLife = 10 * 86_400.0
    /// Reads of its own that outweigh the habits of the dataset.
    public static let priorReads = 48.0
    /// Reads within an hour or so that may be chance.
    static let chance = 3.0

    private static let ln2 = 0.693_147_180_559_945_3

    var short: Float = 0
    var long: Float = 0
    /// What the hours weigh together.
    var hoursWeight: Float = 0
    /// Parts of 255 of the strongest hour.
    var hours = HourShares()
    /// The moment that the sums are of, in seconds; 0 before the first read.
    var at: UInt32 = 0
    /// The first read, in seconds.
    var since: UInt32 = 0

    /// Knows of no read.
    public init() {}

    /// The last read that was noted; `nil` before the first.
    public var lastRead: Timestamp? { at == 0 ? nil : Timestamp(seconds: Int64(at)) }

    /// Notes reads.
    public mutating func read(_ count: Int, at moment: Timestamp) {
        guard count > 0 else { return }
        let second = UInt32(clamping: max(1, moment.seconds))
        if at == 0 { (at, since) = (second, second) }
        if second > at {
            let gap = Double(second - at)
            short *= Float(exp2(-gap / DemandMemory.shortHalfLife))
            long *= Float(exp2(-gap / DemandMemory.longHalfLife))
            hoursWeight *= Float(exp2(-gap / DemandMemory.hoursHalfLife))
            at = second
        }
        short += Float(count)
        long += Float(count)
        hours.add(Float(count), hour: DemandMemory.hour(moment), weight: hoursWeight)
        hoursWeight += Float(count)
    }

    /// Reads per second by the long memory, given since when the dataset's reads are noted.
    ///
    /// Reads ÷ time, as for any process of chance. With `guess`, half a read more (Jeffreys' prior): a key that nobody has read yet counts as
    /// much as the others as long as little is known, and one early read does not make it a favourite.
    func average(at now: Timestamp, noted since: Timestamp?, guess: Double = 0) -> Double {
        let known = max(3600, since.map { (now - $0).inSeconds } ?? 0)
        let unit = DemandMemory.longHalfLife / DemandMemory.ln2
        let exposure = unit * (1 - exp2(-known / DemandMemory.longHalfLife))
        let reads = at > 0 ? Double(long) * exp2(-gap(at: now) / DemandMemory.longHalfLife) : 0
        return (reads + guess) / exposure
    }

    /// Reads per second by the short memory; a read or two in an hour say nothing yet.
    func recent(at now: Timestamp) -> Double {
        guard at > 0 else { return 0 }
        let reads = Double(short) * exp2(-gap(at: now) / DemandMemory.shortHalfLife)
        return max(0, reads - DemandMemory.chance) * DemandMemory.ln2 / DemandMemory.shortHalfLife
    }

    private func gap(at now: Timestamp) -> Double { max(0, Double(now.seconds) - Double(at)) }

    /// Reads per day that are expected now.
    public func readsPerDay(at now: Timestamp, habits: HourHabits) -> Double {
        max(average(at: now, noted: habits.since), recent(at: now)) * 86_400
    }

    /// The next hour from `now` on in which clearly more reads are expected than on average, as the moment it begins.
    ///
    /// `nil` when no hour stands out.
    public func nextBusyHour(after now: Timestamp, prior: HourHabits) -> Timestamp? {
        guard at > 0 else { return nil }
        let start = now.seconds / 3600
        let forecast = DemandForecast(self, now: now, habits: prior, lead: .zero)
        return (1...24).map { start + Int64($0) }
            .first { forecast.share(Int($0 % 24)) > 1.5 / 24 }
            .map { Timestamp(seconds: $0 * 3600) }
    }

    static func hour(_ moment: Timestamp) -> Int { Int(floorDivide(moment.seconds, 3600).quotient % 24 + 24) % 24 }
}

/// What a key's readers are expected to do from some moment on.
struct DemandForecast {
    private let demand: DemandMemory
    private let habits: HourHabits
    private let now: Timestamp
    private let lead: Duration
    /// Reads per second over all hours.
    private let average: Double
    private let recent: Double
    /// What a part of 255 of an hour of its own weighs, and what the dataset's habits do.
    private let own: Double
    private let prior: Double

    init(_ demand: DemandMemory, now: Timestamp, habits: HourHabits, lead: Duration, guess: Double = 0.5) {
        (self.demand, self.habits, self.now, self.lead) = (demand, habits, now, lead)
        average = demand.average(at: now, noted: habits.since, guess: guess)
        recent = demand.recent(at: now)
        let weight = Double(demand.hoursWeight)
        let total = demand.hours.total
        guard weight > 0.01, total > 0 else {
            (own, prior) = (0, 1)
            return
        }
        own = weight / (weight + DemandMemory.priorReads) / Double(total)
        prior = DemandMemory.priorReads / (weight + DemandMemory.priorReads)
    }

    /// The share of an hour of the day in the reads of a day.
    func share(_ hour: Int) -> Double { own * Double(demand.hours[hour]) + prior * habits.share(hour) }

    /// Reads per second over all hours, or what they are of late.
    var usual: Double { max(average, recent) }

    /// The reads per second that count at a moment and within the lead after it: the usual ones, more in the key's own hours.
    ///
    /// Hours in which all keys are read more move no call from one key to another, so they are taken out.
    func weight(at moment: Timestamp) -> Double {
        let hour = DemandMemory.hour(moment)
        let soon = DemandMemory.hour(moment + lead)
        let share = soon == hour ? relative(hour) : max(relative(hour), relative(soon))
        let gap = (moment - now).inSeconds
        let fading = gap > 0 && recent > 0 ? recent * exp2(-gap / DemandMemory.shortHalfLife) : recent
        return max(average * share, fading)
    }

    private func relative(_ hour: Int) -> Double { share(hour) / max(1e-6, habits.share(hour)) }
}

/// What each hour of the day weighs, in a byte each.
struct HourShares: Sendable, Hashable {
    var low: UInt64 = 0
    var middle: UInt64 = 0
    var high: UInt64 = 0

    subscript(hour: Int) -> UInt8 {
        get {
            let word = hour < 8 ? low : hour < 16 ? middle : high
            return UInt8(truncatingIfNeeded: word >> UInt64(8 * (hour & 7)))
        }
        set {
            let shift = UInt64(8 * (hour & 7))
            let (clear, set) = (~(UInt64(0xFF) << shift), UInt64(newValue) << shift)
            if hour < 8 {
                low = low & clear | set
            } else if hour < 16 {
                middle = middle & clear | set
            } else {
                high = high & clear | set
            }
        }
    }

    /// The sum of all 24 bytes.
    var total: Int { HourShares.sum(low) + HourShares.sum(middle) + HourShares.sum(high) }

    private static func sum(_ word: UInt64) -> Int {
        let pairs = (word & 0x00FF_00FF_00FF_00FF) &+ ((word >> 8) & 0x00FF_00FF_00FF_00FF)
        return Int((pairs &* 0x0001_0001_0001_0001) >> 48)
    }

    /// Adds reads to an hour; all hours together weighed `weight` before.
    mutating func add(_ count: Float, hour: Int, weight: Float) {
        let total = Float(total)
        let scale = total > 0 && weight > 0 ? weight / total : 1
        let mine = (total > 0 ? Float(self[hour]) * scale : 0) + count
        var top = mine
        for other in 0..<24 where other != hour { top = max(top, Float(self[other]) * scale) }
        guard top > 0 else { return }
        for other in 0..<24 where other != hour {
            self[other] = UInt8((Float(self[other]) * scale / top * 255).rounded())
        }
        self[hour] = UInt8((mine / top * 255).rounded())
    }
}

/// What the keys of a dataset have in common: when they are read, and how often they change.
public struct HourHabits: Sendable, Hashable {
    /// Looks after which the rate of changes is forgotten.
    private static let looks = 20_000.0
    /// The first read of any key; `nil` before.
    public private(set) var since: Timestamp?
    /// Changes that looks at any key stand for, and the seconds between them; of late.
    private var changes = 0.0
    private var exposure = 0.0
    private var counts: [Double]
    private var shares: [Double]
    private var at: Int64 = 0

    /// Every hour alike.
    public init() {
        counts = Array(repeating: 0, count: 24)
        shares = Array(repeating: 1 / 24.0, count: 24)
    }

    /// Restores what ``encode()`` gave; `nil` for anything else.
    public init?(decoding bytes: [UInt8]) {
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Double($0) }
        guard parts.count == 28, parts.allSatisfy({ $0.isFinite && (0..<1e15).contains($0) }) else { return nil }
        self.init()
        (at, counts) = (Int64(parts[0]), Array(parts[1...24]))
        (changes, exposure) = (parts[26], parts[27])
        if parts[25] > 0 { since = Timestamp(seconds: Int64(parts[25])) }
        settle()
    }

    /// The counts, to be kept.
    public func encode() -> [UInt8] {
        var parts = [String(at)] + counts.map { String(($0 * 100).rounded() / 100) }
        parts += [String(since?.seconds ?? 0), String(changes), String(exposure)]
        return Array(parts.joined(separator: " ").utf8)
    }

    /// Notes reads of any key.
    public mutating func read(_ count: Int, at moment: Timestamp) {
        let second = moment.seconds
        if since == nil { since = moment }
        // The habits of days need no finer step than this.
        if second > at + 600 {
            let keep = at == 0 ? 1 : exp2(-Double(second - at) / DemandMemory.hoursHalfLife)
            for hour in 0..<24 { counts[hour] *= keep }
            at = second
            settle()
        }
        counts[DemandMemory.hour(moment)] += Double(count)
    }

    /// Notes a look at any key; `rate`: the changes per second that were expected of it.
    public mutating func look(changed: Bool, after interval: Duration, rate: Double) {
        let seconds = max(1, interval.inSeconds)
        let keep = 1 - 1 / HourHabits.looks
        changes = changes * keep + (changed ? ChangeEstimate.stands(rate * seconds) : 0)
        exposure = exposure * keep + seconds
    }

    /// Changes per second of an average key.
    ///
    /// - Parameter prior: What is likely before any key was looked at twice; it weighs as much as a change.
    /// - Returns: More than 0.
    public func changes(prior: Double) -> Double { (changes + 1) / (exposure + 1 / prior) }

    /// The share of an hour (0...23) in the reads of a day.
    public func share(_ hour: Int) -> Double { shares[hour] }

    /// Until a few days' reads are known, all hours count nearly alike.
    private mutating func settle() {
        let total = counts.reduce(0, +) + 240
        for hour in 0..<24 { shares[hour] = (counts[hour] + 10) / total }
    }
}
