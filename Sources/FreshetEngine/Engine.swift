public import FreshetCore
public import Logging
import Synchronization

/// The mirror at work: queue workers, scheduler, upkeep, and the answers for the serving side.
///
/// Start it with ``run()``; it ends when its task is cancelled, after the workers have given back their jobs.
public final class Engine: MirrorService, Sendable {
    /// The declared sources and datasets.
    public let configuration: Configuration
    /// Answers in memory.
    public let catalog: Catalog
    /// Counters shown by `/metrics`.
    public let metrics: MetricsRegistry
    /// The store behind the mirror.
    public let store: any Store

    /// Rings when the event log has grown.
    public var eventBell: EventBell { context.bell }
    /// What the apps keep in memory.
    public let runners = AppRunners()

    let context: EngineContext
    let governors: [String: SourceGovernor]
    let dispatchers: [String: Dispatcher]
    let startedAt: Timestamp
    let backfills: BackfillRunner
    private let demand = Mailbox<DocumentID>(limit: 200_000)
    private let stopping = Wakeup()
    /// What only one process of a deployment does.
    public let duties: DutyKeeper
    /// What this process does of the deployment's work.
    public var role: ProcessRole { context.cluster?.setup.role ?? .all }
    /// What was refreshed since the start.
    public var workReport: WorkReport { context.tally.report }

    /// How long refreshes under way may take to finish after ``stop()``.
    public static let drainTime = Duration.seconds(8)

    /// Creates an engine; nothing runs before ``run()``.
    ///
    /// `cluster`: how it takes part in a deployment of several processes; its store is `store` then.
    public init(
        configuration: Configuration, store: any Store, upstream: any Upstream, clock: any FreshetClock,
        logger: Logger, cluster: ClusterSetup? = nil
    ) {
        self.configuration = configuration
        self.store = store
        metrics = MetricsRegistry()
        catalog = Catalog(configuration: configuration, memoryLimit: configuration.server.memory, clock: clock)
        startedAt = clock.now()
        duties = DutyKeeper(
            store: cluster?.store, holder: cluster?.member.name ?? "", clock: clock, logger: logger)
        let part = cluster.map { [duties] in ClusterPart($0, duties: duties) }
        let context = EngineContext(
            configuration: configuration, store: store, upstream: upstream, clock: clock,
            catalog: catalog, metrics: metrics, logger: logger, cluster: part)
        self.context = context
        backfills = BackfillRunner(context: context)
        var governors: [String: SourceGovernor] = [:]
        var dispatchers: [String: Dispatcher] = [:]
        for source in configuration.sources {
            let governor = SourceGovernor(source: source, context: context)
            governors[source.name] = governor
            dispatchers[source.name] = Dispatcher(governor: governor, context: context)
        }
        (self.governors, self.dispatchers) = (governors, dispatchers)
        EngineMetrics.describe(metrics)
        catalog.setDemandSink { [demand] id in demand.put(id) }
        let datasets = Dictionary(
            configuration.datasets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        catalog.setNextRefreshRule { id, state in
            // Without a schedule the first read after its time is what refreshes it.
            guard let dataset = datasets[id.dataset] else { return state.freshUntil }
            if let next = dataset.nextRefresh(of: id.key, state: state) { return next }
            // Reads do not ask again while a 404 is remembered.
            return state.isDoubted ? state.checkedAt.map { $0 + dataset.notFoundFor } : state.freshUntil
        }
    }

    /// Recovers what a crash left, then works until ``stop()`` or until the task is cancelled.
    ///
    /// After ``stop()`` no new refresh starts; those under way have ``drainTime`` to finish, then their jobs are returned.
    /// - Throws: ``StoreError`` when the store cannot be read at start.
    public func run() async throws {
        try await prepare()
        await withTaskGroup(of: Part.self) { group in
            group.addTask {
                await self.dispatch()
                return .dispatch
            }
            group.addTask {
                await self.upkeep()
                return .upkeep
            }
            group.addTask {
                await self.stopping.wait(until: nil, clock: self.context.clock)
                self.context.isStopping.store(true, ordering: .releasing)
                for dispatcher in self.dispatchers.values { dispatcher.poke() }
                // A reader has no refreshes that could need time to finish.
                if self.role.works { try? await self.context.clock.sleep(for: Engine.drainTime) }
                return .grace
            }
            // Whichever ends first ends the others: workers done, or their time is up.
            _ = await group.next()
            group.cancelAll()
        }
        for governor in governors.values { await governor.saveExactly() }
    }

    private enum Part {
        case dispatch
        case upkeep
        case grace
    }

    /// Asks ``run()`` to end; returns at once.
    public func stop() { stopping.signal() }

    private func dispatch() async {
        await withDiscardingTaskGroup { group in
            guard role.works else {
                group.addTask { try? await self.context.clock.sleep(for: .seconds(1 << 40)) }
                return
            }
            for dispatcher in dispatchers.values { group.addTask { await dispatcher.run() } }
            // Without any source there is nothing to dispatch, but the engine goes on.
            if dispatchers.isEmpty { group.addTask { try? await self.context.clock.sleep(for: .seconds(1 << 40)) } }
        }
    }

    private func upkeep() async {
        await withDiscardingTaskGroup { group in
            if let cluster = context.cluster {
                let deployment = Deployment(context: context, cluster: cluster, engine: self)
                group.addTask { await deployment.run() }
            }
            let demandLoop = DemandLoop(context: context, mailbox: demand, enqueue: enqueue)
            group.addTask { await demandLoop.run() }
            if let desk = context.adaptive {
                let adaptive = AdaptiveLoop(context: context, desk: desk)
                group.addTask { await adaptive.run() }
            }
            let events = SourceEventLoop(context: context, governors: Array(governors.values), wake: wake)
            group.addTask { await events.run() }
            group.addTask {
                while (try? await self.context.clock.sleep(for: EventBell.heartbeat)) != nil { self.eventBell.ring() }
            }
            let probe = StoreProbe(context: context)
            group.addTask { await probe.run() }
            guard role.works else { return }
            let keeper = LeaseKeeper(context: context, dispatchers: Array(dispatchers.values))
            group.addTask { await keeper.run() }
            let recovery = RecoveryProbe(context: context, governors: Array(governors.values)) { [dispatchers] source in
                dispatchers[source]?.poke()
            }
            group.addTask { await recovery.run() }
            if configuration.queue.autoRefresh {
                let scheduler = Scheduler(context: context, enqueue: enqueue)
                group.addTask { await self.duties.whileHeld("schedules") { await scheduler.run() } }
            }
            group.addTask {
                await self.duties.whileHeld("backfills") { await self.backfills.run(self.enqueue) }
            }
            let watch = StaleWatch(context: context)
            group.addTask { await self.duties.whileHeld("staleness") { await watch.run() } }
            let janitor = Janitor(context: context)
            group.addTask { await self.duties.whileHeld("retention") { await janitor.run() } }
        }
    }

    /// Reads budgets and takes back the jobs of the process before this one.
    func prepare() async throws {
        for governor in governors.values { try await governor.restore() }
        // Among several processes a lease may be in living hands.
        guard context.cluster == nil else { return }
        let recovered = try await store.recoverLeases(all: true, now: context.steady.now())
        if recovered > 0 {
            context.logger.notice("\(recovered) refreshes were under way when Freshet stopped; they run again")
        }
    }

    /// Enqueues and tells the dispatchers.
    @Sendable func enqueue(_ requests: [EnqueueRequest]) async throws(StoreError) -> [EnqueueResult] {
        let now = context.steady.now()
        var wishes = requests
        for index in wishes.indices where wishes[index].replacesDeadBefore == nil {
            wishes[index].replacesDeadBefore = now - deadRest(of: wishes[index].document)
        }
        let results = try await store.enqueue(wishes, now: now)
        for source in Set(requests.map(\.document.dataset.source)) { dispatchers[source]?.poke() }
        context.ring(.jobs)
        return results
    }

    /// How long a dead letter keeps its document from being tried again by reads and schedules.
    ///
    /// A failure that may have passed rests as long as a breaker between probes; an answer that says "never like this"
    /// (a 400, a body that is too large) as long as a 404.
    private func deadRest(of id: DocumentID) -> Duration {
        guard let dataset = configuration.dataset(id.dataset), let source = configuration.source(id.dataset.source)
        else { return .seconds(120) }
        let kind = catalog.entry(id)?.served.failureKind ?? ""
        return DeadLetters.isLasting(kind)
            ? max(dataset.notFoundFor, source.breaker.probeEvery) : source.breaker.probeEvery
    }

    /// Lets everything run that waited for a source, also what was given up on while it failed.
    private func wake(_ source: String, after outage: Duration?) async {
        do {
            _ = try await store.wake(source: source, now: context.steady.now())
            if let outage { try await DeadLetters(context: context).revive(source, diedWithin: outage) }
        } catch {
            context.storeFailed(error, while: "waking the jobs of \(source)", metadata: [:])
        }
        dispatchers[source]?.poke()
        context.ring(.jobs)
    }

    // MARK: MirrorService

    /// Brings a document into the catalog from the store.
    public func load(_ id: DocumentID) async throws(StoreError) -> CatalogEntry? {
        if let entry = catalog.entry(id) { return entry }
        guard var document = try await store.document(id) else { return nil }
        // Another process may have written between this read and its news, which found nothing to change here.
        if let recent = context.cluster?.recent, recent.isNewer(than: document.state.version, of: id) {
            document = try await store.document(id) ?? document
        }
        // What does not fit into memory is served all the same.
        let entry = catalog.publish(document)
        await showPlan(id)
        if let recent = context.cluster?.recent, recent.isNewer(than: document.state.version, of: id) {
            if let newer = try await store.document(id) { return catalog.publish(newer) }
        }
        return entry
    }

    /// Asks for a refresh; returns once the wish is durable.
    public func requestRefresh(_ request: EnqueueRequest) async throws(StoreError) -> EnqueueResult {
        let results = try await enqueue([request])
        guard let first = results.first else { throw .unavailable("the queue gave no answer") }
        return first
    }

    /// Says that jobs were changed in the store.
    public func jobsChanged() {
        for dispatcher in dispatchers.values { dispatcher.poke() }
        context.ring(.jobs)
    }

    /// Notes that a stale document was read.
    public func noteStaleRead(_ id: DocumentID) { demand.put(id) }

    /// Waits until an attempt on the document has ended, or until `timeout`.
    public func awaitAttempt(_ id: DocumentID, timeout: Duration) async -> Bool {
        await context.waiters.wait(for: id, until: context.clock.monotonic() + timeout, clock: context.clock)
    }

    /// Passes a request on live under the budget.
    public func pass(_ request: PassRequest, dataset: DatasetID?) async -> PassResult {
        guard let governor = governors[request.source.name] else {
            return .failed(
                CallFailure(effect: .permanent, kind: "undeclared", message: "no such source: \(request.source.name)"))
        }
        let permits = JobPermits(
            governor: governor, dataset: dataset, priority: request.priority, aged: false, keyID: request.keyID)
        let result = await context.upstream.pass(request, permits: permits)
        metrics.increment("freshet_passes_total", [("source", request.source.name)])
        if request.keyID != nil, let failure = permits.lastFailure { return .failed(failure) }
        return result
    }

    /// Parks a key, or returns it to service.
    public func setKey(source: String, keyID: String, parkedFor: Duration?, reason: String) async -> Bool {
        guard let governor = governors[source] else { return false }
        let found = governor.setKey(keyID, parkedFor: parkedFor, reason: reason)
        if found, let cluster = context.cluster {
            let rest = SharedRest(kind: .key, name: keyID, remaining: parkedFor ?? .zero, reason: reason)
            await RestFollower.tell(rest, of: governor, context: context, cluster: cluster)
        }
        return found
    }

    /// When the document is due for its next refresh by itself.
    public func nextRefresh(_ id: DocumentID, state: DocumentState) -> Timestamp? {
        configuration.dataset(id.dataset)?.nextRefresh(of: id.key, state: state)
    }
}
