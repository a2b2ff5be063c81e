public import FreshetCore
import Synchronization

/// A coordinator in memory, for one process and for tests: what the engines of one process share.
///
/// Each engine holds a member of its own (``another()``), as each process would hold a connection of its own.
public final class MemoryCoordinator: Coordinator {
    private let hub: MemoryHub
    private let memoryLine: MemoryLine
    private let gate: MemoryGate

    /// Creates a coordinator whose line was never begun.
    ///
    /// `clock`: time from any origin, for limits and flights; the machine's when left out.
    public convenience init(clock: @escaping @Sendable () -> Duration = MemoryLimits.machineTime) {
        self.init(hub: MemoryHub(clock: clock))
    }

    private init(hub: MemoryHub) {
        self.hub = hub
        gate = MemoryGate()
        memoryLine = MemoryLine(hub: hub, gate: gate)
    }

    /// Another member of the same deployment, with an epoch of its own to go by.
    public func another() -> MemoryCoordinator { MemoryCoordinator(hub: hub) }

    /// Loses everything, as a server does that was emptied: the line is gone until it is begun again.
    public func loseEverything() { hub.state.withLock { $0 = MemoryHub.State() } }

    /// The line of unfinished jobs.
    public var line: any JobLine { memoryLine }

    /// Limits that all members share.
    public var limits: any SharedLimits { hub.limits }

    /// Tells every member, this one included, that there is news of a kind.
    public func ring(_ news: News) {
        guard !gate.isClosed else { return }
        hub.board.put(news)
    }

    /// The rings from now on, in order; those that come while nobody takes them are one of each kind.
    public func rings() -> AsyncStream<News> { hub.board.stream() }

    /// Begins a flight that at most one member may have under way; the holder of one prolongs it.
    public func beginFlight(_ name: String, holder: String, for span: Duration) async throws(StoreError) -> Bool {
        try gate.check()
        let now = hub.clock()
        return hub.state.withLock { state in
            if let flight = state.flights[name], flight.holder != holder, flight.until > now { return false }
            state.flights[name] = (holder, now + span)
            return true
        }
    }

    /// Ends a flight of this member.
    public func endFlight(_ name: String, holder: String) async throws(StoreError) {
        try gate.check()
        hub.state.withLock { state in
            if state.flights[name]?.holder == holder { state.flights[name] = nil }
        }
    }

    /// Asks whether it answers.
    public func ping() async throws(StoreError) -> Duration {
        try gate.check()
        return .zero
    }

    /// Leaves; later calls of this member throw.
    public func close() async { gate.close() }
}

/// What all members share.
final class MemoryHub: Sendable {
    struct State {
        var epoch: String?
        var shelf = JobShelf(clock: MemoryStore.wallMicroseconds)
        /// Jobs that a store numbered: they leave the line when they end.
        var foreign: Set<Int64> = []
        var flights: [String: (holder: String, until: Duration)] = [:]
    }

    let clock: @Sendable () -> Duration
    let limits: MemoryLimits
    let board = NewsBoard()
    let state = Mutex(State())

    init(clock: @escaping @Sendable () -> Duration) {
        self.clock = clock
        limits = MemoryLimits(clock: clock)
    }
}

/// Whether a member is still one, and the epoch it goes by.
final class MemoryGate: Sendable {
    private let state = Mutex((isClosed: false, epoch: String?.none))

    var isClosed: Bool { state.withLock { $0.isClosed } }

    var epoch: String? {
        get { state.withLock { $0.epoch } }
        set { state.withLock { $0.epoch = newValue } }
    }

    func close() { state.withLock { $0.isClosed = true } }

    func check() throws(StoreError) { if isClosed { throw .unavailable("the coordinator is closed") } }
}
