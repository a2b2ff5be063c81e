import FreshetCore
import FreshetDocument
import Synchronization

/// What adaptive refreshing knows and what is told to it; any task may call it, no call waits.
///
/// Refreshes and reads are noted here and worked off in batches by ``AdaptiveLoop``, which alone writes what is learned of a key.
final class AdaptiveDesk: Sendable {
    /// Keys whose reads may wait to be learned from; more are only counted as heat.
    static let mostRead = 200_000

    /// A refresh that has ended.
    struct Ended: Sendable {
        var id: DocumentID
        var outcome: KeyMemory.Outcome
        var at: Timestamp
        var before: DocumentState
        var body: [UInt8]
        /// Whether upstream was asked: brought-in documents cost no call.
        var isCall = true
    }

    /// Reads of a key since they were last learned from.
    struct Reads: Sendable {
        var count = 0
        var last = Timestamp(seconds: 0)
        /// Ages at which they found the document, in seconds, with their number.
        var ages: [(age: Float, count: Int)] = []
    }

    /// What waits to be worked off.
    struct Work: Sendable {
        var ended: [Ended] = []
        var reads: [DocumentID: Reads] = [:]
        /// Keys that clients began or ceased to show, with until when.
        var views: [DocumentID: Timestamp] = [:]

        var isEmpty: Bool { ended.isEmpty && reads.isEmpty && views.isEmpty }
    }

    private struct State {
        var work = Work()
        var drainedAt: Timestamp?
        var meters: [DatasetID: [String: FreshnessMeter]] = [:]
        var habits: [DatasetID: HourHabits] = [:]
        var changedHabits: Set<DatasetID> = []
        var prices: [String: CallPrice] = [:]
        var leases = ViewingLeases()
    }

    let policies: [DatasetID: DatasetPolicy]
    let plans: any PlanStore
    let wakeup = Wakeup()
    private let state = Mutex(State())

    /// `nil` when no dataset is refreshed that way, or the store keeps no plans.
    init?(_ configuration: Configuration, store: any Store) {
        guard let plans = store as? any PlanStore else { return nil }
        let apps = configuration.appsByDataset
        var policies: [DatasetID: DatasetPolicy] = [:]
        for dataset in configuration.datasets {
            if let policy = DatasetPolicy(dataset, app: apps[dataset.id]) { policies[dataset.id] = policy }
        }
        guard !policies.isEmpty else { return nil }
        (self.policies, self.plans) = (policies, plans)
    }

    // MARK: Being told

    /// Notes that a refresh has ended.
    func ended(_ ended: Ended) {
        guard policies[ended.id.dataset] != nil else { return }
        let isFirst = state.withLock { state in
            state.work.ended.append(ended)
            return state.work.ended.count == 1
        }
        if isFirst { wakeup.signal() }
    }

    /// Notes reads of one document.
    ///
    /// `confirmed`: when what they saw was confirmed; `nil` when that is not known any more.
    func read(_ id: DocumentID, count: Int, last: Timestamp, confirmed: Timestamp?) {
        guard policies[id.dataset] != nil else { return }
        state.withLock { state in
            state.habits[id.dataset, default: HourHabits()].read(count, at: last)
            state.changedHabits.insert(id.dataset)
            guard state.work.reads[id] != nil || state.work.reads.count < AdaptiveDesk.mostRead else { return }
            var reads = state.work.reads[id] ?? Reads()
            reads.count += count
            reads.last = max(reads.last, last)
            if let confirmed {
                // Of several reads only the last moment is known; they are taken to be spread since the last look.
                let since = max(confirmed, state.drainedAt ?? last)
                let spread = count > 1 && last > since ? (last - since).inSeconds / 2 : 0
                reads.ages.append((Float(max(0, (last - confirmed).inSeconds - spread)), count))
            }
            state.work.reads[id] = reads
        }
    }

    /// Says that the reads up to a moment have been told.
    func readsTold(until now: Timestamp) {
        state.withLock { $0.drainedAt = now }
        wakeup.signal()
    }

    // MARK: Viewing

    /// Holds a key for a client.
    func hold(_ id: DocumentID, client: String, until: Timestamp, now: Timestamp) -> ViewingLeases.Answer {
        let answer = state.withLock { state in
            let answer = state.leases.hold(id, client: client, until: until, now: now)
            if case .held(let until) = answer { state.work.views[id] = until }
            return answer
        }
        wakeup.signal()
        return answer
    }

    /// Gives a client's hold up; `false` when there was none.
    func release(_ id: DocumentID, client: String, now: Timestamp) -> Bool {
        let released = state.withLock { state in
            guard let left = state.leases.release(id, client: client, now: now) else { return false }
            state.work.views[id] = left
            return true
        }
        if released { wakeup.signal() }
        return released
    }

    // MARK: Working off

    /// Takes what waits, at most so many refreshes and keys read; hottest keys first.
    func take(refreshes: Int, reads: Int) -> Work {
        state.withLock { state in
            var work = Work()
            work.ended = Array(state.work.ended.prefix(refreshes))
            state.work.ended.removeFirst(work.ended.count)
            (work.views, state.work.views) = (state.work.views, [:])
            if state.work.reads.count <= reads {
                (work.reads, state.work.reads) = (state.work.reads, [:])
            } else {
                for (id, found) in state.work.reads.sorted(by: { $0.value.count > $1.value.count }).prefix(reads) {
                    work.reads[id] = found
                    state.work.reads[id] = nil
                }
            }
            return work
        }
    }

    var hasWork: Bool { state.withLock { !$0.work.isEmpty } }

    /// Changes what is counted of a dataset's strategy.
    func measure(_ dataset: DatasetID, _ strategy: String, _ change: (inout FreshnessMeter) -> Void) {
        state.withLock { change(&$0.meters[dataset, default: [:]][strategy, default: FreshnessMeter()]) }
    }

    // MARK: What all share

    func price(of source: String) -> Double { state.withLock { $0.prices[source]?.value ?? 0 } }

    func setPrice(_ value: Double, of source: String) {
        state.withLock { $0.prices[source] = CallPrice(value: value) }
    }

    func movePrice(of source: String, line: Double, now: Timestamp) -> Double {
        state.withLock { state in
            state.prices[source, default: CallPrice()].move(line: line, now: now)
            return state.prices[source]?.value ?? 0
        }
    }

    func habits(of dataset: DatasetID) -> HourHabits { state.withLock { $0.habits[dataset] ?? HourHabits() } }

    /// Notes what a look at any key of a dataset found; `rate`: the changes per second that were expected.
    func look(_ dataset: DatasetID, changed: Bool, after interval: Duration, rate: Double) {
        state.withLock { state in
            state.habits[dataset, default: HourHabits()].look(changed: changed, after: interval, rate: rate)
            state.changedHabits.insert(dataset)
        }
    }

    func setHabits(_ habits: HourHabits, of dataset: DatasetID) { state.withLock { $0.habits[dataset] = habits } }

    /// The habits that have changed since the last call.
    func takeChangedHabits() -> [(DatasetID, HourHabits)] {
        state.withLock { state in
            defer { state.changedHabits = [] }
            return state.changedHabits.map { ($0, state.habits[$0] ?? HourHabits()) }
        }
    }

    /// What was measured since the start, by dataset and strategy.
    var freshness: [DatasetFreshness] {
        let meters = state.withLock { $0.meters }
        return policies.values.sorted { $0.id < $1.id }.map { policy in
            let strategies = policy.config.strategies.isEmpty ? [.adaptive] : policy.config.strategies
            return DatasetFreshness(
                id: policy.id, target: policy.config.target, targetShare: policy.config.targetShare,
                price: price(of: policy.id.source),
                strategies: strategies.map { ($0.name, meters[policy.id]?[$0.name] ?? FreshnessMeter()) })
        }
    }
}
