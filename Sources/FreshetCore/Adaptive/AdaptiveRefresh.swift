/// How keys are refreshed by what is known of them: their state, their readers, how often they change.
///
/// The classes are the frame; demand and change rate move a key inside it. See ``RefreshPolicy``.
public struct AdaptiveRefresh: Sendable, Hashable {
    /// The most classes, for each has a bit in what is remembered of a key.
    public static let mostClasses = 32

    /// Most urgent first, at least one; a key belongs to the first that applies, else to the last.
    public var classes: [RefreshClass]
    /// JSONPaths of moments at which a document is looked at again.
    public var lookAt: [String] = []
    /// How old a document may be when it is read; `nil` declares nothing.
    public var target: Duration?
    /// The share of reads that should find the target kept, 0...1; less is shown as a warning.
    public var targetShare = 0.95
    /// Ways of deciding that are compared, each on its share of the keys; empty means adaptive for all.
    public var strategies: [RefreshStrategy] = []
    /// Spans of time that classes may name.
    public var calendar: [CalendarWindow] = []
    /// How long before the hour in which its readers usually come a key is refreshed; less than an hour.
    public var lead = Duration.seconds(600)
    /// Keys nobody has read for so long are left alone; `nil` refreshes all.
    public var trackedFor: Duration?

    /// Creates a policy.
    ///
    /// - Parameter classes: Most urgent first; at least one.
    public init(classes: [RefreshClass]) { self.classes = classes }

    /// The strategy of a key; all processes agree on it.
    public func strategy(of key: String) -> RefreshStrategy {
        guard let last = strategies.last else { return .adaptive }
        // FNV-1a with a final mix: the low bits of similar keys must differ.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 31)) &* 0x94D0_49BB_1331_11EB
        var place = Double(hash >> 11) / Double(1 << 53)
        for strategy in strategies {
            if place < strategy.share { return strategy }
            place -= strategy.share
        }
        return last
    }
}

/// A kind of key, told by what its document says and by who reads it.
public struct RefreshClass: Sendable, Hashable {
    /// Something that a document says.
    public struct Condition: Sendable, Hashable {
        /// Where, as a JSONPath.
        public var path: String
        /// Any of these texts; numbers and booleans as they are written.
        public var values: [String]

        /// Creates a condition.
        public init(path: String, values: [String]) { (self.path, self.values) = (path, values) }
    }

    /// A short name, shown by `why`.
    public var name: String
    /// All of these hold; empty asks nothing.
    public var when: [Condition] = []
    /// It was read within this time.
    public var readWithin: Duration?
    /// It changed within this time.
    public var changedWithin: Duration?
    /// A window of the calendar is open.
    public var during: String?
    /// How urgent its refreshes are.
    public var priority: Priority
    /// The interval of a key that is read and changes about once in it.
    public var every: Duration
    /// The shortest interval; a quarter of ``every`` unless set.
    public var least: Duration
    /// The interval after which a key counts more while calls are scarce; four times ``every`` unless set.
    public var most: Duration
    /// How old it may be when it is read; the dataset's unless set.
    public var target: Duration?

    /// Creates a class that every key belongs to.
    public init(
        name: String, priority: Priority, every: Duration, least: Duration? = nil, most: Duration? = nil,
        when: [Condition] = [], readWithin: Duration? = nil, changedWithin: Duration? = nil, target: Duration? = nil
    ) {
        self.name = name
        self.priority = priority
        self.every = every
        self.least = least ?? every / 4
        self.most = most ?? every * 4
        self.when = when
        self.readWithin = readWithin
        self.changedWithin = changedWithin
        self.target = target
    }
}

/// One of the ways of deciding that are compared.
public struct RefreshStrategy: Sendable, Hashable {
    /// How the interval of a key is found.
    public enum Kind: String, Sendable, CaseIterable {
        /// By demand, change rate and what calls are worth.
        case adaptive
        /// The `every` of its class, or that of the strategy.
        case fixed
    }

    /// A short name of letters, digits and `_`.
    public var name: String
    /// The share of keys, 0...1.
    public var share: Double
    /// How the interval of a key is found.
    public var kind: Kind
    /// With ``Kind/fixed``: one interval for all classes.
    public var every: Duration?

    /// Creates a strategy.
    public init(name: String, share: Double = 1, kind: Kind = .adaptive, every: Duration? = nil) {
        (self.name, self.share, self.kind, self.every) = (name, share, kind, every)
    }

    /// What counts when nothing is compared.
    public static let adaptive = RefreshStrategy(name: "adaptive")
}

/// Spans of time that come again and again: the days of a season, a weekly event.
public struct CalendarWindow: Sendable, Hashable {
    /// The name that classes use.
    public var name: String
    /// When it opens, as a cron expression in UTC.
    public let opens: String
    /// How long it stays open.
    public var length: Duration
    private let expression: CronExpression

    /// Creates a window.
    ///
    /// - Throws: ``CronError`` when `opens` is no cron expression.
    public init(name: String, opens: String, length: Duration) throws(CronError) {
        expression = try CronExpression(opens)
        (self.name, self.opens, self.length) = (name, opens, length)
    }

    /// Whether it is open at a moment.
    public func isOpen(at moment: Timestamp) -> Bool {
        expression.next(after: moment - length, zone: UTCRules()).map { $0 <= moment } ?? false
    }

    /// When it opens next.
    public func nextOpening(after moment: Timestamp) -> Timestamp? {
        expression.next(after: moment, zone: UTCRules())
    }
}
