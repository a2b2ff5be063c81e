import FreshetCore
import Logging
import Synchronization

/// Gives the jobs of one source to workers, as the budget allows, most urgent first.
///
/// The order is decided at the moment a call may go, not before: a job is leased only when the budget has a call for it,
/// so a critical refresh that comes late overtakes everything that still waits.
final class Dispatcher: Sendable {
    /// How long a lease holds without a heartbeat: an orphan runs again within 15 s.
    static let leaseFor = Duration.seconds(12)

    let governor: SourceGovernor
    private let context: EngineContext
    private let pipeline: RefreshPipeline
    private let wakeup = Wakeup()
    private let running = Mutex<[Int64: LeasedJob]>([:])
    private let datasets: [DatasetID]
    /// Whether jobs were added since the last look.
    private let wasCalled = Atomic<Bool>(true)

    init(governor: SourceGovernor, context: EngineContext) {
        self.governor = governor
        self.context = context
        pipeline = RefreshPipeline(context: context)
        datasets = context.configuration.datasets.map(\.id).filter { $0.source == governor.source.name }
        governor.onChange { [wakeup] in wakeup.signal() }
    }

    /// Something changed: a job was added, or became ready.
    func poke() {
        wasCalled.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// Jobs in workers' hands.
    var leased: [LeasedJob] { running.withLock { Array($0.values) } }

    /// Dispatches until the engine stops or the task is cancelled, then waits for the workers; a cancelled one returns its job.
    func run() async {
        var aging = AgingTurns()
        var hand = JobsInHand()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled && !context.isStopping.load(ordering: .acquiring) {
                let wait =
                    context.slots == nil
                    ? await turn(&aging, in: &group) : await sharedTurn(&aging, &hand, in: &group)
                if case .until(let deadline) = wait {
                    await wakeup.wait(until: deadline, clock: context.clock)
                }
            }
            await giveBack(hand.items.map(\.lease))
        }
    }

    private enum Wait {
        case none
        case until(Duration?)
    }

    /// One look at budget and queue; starts what may start.
    private func turn(_ aging: inout AgingTurns, in group: inout DiscardingTaskGroup) async -> Wait {
        let now = context.clock.monotonic()
        if let held = context.storeHealth.held(now: now) { return .until(held) }
        let room = governor.source.concurrency - running.withLock { $0.count }
        guard room > 0 else { return .until(nil) }
        let aged = aging.isDue
        let admission = await governor.admission(of: datasets, aged: aged)
        guard !admission.admitted.isEmpty else { return .until(admission.retryAt) }
        let count = admission.isUnlimited ? min(room, 64) : 1
        do {
            let leases = try await context.store.lease(
                LeaseRequest(
                    admitted: admission.admitted, oldestFirst: aged, count: count, leaseFor: Dispatcher.leaseFor),
                now: context.steady.now())
            guard !leases.isEmpty else {
                aging.nothingWaits()
                return .until(try await nextLook(after: admission, now: now))
            }
            for lease in leases {
                aging.leased(lease.job.priority)
                start(lease, aged: aged, in: &group)
            }
            return .none
        } catch {
            context.storeFailed(error, while: "leasing jobs of \(governor.source.name)", metadata: [:])
            return .until(now + StoreHealth.pause)
        }
    }

    // MARK: With limits that all processes share

    /// One look at hand, budget and queue, among several processes.
    ///
    /// A job is leased when this process's budget has a call for it, and started when the limits of all have, too.
    private func sharedTurn(
        _ aging: inout AgingTurns, _ hand: inout JobsInHand, in group: inout DiscardingTaskGroup
    ) async -> Wait {
        let now = context.clock.monotonic()
        if let held = context.storeHealth.held(now: now) { return .until(held) }
        var back: [LeasedJob] = []
        while let item = hand.due(now: context.clock.monotonic()) {
            switch await claim(item) {
            case .granted(let permit):
                hand.started()
                launch(item.lease, aged: item.aged, first: permit, in: &group)
            case .wait(let span): back += hand.waits(span, now: context.clock.monotonic())
            }
        }
        forget(back)
        let aged = aging.isDue && hand.isEmpty
        guard let (request, admission) = await request(aged: aged, &hand, now: now) else {
            await giveBack(back)
            return .until(hand.next(now: now))
        }
        guard !admission.admitted.isEmpty else {
            await giveBack(back)
            return .until(earliest(admission.retryAt, hand.next(now: now)))
        }
        do {
            let steady = context.steady.now()
            let leases = try await context.store.cycle(
                ends: back.map { ($0, .park(until: steady, reason: nil)) }, wishes: [], lease: request, now: steady
            ).leases
            guard !leases.isEmpty else {
                if hand.isEmpty { aging.nothingWaits() }
                return .until(earliest(try await nextLook(after: admission, now: now), hand.next(now: now)))
            }
            for lease in leases {
                aging.leased(lease.job.priority)
                running.withLock { $0[lease.job.id] = lease }
                hand.take(lease, aged: aged)
            }
            return .none
        } catch {
            context.storeFailed(error, while: "leasing jobs of \(governor.source.name)", metadata: [:])
            return .until(now + StoreHealth.pause)
        }
    }

    /// What may be leased beside what is in hand; `nil` when nothing may.
    private func request(
        aged: Bool, _ hand: inout JobsInHand, now: Duration
    ) async -> (LeaseRequest, Admission)? {
        guard let least = hand.mayLease(now: now, wasCalled: wasCalled.exchange(false, ordering: .acquiring)) else {
            return nil
        }
        let room = governor.source.concurrency - running.withLock { $0.count }
        guard room > 0 else { return nil }
        var admission = await governor.admission(of: datasets, aged: aged)
        for (dataset, priority) in admission.admitted { admission.admitted[dataset] = min(priority, least) }
        let request = LeaseRequest(
            admitted: admission.admitted, oldestFirst: aged,
            count: admission.isUnlimited && hand.isEmpty ? min(room, 64) : 1, leaseFor: Dispatcher.leaseFor)
        return (request, admission)
    }

    private func earliest(_ a: Duration?, _ b: Duration?) -> Duration? { [a, b].compactMap { $0 }.min() }

    private func claim(_ item: JobsInHand.Item) async -> SourceGovernor.Claim {
        let job = item.lease.job
        return await governor.claim(
            dataset: job.document.dataset, priority: job.priority, aged: item.aged,
            allowed: governor.keyIDs(for: job.document))
    }

    /// Returns jobs that could not start, as they were.
    private func giveBack(_ leases: [LeasedJob]) async {
        guard !leases.isEmpty else { return }
        let now = context.steady.now()
        do {
            // At the end the task is cancelled, and the call would be, too.
            let context = context
            _ = try await Task {
                try await context.store.end(leases.map { ($0, .park(until: now, reason: nil)) }, now: now)
            }.value
        } catch {
            context.logger.debug("\(leases.count) jobs are given back when their leases have run out: \(error)")
        }
        forget(leases)
    }

    private func forget(_ leases: [LeasedJob]) {
        running.withLock { running in for lease in leases { running[lease.job.id] = nil } }
    }

    /// When to look again although nobody called: a waiting job falls due, or budget returns to a dataset that has none.
    private func nextLook(after admission: Admission, now: Duration) async throws(StoreError) -> Duration {
        var look = now + (context.cluster?.lookInterval ?? .seconds(30))
        if let retryAt = admission.retryAt { look = min(look, retryAt) }
        if let due = try await context.store.nextWaiting(of: datasets) {
            look = min(look, max(context.steady.monotonic(of: due), now + .milliseconds(5)))
        }
        return look
    }

    private func start(_ lease: LeasedJob, aged: Bool, in group: inout DiscardingTaskGroup) {
        running.withLock { $0[lease.job.id] = lease }
        // The call is taken here and now: otherwise the next look would find it free and lease a job too many.
        let first = governor.tryAcquire(
            dataset: lease.job.document.dataset, priority: lease.job.priority, aged: aged,
            allowed: governor.keyIDs(for: lease.job.document))
        launch(lease, aged: aged, first: first, in: &group)
    }

    private func launch(
        _ lease: LeasedJob, aged: Bool, first: CallPermit?, in group: inout DiscardingTaskGroup
    ) {
        let waited = context.steady.now() - lease.job.notBefore
        context.metrics.observe(
            "freshet_queue_wait_seconds", [("priority", lease.job.priority.name)], seconds: max(0, waited.inSeconds))
        let (dataset, priority) = (lease.job.document.dataset, lease.job.priority)
        let permits = JobPermits(
            governor: governor, dataset: dataset, priority: priority, aged: aged, document: lease.job.document,
            first: first)
        group.addTask {
            await self.pipeline.run(lease, permits: permits)
            permits.close()
            self.running.withLock { _ = $0.removeValue(forKey: lease.job.id) }
            self.wakeup.signal()
        }
    }
}

/// Lets the job that has waited longest go now and then, so that low always progresses.
///
/// When sixteen leases in a row went to more urgent classes than low, the next one takes the oldest job. While low runs
/// anyway nothing is changed, so a critical job never waits behind an aged one then.
struct AgingTurns: Sendable {
    static let turns = 16
    private var sinceLow = 0

    var isDue: Bool { sinceLow >= AgingTurns.turns }

    mutating func leased(_ priority: Priority) {
        if isDue || priority == .low { sinceLow = 0 } else { sinceLow += 1 }
    }

    mutating func nothingWaits() { sinceLow = 0 }
}
