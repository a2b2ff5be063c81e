public import FreshetCore

/// What a simulated mirror has to bear: keys, readers, and documents that change.
public struct SimulationLoad: Sendable {
    /// Where reads come from.
    public enum Reads: Sendable {
        /// So many reads in all on an average day; the key of rank n is read in proportion to 1 / nˢ.
        case generated(perDay: Double, zipf: Double)
        /// Reads as they were counted: microseconds from the start, the number of the key, how many; in order of time.
        case recorded([(at: Int64, key: Int32, count: Int32)])
    }

    /// Keys whose documents change alike.
    public struct Group: Sendable {
        /// The share of keys, 0...1.
        public var share: Double
        /// The mean time between changes; they come by chance (a Poisson process).
        public var changes: Duration
        /// The class whose `when` its documents fulfil; `nil` for none.
        public var kind: String?

        /// Creates a group.
        public init(share: Double, changes: Duration, kind: String? = nil) {
            (self.share, self.changes, self.kind) = (share, changes, kind)
        }
    }

    /// How many documents there are.
    public var keys: Int
    /// Where reads come from.
    public var reads: Reads
    /// What each hour of the day (UTC) weighs in generated reads; 24 numbers.
    public var hours = Array(repeating: 1.0, count: 24)
    /// The share of a key's generated reads that fall into two hours of the day which are its own, 0...1.
    public var habit = 0.0
    /// Keys whose documents change alike; the shares should add up to 1.
    public var groups = [Group(share: 1, changes: .seconds(86_400))]
    /// By key, the moments at which its document changed: microseconds from the start, in order of time; `nil` lets chance decide.
    public var changes: [[Int64]]?
    /// How long it is simulated without counting, so that the policy knows the keys.
    public var warmUp = Duration.seconds(86_400)
    /// How long it is counted.
    public var length = Duration.seconds(86_400)
    /// How long a call takes.
    public var callTime = Duration.milliseconds(80)
    /// The moment at which it begins.
    public var start = Timestamp(seconds: 1_767_225_600)
    /// Whether nothing is held at the start; else every key was refreshed at some time within the last interval of its class.
    public var isEmpty = false
    /// The same number gives the same load.
    public var seed: UInt64 = 1

    /// Creates a load.
    public init(keys: Int, reads: Reads) { (self.keys, self.reads) = (keys, reads) }
}

/// What became of a simulated load, by strategy.
public struct SimulationResult: Sendable {
    /// One strategy.
    public struct Line: Sendable {
        /// Its name.
        public var strategy: String
        /// Ages when read, calls, change hits.
        public var meter = FreshnessMeter()
        /// For how long what was read had been wrong; 0 for reads of what was right.
        public var behind = FreshnessMeter()
        /// Reads of what was not right any more.
        public var wrong = 0

        /// Creates an empty line.
        public init(strategy: String) { self.strategy = strategy }
    }

    /// By strategy, in the order of the configuration.
    public var lines: [Line]
    /// What a call had to save at the end, in reader-seconds.
    public var price = 0.0
    /// Refreshes in the line at the end.
    public var waiting = 0

    /// All strategies together.
    public var total: Line {
        var sum = Line(strategy: "all")
        for line in lines {
            sum.meter.add(line.meter)
            sum.behind.add(line.behind)
            sum.wrong += line.wrong
        }
        return sum
    }
}

/// Random numbers that are the same for the same seed (SplitMix64 by Sebastiano Vigna, in the public domain).
struct SimulationRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 ..< 1.
    mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}
