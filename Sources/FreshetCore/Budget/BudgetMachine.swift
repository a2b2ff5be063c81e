/// Decides which calls of one source may go when, and with which key: limits, key pool, breaker, maintenance, quotas learned.
///
/// A pure value. Hold one per source in a `Mutex`, pass the monotonic time in, act on what comes back:
///
/// ```swift
/// switch machine.decide(dataset: id, priority: .high, aged: false, now: clock.monotonic()) {
/// case .go(let permit): ...            // send with permit.keyID; then headReceived, learn, finish
/// case .wait(let until, .reservation): // persist machine.reservationNeeded(...), then reservationPersisted, ask again
/// case .wait(let until, let why): ...  // ask again at `until`, or when any call of this source finishes
/// }
/// for event in machine.takeEvents() { ... }
/// ```
///
/// Ask for the most urgent work first: the machine grants in the order in which it is asked.
///
/// **Limits** hold as the server counts them, in every sliding window: see ``LimitCounter``. A critical call finds a slot within one
/// token interval although everything else saturates. **Restarts** never break them: grants go only as far as the last durable
/// snapshot covers, see ``reservationNeeded(now:wall:)``. **Headers** can only make calls slower than the declared limits: what is
/// left of a quota holds calls back, and a window of `RateLimit-Policy` is counted beside the declared ones (``LearnedWindow``).
///
/// **429** rests whoever the answer's headers name: a quota that is used up and whose number is that of one declared scope. When they
/// name nobody, the narrowest declared scope is taken: the key where keys have limits of their own, and when another key is
/// refused while the first still rests, their account (or the address). Without a limit per key the account, dataset or source
/// rests at once.
///
/// **403** without a rule parks the key, unless it works for other documents: then the document is refused, not the key.
/// See ``RefusedDocuments``.
public struct BudgetMachine: Sendable {
    /// A call that holds a permit.
    struct Grant: Sendable {
        var dataset: Int
        var key: Int
        var lane: BudgetLane
        var isProbe: Bool
        var at: Ticks
        /// The counts that it holds a slot of.
        var route: [Int]
        var wasSent = false
        var headSeen = false
        /// The snapshot that was being written when it was granted.
        var pending: UInt64?
        /// What the answer's headers asked for.
        var retryAfter: Ticks?
        /// Whose quota the answer's headers said to be used up.
        var told: Holder?
    }

    /// Who waits when upstream speaks of a quota.
    enum Holder: Sendable { case key, account, dataset, source }

    let source: SourceConfig
    let bootID: String
    /// The declared datasets; one more place stands for every path that no dataset declares.
    let datasets: [DatasetID]
    private let datasetIndex: [DatasetID: Int]
    let accounts: [String]
    /// By dataset: who waits for a quota.
    let holders: [Holder]
    /// By dataset: who waits when a second key is refused while the first still rests.
    let widerHolders: [Holder?]
    /// By dataset: the counts of scope ip and endpoint.
    var sharedRoutes: [[Int]]
    /// By dataset, then key: the counts of scope key and account.
    var keyRoutes: [[[Int]]]

    var counters: [LimitCounter]
    /// Windows that upstream told of; each has a counter.
    var learned: [LearnedWindow] = []
    /// Counters of windows that are forgotten, to be used again.
    var spare: Set<Int> = []
    /// Documents that were refused with 403, and with which key.
    var refusedDocuments = RefusedDocuments()
    var keys: [KeySlot]
    var accountHolds: [QuotaHold]
    var datasetHolds: [QuotaHold]
    var sourceHold = QuotaHold()
    var gate: SourceGate
    var grants: [UInt64: Grant] = [:]
    var grantCount: UInt64 = 0
    var events: [BudgetEvent] = []
    /// Something other than counts changed since the last snapshot.
    var isDirty = false
    var lastToken: UInt64 = 0
    var pendingToken: UInt64?

    /// Creates the budget of one source.
    ///
    /// - Parameters:
    ///   - source: Its limits, keys, reserve, breaker, maintenance and concurrency.
    ///   - datasets: Its datasets; calls for any other one share one endpoint.
    ///   - restored: What the store has kept.
    ///   - bootID: Names the boot of this machine, such as `/proc/sys/kernel/random/boot_id`: monotonic times of another one are
    ///     worth nothing. Empty when unknown; then every restart counts as one of the machine.
    ///   - now: The monotonic clock, counted from boot.
    ///   - wall: The wall clock.
    public init(
        source: SourceConfig, datasets: [DatasetID], restored: BudgetRestore, bootID: String, now: Duration,
        wall: Timestamp
    ) {
        let layout = BudgetLayout(source: source, datasets: datasets, now: Ticks(now))
        self.source = source
        self.bootID = bootID
        self.datasets = datasets
        datasetIndex = Dictionary(zip(datasets, datasets.indices), uniquingKeysWith: { first, _ in first })
        accounts = layout.accounts
        holders = layout.holders
        widerHolders = layout.widerHolders
        sharedRoutes = layout.sharedRoutes
        keyRoutes = layout.keyRoutes
        counters = layout.counters
        keys = layout.keys
        accountHolds = Array(repeating: QuotaHold(), count: layout.accounts.count)
        datasetHolds = Array(repeating: QuotaHold(), count: datasets.count + 1)
        gate = SourceGate(source: source)
        restore(restored, now: Ticks(now), wall: wall)
    }

    /// Decides about one call, and takes its slots when it may go.
    ///
    /// - Parameters:
    ///   - dataset: What is asked for; one that was not declared shares the endpoint count of all others.
    ///   - priority: How soon it is wanted.
    ///   - aged: Whether it has waited so long that the reserve is open to it whatever its priority.
    ///   - keyID: The only key to use, parked or disabled or not: a person tests it.
    ///   - allowed: The ids of the keys that may be used for what is asked; `nil` means every key.
    ///   - now: The monotonic clock.
    /// - Returns: A permit, or until when to wait and why.
    public mutating func decide(
        dataset: DatasetID, priority: Priority, aged: Bool, keyID: String? = nil, allowed: [String]? = nil,
        now: Duration
    ) -> BudgetDecision {
        let (place, lane, time) = (index(of: dataset), BudgetLane(priority: priority, aged: aged), Ticks(now))
        advance(now: time)
        for counter in sharedRoutes[place] { counters[counter].purge(now: time) }
        for route in keyRoutes[place] { for counter in route { counters[counter].purge(now: time) } }
        let only = keyID.map { id in keys.firstIndex { $0.id == id } ?? keys.count }
        switch evaluate(place, lane, only: only, allowed: allowed, now: time) {
        case .wait(let until, let block): return .wait(until: until.duration, block)
        case .unreserved(let key):
            want(place, key)
            return .wait(until: now, .reservation)
        case .go(let key, let freest):
            if freest != key { want(place, freest) }
            let isProbe = gate.probes
            if isProbe { gate.probed(now: time) }
            grantCount += 1
            let route = route(place, key)
            grants[grantCount] = Grant(
                dataset: place, key: key, lane: lane, isProbe: isProbe, at: time, route: route, pending: pendingToken)
            for counter in route { counters[counter].grant(lane, now: time) }
            withHolds(place, key) { $0.spend() }
            keys[key].inFlight += 1
            keys[key].granted += 1
            keys[key].lastGrant = grantCount
            return .go(
                BudgetPermit(
                    id: grantCount, keyID: keys[key].id, dataset: dataset, priority: priority, isProbe: isProbe,
                    grantedAt: now))
        }
    }

    /// Tells why a call would have to wait, and until when, without taking anything; `nil` when it would go now.
    public func peek(
        dataset: DatasetID, priority: Priority, aged: Bool = false, now: Duration
    ) -> (until: Duration, block: BudgetBlock)? {
        switch evaluate(index(of: dataset), BudgetLane(priority: priority, aged: aged), now: Ticks(now)) {
        case .go: nil
        case .unreserved: (now, .reservation)
        case .wait(let until, let block): (until.duration, block)
        }
    }

    /// Hands over the changes of state since it was last called, oldest first; call it after every mutating call.
    public mutating func takeEvents() -> [BudgetEvent] {
        defer { events = [] }
        return events
    }

    func index(of dataset: DatasetID) -> Int { datasetIndex[dataset] ?? datasets.count }

    /// Asks for a reservation where a call with this key lacks one.
    private mutating func want(_ dataset: Int, _ key: Int) {
        for counter in route(dataset, key) where counters[counter].reservation.left <= 0 {
            counters[counter].reservation.want()
        }
    }

    /// The counts that a call belongs to.
    func route(_ dataset: Int, _ key: Int) -> [Int] { sharedRoutes[dataset] + keyRoutes[dataset][key] }

    /// What time alone changes: stops end, parked keys return, windows that upstream speaks of no more are forgotten.
    private mutating func advance(now: Ticks) {
        if !learned.isEmpty { forgetWindows(now: now) }
        if let event = gate.advance(now: now) { note(event) }
        for index in keys.indices {
            if case .parked(let until, _) = keys[index].state, until <= now {
                keys[index].state = .active
                note(.keyReturned(keyID: keys[index].id))
            }
        }
    }

    mutating func note(_ event: BudgetEvent) {
        events.append(event)
        isDirty = true
    }
}
