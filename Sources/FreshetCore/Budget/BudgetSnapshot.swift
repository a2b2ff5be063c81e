/// What a store keeps of a budget, so that a restart goes on where the process ended.
///
/// A snapshot covers more than it counts: it also promises room for grants that are made after it was taken. A restart from it
/// after a crash takes that room for used.
public struct BudgetSnapshot: Sendable, Hashable {
    struct Counter: Sendable, Hashable {
        var scope: LimitConfig.Scope
        var member: String
        /// The datasets of the limit, sorted; empty for all.
        var filter: [String]
        var per: Ticks
        var entries: [SlidingLog.Entry]
        var inFlight: Int
        var reserved: Int
        var due: Ticks
    }

    struct Hold: Sendable, Hashable {
        enum Owner: UInt8, Sendable { case source, account, dataset, key }
        var owner: Owner
        var name: String
        var until: Ticks
        var quotas: [LearnedQuota]
    }

    /// A window that upstream told of.
    struct Learned: Sendable, Hashable {
        var owner: Hold.Owner
        /// Whose calls it counts.
        var name: String
        var policy: String
        var calls: Int
        var heardAt: Ticks
        /// The datasets whose answers told of it.
        var places: [String]
        var counter: Counter
    }

    struct Park: Sendable, Hashable {
        var keyID: String
        var until: Ticks
        var reason: String
    }

    /// Rises with every snapshot of one machine.
    public let token: UInt64
    /// Names the boot whose monotonic clock is meant.
    public let bootID: String
    /// When it was taken, on the monotonic clock.
    public var monotonic: Duration { taken.duration }
    /// When it was taken, on the wall clock.
    public let wall: Timestamp
    /// Whether it is the last word of a process that ended in order.
    public let isClean: Bool

    let taken: Ticks
    var counters: [Counter] = []
    var holds: [Hold] = []
    var parks: [Park] = []
    var learned: [Learned] = []
    var gate = SourceGate.State.passing(failures: 0)

    init(token: UInt64, bootID: String, taken: Ticks, wall: Timestamp, isClean: Bool) {
        self.token = token
        self.bootID = bootID
        self.taken = taken
        self.wall = wall
        self.isClean = isClean
    }
}

extension BudgetSnapshot.Hold.Owner {
    init(_ holder: BudgetMachine.Holder) {
        switch holder {
        case .key: self = .key
        case .account: self = .account
        case .dataset: self = .dataset
        case .source: self = .source
        }
    }

    var holder: BudgetMachine.Holder {
        switch self {
        case .key: .key
        case .account: .account
        case .dataset: .dataset
        case .source: .source
        }
    }
}

/// What is known of a source's budget when a process starts.
public enum BudgetRestore: Sendable, Hashable {
    /// The source was never used from this data directory.
    case fresh
    /// Something was kept and cannot be read: every window counts as full.
    case unreadable
    /// The last durable snapshot.
    case snapshot(BudgetSnapshot)

    /// Reads what the store has kept; `nil` when it has kept nothing.
    public init(stored bytes: [UInt8]?) {
        guard let bytes else {
            self = .fresh
            return
        }
        self = BudgetSnapshot(decoding: bytes).map { .snapshot($0) } ?? .unreadable
    }
}
