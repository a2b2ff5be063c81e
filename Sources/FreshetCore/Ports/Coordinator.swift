/// What the processes of one deployment share besides their store: the line of ready jobs, limits, news, flights.
///
/// Nothing in it is the only copy of anything: the store holds the truth, and a coordinator that loses everything loses no
/// work. Calls throw ``StoreError/unavailable(_:)`` when it cannot be reached. Every conformer runs `CoordinatorContract`.
public protocol Coordinator: Sendable {
    /// The line of unfinished jobs.
    var line: any JobLine { get }

    /// Limits that all processes share.
    var limits: any SharedLimits { get }

    /// Tells every process, this one included, that there is news of a kind; never waits and never fails.
    ///
    /// A ring can be lost: whoever listens looks by itself now and then, too.
    func ring(_ news: News)

    /// The rings from now on, in order; those that come while nobody takes them are one of each kind.
    func rings() -> AsyncStream<News>

    /// Begins a flight that at most one process may have under way; `false` when another has.
    ///
    /// `name` says what it is about; it ends by itself after `span`.
    func beginFlight(_ name: String, holder: String, for span: Duration) async throws(StoreError) -> Bool

    /// Ends a flight of this process.
    func endFlight(_ name: String, holder: String) async throws(StoreError)

    /// Asks whether it answers.
    ///
    /// - Returns: How long the answer took.
    func ping() async throws(StoreError) -> Duration

    /// Closes every connection; later calls throw.
    func close() async
}

/// What there can be news of.
public enum News: String, Sendable, Hashable, CaseIterable {
    /// Documents were written, events with them.
    case documents
    /// Jobs were added, or may run now.
    case jobs
    /// The conditions of a source changed: keys, breaker, maintenance.
    case sources
}

/// The line of unfinished jobs in front of a store: who may take which next, and who holds which.
///
/// It is a ``JobStore`` of its own, numbers included, when it stands alone. In front of a ``ClusterStore`` the store gives the
/// numbers, keeps the finished and dead jobs, and can fill the line anew.
public protocol JobLine: JobStore {
    /// What the line was last begun with; `nil` when it was never begun, or has lost everything since.
    func epoch() async throws(StoreError) -> String?

    /// Empties the line and begins it anew; every call of a process that goes by another epoch throws from now on.
    func begin(epoch: String) async throws(StoreError)

    /// Goes by an epoch: calls throw ``StoreError/unavailable(_:)`` while the line has another one, or none.
    func follow(epoch: String)

    /// Puts jobs in with their numbers, as they stand; a number that is there already stays as it is.
    ///
    /// Ready and waiting jobs only; a leased one counts as ready.
    func seed(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError)

    /// Repeats wishes that the store has numbered: a new job is added, one that is there becomes as urgent as is wished.
    func add(_ wishes: [(result: EnqueueResult, request: EnqueueRequest)], now: Timestamp) async throws(StoreError)

    /// Takes jobs out, whoever holds them.
    func remove(_ ids: [Int64]) async throws(StoreError)
}

/// Counts calls for all processes at once.
///
/// A call holds a slot of every count from ``take(_:call:hold:)`` until `per` after ``settle(_:)``, because the server counts it
/// at some moment between.
public protocol SharedLimits: Sendable {
    /// Takes a slot of every count, or of none.
    ///
    /// - Parameters:
    ///   - counts: All the counts that the call falls under.
    ///   - call: Names the call, unique among all processes.
    ///   - hold: How long the slots are held when nobody settles: the longest that the call can take, and `per` on top.
    /// - Returns: Whether it was granted, or how long to wait for the slot that comes last.
    /// - Throws: ``StoreError/unavailable(_:)``; slots may have been taken then, and come back after `hold`.
    func take(_ counts: [SharedCount], call: String, hold: Duration) async throws(StoreError) -> SharedGrant

    /// Says that the server has counted calls by now: their slots come back `per` from now.
    func settle(_ calls: [SharedCall]) async throws(StoreError)

    /// Gives back the slots of calls that were never sent.
    func refund(_ calls: [SharedCall]) async throws(StoreError)

    /// Counts calls that this process made while the counts were kept in another place.
    ///
    /// `slots` of each count come back `after` so long.
    func adopt(_ calls: [(count: SharedCount, slots: Int, after: Duration)]) async throws(StoreError)

    /// How many slots of each count are held now.
    func used(_ counts: [SharedCount]) async throws(StoreError) -> [Int]
}

/// One count of one limit, as all processes know it.
public struct SharedCount: Sendable, Hashable {
    /// The same in every process: source, scope, who, calls, window.
    public var name: String
    /// The window.
    public var per: Duration
    /// The most that calls of this urgency may occupy, at least 1.
    public var capacity: Int
    /// The time between calls at an even pace (generic cell rate algorithm, ITU-T I.371).
    public var interval: Duration
    /// How far a call may run ahead of the even pace.
    public var tolerance: Duration

    /// Creates a count.
    public init(name: String, per: Duration, capacity: Int, interval: Duration, tolerance: Duration) {
        self.name = name
        self.per = per
        self.capacity = capacity
        self.interval = interval
        self.tolerance = tolerance
    }
}

/// A call that holds slots.
public struct SharedCall: Sendable, Hashable {
    /// As it was named when it took them.
    public var call: String
    /// The counts.
    public var counts: [SharedCount]

    /// Creates a call.
    public init(call: String, counts: [SharedCount]) { (self.call, self.counts) = (call, counts) }
}

/// What came of asking for slots.
public enum SharedGrant: Sendable, Hashable {
    /// The call may go now.
    case granted
    /// Not yet: ask again after so long; `count` is the one that is used up.
    case wait(Duration, count: String)
}
