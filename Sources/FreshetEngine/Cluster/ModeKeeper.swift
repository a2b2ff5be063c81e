import FreshetCore
import Logging

/// Keeps this process in step with where the queue is: follows the place, switches it when the line is lost, brings the line back.
final class ModeKeeper: Sendable {
    /// Between two looks at the place.
    static let beat = Duration.milliseconds(700)
    /// How long calls of the line may fail before it counts as lost: connections are made anew meanwhile.
    static let patience = Duration.milliseconds(600)
    /// Between two comparisons of line and store.
    static let reconcileEvery = Duration.seconds(30)
    /// The duty of bringing the line back and comparing it.
    static let duty = "line"

    let state: QueueState
    private let store: any ClusterStore
    private let coordinator: any Coordinator
    private let limits: PlacedLimits

    init(state: QueueState, base: any ClusterStore, coordinator: any Coordinator, limits: PlacedLimits) {
        (self.state, store, self.coordinator, self.limits) = (state, base, coordinator, limits)
    }

    private var clock: any FreshetClock { state.clock }

    /// Follows until cancelled; `whoever` does the duty of the line brings it back.
    func run(_ context: EngineContext, cluster: ClusterPart, poke: @escaping @Sendable () -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow(context, cluster: cluster, poke: poke) }
            group.addTask {
                await cluster.duties.whileHeld(ModeKeeper.duty) { await self.lead(context, poke: poke) }
            }
        }
    }

    // MARK: Every process

    private func follow(_ context: EngineContext, cluster: ClusterPart, poke: @Sendable () -> Void) async {
        var owesClaims = false
        while !Task.isCancelled {
            do {
                switch try await look() {
                case .none: break
                case .store:
                    context.logger.notice("the queue is in the store now")
                    owesClaims = true
                case .line(let epoch):
                    context.logger.notice("the queue is in the line of jobs now")
                    coordinator.line.follow(epoch: epoch)
                    owesClaims = false
                    poke()
                }
                if owesClaims {
                    try await claim(context)
                    owesClaims = false
                    poke()
                }
                try await limits.settleIn()
                await examine(context)
                if state.mode({ $0.wantsStore }) { try await switchToStore(context) }
            } catch {
                context.logger.debug("the place of the queue cannot be followed: \(error)")
            }
            note(cluster)
            let isBusy = owesClaims || state.mode { $0.wantsStore } || state.failingFor != nil
            let pause = isBusy ? Duration.milliseconds(100) : ModeKeeper.beat
            await state.doubt.wait(until: clock.monotonic() + pause, clock: clock)
            // Rings of many failing calls are one.
            if isBusy { try? await clock.sleep(for: .milliseconds(20)) }
        }
    }

    /// Reads where the queue is.
    private func look() async throws(StoreError) -> QueueMode.Change {
        let begun = clock.monotonic()
        let bytes = try await store.value(QueuePlace.name)
        let (now, wall) = (clock.monotonic(), clock.now())
        let (change, place) = state.mode { mode in
            (mode.read(QueuePlace(stored: bytes), begun: begun, now: now, wall: wall), mode.place)
        }
        if change != .none { limits.moved(to: place) }
        return change
    }

    /// Finds out whether the line that is followed is still the one that was begun.
    private func examine(_ context: EngineContext) async {
        guard let epoch = state.lineEpoch else { return }
        do throws(StoreError) {
            guard try await coordinator.line.epoch() == epoch else {
                context.logger.warning("the line of jobs has lost what it held; the queue goes on in the store")
                return state.mode { $0.lost(epoch: epoch) }
            }
            state.lineAnswered()
        } catch {
            state.lineFailed()
            guard let failing = state.failingFor, failing >= ModeKeeper.patience else { return }
            context.logger.warning(
                "the line of jobs cannot be reached (\(error)); the queue goes on in the store, nothing is lost")
            state.mode { $0.lost(epoch: epoch) }
        }
    }

    private func switchToStore(_ context: EngineContext) async throws(StoreError) {
        guard let place = state.mode({ $0.place }) else { return }
        let new = QueuePlace.store(since: clock.now())
        if try await store.swapValue(place.bytes, with: new.bytes, for: QueuePlace.name) {
            context.metrics.increment("freshet_queue_switches_total", [("outcome", "store")])
        }
        // Somebody was faster otherwise; either way the next look shows it.
        state.doubt.signal()
    }

    /// Takes the running leases of the line over into the store.
    private func claim(_ context: EngineContext) async throws(StoreError) {
        let leases = state.lineLeases
        guard !leases.isEmpty else { return }
        let held = try await store.claim(leases, leaseFor: Dispatcher.leaseFor, now: context.steady.now())
        state.claimed(leases, held)
    }

    private func note(_ cluster: ClusterPart) {
        switch state.leasing {
        case .line: cluster.health.clear("coordinator")
        case .store: cluster.health.note("coordinator", "the coordinator is away; the queue goes on in the store")
        case .nowhere(let why): cluster.health.note("coordinator", why)
        }
    }

    // MARK: The one that does the duty

    private func lead(_ context: EngineContext, poke: @Sendable () -> Void) async {
        var comparedAt = clock.monotonic()
        while !Task.isCancelled {
            let answers = (try? await coordinator.ping()) != nil
            let now = clock.monotonic()
            state.mode { $0.answered(answers, now: now) }
            do {
                if state.mode({ $0.mayBegin(now: now) }) {
                    try await begin(context)
                    comparedAt = clock.monotonic()
                } else if state.isLine, now - comparedAt >= ModeKeeper.reconcileEvery {
                    comparedAt = now
                    try await compare(context)
                }
            } catch {
                context.logger.warning("the line of jobs could not be filled (\(error)); Freshet tries again")
            }
            try? await clock.sleep(for: .seconds(1))
        }
    }

    /// Begins the line anew with every unfinished job, and moves the queue there.
    private func begin(_ context: EngineContext) async throws(StoreError) {
        let since = clock.now()
        let epoch = String(since.microseconds, radix: 36) + String(UInt32.random(in: .min ... .max), radix: 36)
        let old = try await store.value(QueuePlace.name)
        try await coordinator.line.begin(epoch: epoch)
        coordinator.line.follow(epoch: epoch)
        let count = try await fill(context).count
        let new = QueuePlace.line(epoch: epoch, since: since)
        guard try await store.swapValue(old, with: new.bytes, for: QueuePlace.name) else { return }
        context.metrics.increment("freshet_queue_switches_total", [("outcome", "line")])
        context.logger.notice("the line of jobs is back with \(count) jobs; the queue moves there")
        state.doubt.signal()
        // Others may have added, leased and ended jobs in the store alone until they had read of it. Nobody leases in the line
        // before this is made good.
        try? await clock.sleep(for: QueueMode.trust + .milliseconds(300))
        try await compare(context, afterSwitch: true)
    }

    /// Puts every unfinished job of the store into the line, and names them.
    ///
    /// `inLine` is what the line held before, `nil` while nobody leases in it; `settles` takes leases of the store over, just
    /// after the queue has moved.
    @discardableResult
    private func fill(_ context: EngineContext, beside inLine: Set<Int64>? = nil, settles: Bool = false)
        async throws(StoreError) -> Set<Int64>
    {
        var (last, ids): (Int64, Set<Int64>) = (0, [])
        while true {
            let jobs = try await store.unfinishedJobs(after: last, limit: 1000)
            if !jobs.isEmpty {
                let now = context.steady.now()
                // What somebody runs by a lease of the store must not be ready in the line.
                let running =
                    settles ? jobs.filter { $0.state == .leased && inLine?.contains($0.id) ?? false }.map(\.id) : []
                if !running.isEmpty { try await coordinator.line.remove(running) }
                let hold = inLine == nil ? .zero : LineFilling.doubt
                try await coordinator.line.seed(LineFilling.seeds(jobs, now: now, hold: hold), now: now)
                if inLine != nil { try await LineFilling.takeOutEnded(jobs, of: coordinator.line, store: store) }
            }
            ids.formUnion(jobs.map(\.id))
            guard jobs.count == 1000, let end = jobs.last else { return ids }
            last = end.id
        }
    }

    /// Puts in what the line lacks and takes out what the store has finished.
    private func compare(_ context: EngineContext, afterSwitch: Bool = false) async throws(StoreError) {
        var inLine: Set<Int64> = []
        var leased: Set<Int64> = []
        for jobState in [RefreshJob.State.ready, .waiting, .leased] {
            for job in try await coordinator.line.jobs(in: jobState, source: nil, limit: 100_000) {
                if jobState == .leased { leased.insert(job.id) } else { inLine.insert(job.id) }
            }
        }
        // Read after the line: what is in the line and not here is finished, or was brought back to life this moment.
        let unfinished = try await fill(context, beside: inLine.union(leased), settles: afterSwitch)
        try await takeOut(Array(inLine.subtracting(unfinished)), context)
    }

    /// Takes jobs out of the line that the store has finished: those that ended between being read there and put in here, too.
    private func takeOut(_ ids: [Int64], _ context: EngineContext) async throws(StoreError) {
        var finished: [Int64] = []
        for id in ids where !Task.isCancelled {
            if !(try await store.job(id)?.state.isUnfinished ?? false) { finished.append(id) }
        }
        guard !finished.isEmpty else { return }
        try await coordinator.line.remove(finished)
        context.logger.info("\(finished.count) finished jobs were still in the line and were taken out")
    }
}
