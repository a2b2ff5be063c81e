import FreshetCore
import Logging
import Synchronization

/// Which datasets of a source may have calls now.
struct Admission: Sendable {
    /// For each dataset with budget, the least urgent priority that may go.
    var admitted: [DatasetID: Priority] = [:]
    /// When a dataset that has none gets budget, on the monotonic clock; `nil` when all have it or only a finished call helps.
    var retryAt: Duration?
    /// No limit is declared: calls go as fast as they are answered.
    var isUnlimited = false
}

/// Holds the budget of one source: decides under a lock, makes reservations durable, tells of changes.
final class SourceGovernor: Sendable {
    let source: SourceConfig
    private let context: EngineContext
    private let credentials: [String: Credential]
    private let state: Mutex<State>

    private struct State {
        var machine: BudgetMachine
        /// Whether what the store has kept was taken over: no call goes before that.
        var isRestored = false
        var permits: [UInt64: BudgetPermit] = [:]
        /// The slots that calls hold in the limits of all processes, until the server has counted them.
        var slots: [UInt64: SharedCall] = [:]
        var onChange: (@Sendable () -> Void)?
        var lastSuccess: Timestamp?
        var lastFailure: FailureNote?
        var attempts: [DatasetID: DatasetAttempts] = [:]
    }

    init(source: SourceConfig, context: EngineContext) {
        self.source = source
        self.context = context
        let keys = source.auth.keys.isEmpty ? [Credential.anonymous] : source.auth.keys
        credentials = Dictionary(keys.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        state = Mutex(State(machine: SourceGovernor.machine(source, context, .fresh)))
    }

    private static func machine(
        _ source: SourceConfig, _ context: EngineContext, _ restored: BudgetRestore
    ) -> BudgetMachine {
        BudgetMachine(
            source: source, datasets: context.configuration.datasets.map(\.id).filter { $0.source == source.name },
            restored: restored, bootID: SystemClock.bootID(), now: context.clock.monotonic(), wall: context.clock.now())
    }

    private var stateName: String { "budget/\(source.name)" }

    /// Goes on from what the store has kept; a second time does nothing.
    ///
    /// No call goes before: a command on its own, without workers, must not forget what was used before it.
    func restore() async throws(StoreError) {
        guard !state.withLock({ $0.isRestored }) else { return }
        // Among several processes the shared counts remember, and every process would write under the same name.
        if context.cluster != nil { return state.withLock { $0.isRestored = true } }
        let restored = BudgetRestore(stored: try await context.store.value(stateName))
        if restored == .unreadable {
            context.logger.warning(
                "the kept budget of \(source.name) cannot be read; every window counts as full until it has passed",
                metadata: ["source": "\(source.name)"])
        }
        let machine = SourceGovernor.machine(source, context, restored)
        state.withLock { state in
            // Two may have read it at once; calls may go since the first was done.
            guard !state.isRestored else { return }
            (state.machine, state.isRestored) = (machine, true)
        }
    }

    /// Called when a call ends or a key changes: more may be possible than before.
    func onChange(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onChange = body } }

    // MARK: Asking

    /// Which of these datasets may have calls now.
    func admission(of datasets: [DatasetID], aged: Bool) async -> Admission {
        for _ in 0..<8 {
            let now = context.clock.monotonic()
            let (admission, unreserved) = state.withLock { state -> (Admission, (DatasetID, Priority)?) in
                var admission = Admission(isUnlimited: state.machine.isUnlimited)
                for dataset in datasets {
                    var open: Priority?
                    for priority in [Priority.low, .high, .critical] {
                        guard let block = state.machine.peek(dataset: dataset, priority: priority, aged: aged, now: now)
                        else {
                            open = priority
                            break
                        }
                        if block.block == .reservation { return (admission, (dataset, priority)) }
                        if priority == .critical || priority == .low {
                            admission.retryAt = min(admission.retryAt ?? block.until, block.until)
                        }
                    }
                    if let open { admission.admitted[dataset] = open }
                }
                return (admission, nil)
            }
            guard let (dataset, priority) = unreserved else { return admission }
            // Deciding notes which counts want a reservation; it grants nothing without one. At another priority another
            // key might go, and this one would never be reserved.
            if case .go(let permit) = decide(dataset, priority, aged: aged) { giveBack(permit) }
            if await !persistReservation() { return Admission(retryAt: now + .milliseconds(200)) }
        }
        return Admission(retryAt: context.clock.monotonic() + .milliseconds(5))
    }

    /// A permit if the budget allows one call at this moment, with one of the `allowed` keys where that is said.
    func tryAcquire(dataset: DatasetID?, priority: Priority, aged: Bool, allowed: [String]?) -> CallPermit? {
        let decision = decide(dataset ?? undeclared, priority, aged: aged, allowed: allowed)
        if case .go(let permit) = decision { return permitted(permit) }
        return nil
    }

    /// The ids of the keys that may be used for a document; `nil` means every key of the source.
    func keyIDs(for document: DocumentID) -> [String]? {
        context.configuration.dataset(document.dataset)?.keyIDs(forKey: document.key)
    }

    /// Waits until the budget allows one call, at most `patience`.
    ///
    /// `keyID`: only with this key, parked or not; `allowed`: only with one of these.
    func acquire(
        dataset: DatasetID?, priority: Priority, aged: Bool, keyID: String? = nil, allowed: [String]? = nil,
        patience: Duration
    ) async throws(PermitDenied) -> CallPermit {
        do {
            try await restore()
        } catch {
            context.storeFailed(error, while: "reading the budget of \(source.name)", metadata: [:])
            throw PermitDenied(
                kind: "store", message: "the budget cannot be read, so no call is sent; Freshet tries again",
                until: context.clock.monotonic() + StoreHealth.pause)
        }
        let giveUpAt = context.clock.monotonic() + patience
        while true {
            let decision = decide(dataset ?? undeclared, priority, aged: aged, keyID: keyID, allowed: allowed)
            guard case .wait(let until, let block) = decision else {
                guard case .go(let permit) = decision else { continue }
                guard let wait = try await slotWait(permit) else { return permitted(permit) }
                let look = context.clock.monotonic() + wait.span
                guard look <= giveUpAt, !Task.isCancelled else {
                    throw PermitDenied(
                        kind: "quota", message: "\(source.name): other processes use up \(wait.count)", until: look)
                }
                try? await context.clock.sleep(untilMonotonic: look)
                continue
            }
            let now = context.clock.monotonic()
            if block == .reservation {
                if await persistReservation() { continue }
                throw PermitDenied(
                    kind: "store", message: "the budget cannot be recorded, so no call is sent; Freshet tries again",
                    until: now + StoreHealth.pause)
            }
            // The end of another call is not on any clock: look again soon.
            var look = until
            if case .concurrency = block { look = now + .milliseconds(5) }
            guard look <= giveUpAt, !Task.isCancelled else {
                throw PermitDenied(kind: BlockWords.kind(block), message: "\(source.name): \(block)", until: until)
            }
            try? await context.clock.sleep(untilMonotonic: look)
        }
    }

    /// Why a call would have to wait now.
    func block(dataset: DatasetID, priority: Priority) -> (until: Duration, block: BudgetBlock)? {
        let now = context.clock.monotonic()
        return state.withLock { $0.machine.peek(dataset: dataset, priority: priority, now: now) }
    }

    /// When the source takes calls again when it takes none now for longer than pacing; `nil` when it does take calls.
    func sourceReturns(dataset: DatasetID, priority: Priority) -> Duration? {
        guard let (until, block) = block(dataset: dataset, priority: priority) else { return nil }
        switch block {
        case .pacing, .concurrency, .reservation, .reserved, .windowFull: return nil
        case .allKeysParked, .allKeysDisabled, .breakerOpen, .maintenance, .stopped, .learnedQuota: return until
        }
    }

    // MARK: Reporting

    func headReceived(_ permit: CallPermit, status: Int, headers: [(name: String, value: String)]) {
        let (now, wall) = (context.clock.monotonic(), context.clock.now())
        let keyID = mutate { state -> String? in
            guard let budgetPermit = state.permits[permit.id] else { return nil }
            state.machine.headReceived(budgetPermit, now: now)
            state.machine.learn(headers, budgetPermit, now: now, wall: wall)
            return budgetPermit.keyID
        }
        if let call = takeSlots(of: permit.id) { context.slots?.settle(call) }
        context.metrics.increment(
            "freshet_upstream_requests_total",
            [("source", source.name), ("key_id", keyID ?? "none"), ("outcome", "\(status)")])
    }

    /// Ends a call; `document` is what it asked for, when it was one.
    ///
    /// - Returns: The failure as it is to be treated.
    func finish(_ permit: CallPermit, failure: CallFailure?, about document: DocumentID?) -> CallFailure? {
        let now = context.clock.monotonic()
        let judged = mutate { state -> CallFailure? in
            guard let budgetPermit = state.permits.removeValue(forKey: permit.id) else { return failure }
            return state.machine.finish(
                budgetPermit, failure.map { .failure($0) } ?? .success, about: document, now: now)
        }
        // Without an answer the call may still be on its way to the server.
        if let call = takeSlots(of: permit.id) { context.slots?.settle(call, after: SourceGovernor.slotGrace) }
        if let failure, failure.status == nil {
            context.metrics.increment(
                "freshet_upstream_requests_total",
                [("source", source.name), ("key_id", permit.credential.id), ("outcome", failure.kind)])
        }
        changed()
        return judged
    }

    /// Notes how the last attempt on a document went, for `status`.
    func noteAttempt(on dataset: DatasetID, failure: FailureNote?, at: Timestamp) {
        state.withLock { state in
            if let failure {
                state.lastFailure = failure
                state.attempts[dataset, default: DatasetAttempts()].lastFailure = failure
            } else {
                state.lastSuccess = at
                state.attempts[dataset, default: DatasetAttempts()].lastSuccess = at
            }
        }
    }

    /// How the last attempts went, by dataset.
    var attempts: [DatasetID: DatasetAttempts] { state.withLock { $0.attempts } }

    /// Parks a key, or returns it to service; `false` when there is no such key.
    func setKey(_ keyID: String, parkedFor: Duration?, reason: String) -> Bool {
        let now = context.clock.monotonic()
        let found = mutate { state in
            parkedFor.map { state.machine.park(keyID: keyID, until: now + $0, reason: reason) }
                ?? state.machine.unpark(keyID: keyID)
        }
        changed()
        return found
    }

    /// The budget, and how the last attempts went.
    func look() -> (budget: BudgetStatus, lastSuccess: Timestamp?, lastFailure: FailureNote?) {
        let now = context.clock.monotonic()
        return state.withLock { ($0.machine.status(now: now), $0.lastSuccess, $0.lastFailure) }
    }

    /// How long the source has been failing without another try; `nil` when it does not, or something else sees to it.
    func silence() -> Duration? {
        let now = context.clock.monotonic()
        return state.withLock { $0.machine.silentSince }.map { now - $0 }
    }

    /// Keeps a rest that another process was told of.
    func keep(_ rest: SharedRest) {
        let now = context.clock.monotonic()
        // What follows here from another's news is no news.
        state.withLock { state in
            state.machine.keep(rest, now: now)
            _ = state.machine.takeEvents()
        }
        changed()
    }

    /// Every declared count, for asking how much of it all processes use.
    var sharedCounts: [(name: LimitName, count: SharedCount)] { state.withLock { $0.machine.sharedCounts() } }

    /// Records the exact budget at an orderly end.
    func saveExactly() async {
        if context.cluster != nil { return }
        let (now, wall) = (context.clock.monotonic(), context.clock.now())
        let snapshot = state.withLock { $0.machine.closingSnapshot(now: now, wall: wall) }
        do {
            try await context.store.setValue(snapshot.encode(), for: stateName)
        } catch {
            context.storeFailed(error, while: "recording the budget of \(source.name)", metadata: [:])
        }
    }

    // MARK: Inside

    /// Stands for every path that no dataset declares.
    private var undeclared: DatasetID { DatasetID(source: source.name, name: "") }

    private func decide(
        _ dataset: DatasetID, _ priority: Priority, aged: Bool, keyID: String? = nil, allowed: [String]? = nil
    ) -> BudgetDecision {
        let now = context.clock.monotonic()
        let decision = mutate { state in
            let decision = state.machine.decide(
                dataset: dataset, priority: priority, aged: aged, keyID: keyID, allowed: allowed, now: now)
            if case .go(let permit) = decision { state.permits[permit.id] = permit }
            return decision
        }
        renewReservation()
        return decision
    }

    private func permitted(_ permit: BudgetPermit) -> CallPermit {
        CallPermit(id: permit.id, credential: credentials[permit.keyID] ?? .anonymous)
    }

    private func giveBack(_ permit: BudgetPermit) {
        let now = context.clock.monotonic()
        let slots = mutate { state in
            state.permits[permit.id] = nil
            state.machine.finish(permit, .cancelledBeforeSend, now: now)
            return state.slots.removeValue(forKey: permit.id)
        }
        if let slots { context.slots?.refund(slots) }
    }

    /// A permit that was taken for a job that could not start.
    func giveBack(_ permit: CallPermit) {
        if let held = state.withLock({ $0.permits[permit.id] }) { giveBack(held) }
    }

    // MARK: Limits of all processes

    /// How long after the end of a call without an answer its slots are counted as settled.
    static let slotGrace = Duration.milliseconds(100)

    /// Takes the slots of a granted call; `nil` when it may go, and the permit is given back when it may not yet.
    private func slotWait(_ permit: BudgetPermit) async throws(PermitDenied) -> (span: Duration, count: String)? {
        guard let slots = context.slots else { return nil }
        let (counts, longest) = state.withLock { state in
            (state.machine.sharedCounts(of: permit), state.machine.longestCall)
        }
        switch await slots.take(counts, longest: longest) {
        case .granted(let call):
            let isOurs = state.withLock { state in
                guard state.permits[permit.id] != nil else { return false }
                state.slots[permit.id] = call
                return true
            }
            if !isOurs, let call { slots.refund(call) }
            return nil
        case .wait(let span, let count):
            giveBack(permit)
            return (span, count)
        case .failed(let error):
            giveBack(permit)
            context.storeFailed(error, while: "counting the calls of \(source.name)", metadata: [:])
            throw PermitDenied(
                kind: "store",
                message: "the calls of all processes cannot be counted, so none is sent yet",
                until: context.clock.monotonic() + StoreHealth.pause)
        }
    }

    private func takeSlots(of permit: UInt64) -> SharedCall? {
        state.withLock { $0.slots.removeValue(forKey: permit) }
    }

    /// What came of asking for a call for a job in hand.
    enum Claim: Sendable {
        /// It may start; without a permit it waits for one itself.
        case granted(CallPermit?)
        /// Ask again after so long.
        case wait(Duration)
    }

    /// A permit with its slots if the budget of this process and the limits of all allow one call at this moment.
    func claim(dataset: DatasetID, priority: Priority, aged: Bool, allowed: [String]?) async -> Claim {
        let now = context.clock.monotonic()
        switch decide(dataset, priority, aged: aged, allowed: allowed) {
        case .go(let permit):
            do throws(PermitDenied) {
                guard let wait = try await slotWait(permit) else { return .granted(permitted(permit)) }
                return .wait(wait.span)
            } catch {
                return .wait(max(error.until - now, .milliseconds(50)))
            }
        case .wait(let until, let block):
            if block == .reservation {
                _ = await persistReservation()
                return .wait(.milliseconds(1))
            }
            if case .concurrency = block { return .wait(.milliseconds(5)) }
            // Only the keys that this document needs are busy: it waits on its own, and holds up nobody.
            if allowed != nil { return .granted(nil) }
            return .wait(max(until - now, .milliseconds(1)))
        }
    }

    private func changed() { state.withLock { $0.onChange }?() }

    /// Changes the machine and hands on what it tells.
    @discardableResult
    private func mutate<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, events) = state.withLock { state in
            let result = body(&state)
            return (result, state.machine.takeEvents())
        }
        if !events.isEmpty { context.sourceEvents.put(events, source: source.name) }
        return result
    }

    /// Writes the next reservation before the last one is used up, so that no call waits for the store.
    private func renewReservation() {
        let (now, wall) = (context.clock.monotonic(), context.clock.now())
        guard let snapshot = state.withLock({ $0.machine.reservationNeeded(now: now, wall: wall) }) else { return }
        // Unstructured: it must not hold up the call that happened to come by; it ends with one store write.
        Task { await self.persist(snapshot) }
    }

    /// Writes a reservation that a call waits for, or waits for the one under way; `false` when the store failed.
    private func persistReservation() async -> Bool {
        let (now, wall) = (context.clock.monotonic(), context.clock.now())
        if let snapshot = state.withLock({ $0.machine.reservationNeeded(now: now, wall: wall) }) {
            return await persist(snapshot)
        }
        // Another task writes one; it takes about a millisecond.
        try? await context.clock.sleep(for: .milliseconds(1))
        return context.storeHealth.problem == nil && !Task.isCancelled
    }

    @discardableResult
    private func persist(_ snapshot: BudgetSnapshot) async -> Bool {
        if context.cluster != nil {
            // The shared counts are what survives this process.
            state.withLock { $0.machine.reservationPersisted(snapshot.token) }
            return true
        }
        do {
            try await context.store.setValue(snapshot.encode(), for: stateName)
            state.withLock { $0.machine.reservationPersisted(snapshot.token) }
            context.storeHealth.succeeded()
            return true
        } catch {
            state.withLock { $0.machine.reservationFailed(snapshot.token) }
            context.storeFailed(error, while: "recording the budget of \(source.name)", metadata: [:])
            return false
        }
    }
}

/// The short words for blocks, used in `why`, `stale_reason` and metrics.
enum BlockWords {
    static func kind(_ block: BudgetBlock) -> String {
        switch block {
        case .pacing, .concurrency, .reservation: "paced"
        case .windowFull, .reserved, .learnedQuota: "quota"
        case .allKeysParked: "key-parked"
        case .allKeysDisabled: "key-disabled"
        case .breakerOpen: "breaker-open"
        case .maintenance: "maintenance"
        case .stopped: "stopped"
        }
    }
}
