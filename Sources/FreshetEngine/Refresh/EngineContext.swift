import FreshetCore
import Logging
import Synchronization

/// What the rooms of the engine share.
///
/// Everything in it is safe from any task.
final class EngineContext: Sendable {
    let configuration: Configuration
    let store: any Store
    let upstream: any Upstream
    let clock: any FreshetClock
    let steady: SteadyTime
    /// Where reads are written down, if anywhere.
    let readsLog = ReadsLog()
    /// What adaptive refreshing knows; `nil` where no dataset is refreshed that way.
    let adaptive: AdaptiveDesk?
    let catalog: Catalog
    let metrics: MetricsRegistry
    let logger: Logger
    let waiters = AttemptWaiters()
    let storeHealth = StoreHealth()
    let sourceEvents = SourceEventBox()
    let tables: TableMaker
    let desk = TableDesk()
    let bell = EventBell()
    let webhooks = WebhookDesk()
    let appsByDataset: [DatasetID: any App]
    /// The deployment that this process is part of; `nil` when it is alone.
    let cluster: ClusterPart?
    /// The limits that all processes share; `nil` when it is alone.
    let slots: SharedSlots?
    /// What was done since the start, for a worker that reports at its end.
    let tally = WorkTally()
    /// No new refresh starts once this is set.
    let isStopping = Atomic<Bool>(false)

    init(
        configuration: Configuration, store: any Store, upstream: any Upstream, clock: any FreshetClock,
        catalog: Catalog, metrics: MetricsRegistry, logger: Logger, cluster: ClusterPart? = nil
    ) {
        self.configuration = configuration
        self.store = store
        self.upstream = upstream
        self.clock = clock
        self.catalog = catalog
        self.metrics = metrics
        self.logger = logger
        steady = SteadyTime(clock: clock)
        adaptive = AdaptiveDesk(configuration, store: store)
        tables = TableMaker(configuration)
        appsByDataset = configuration.appsByDataset
        self.cluster = cluster
        slots = cluster.map { SharedSlots(limits: $0.limits, member: $0.setup.member.name, clock: clock) }
    }

    /// Tells the other processes of news, if there are any.
    func ring(_ news: News) { cluster?.wire.ring(news) }

    /// Why a source takes no calls now; `nil` while it does.
    func condition(of governor: SourceGovernor) -> SourceCondition? {
        let shift = clock.now() - clock.monotonic()
        return SourceConditions.of(governor.look().budget) { shift + $0 }?.condition
    }

    /// Counts and logs a store failure, and holds refreshes back for a moment when the store cannot be written.
    func storeFailed(_ error: StoreError, while doing: String, metadata: Logger.Metadata) {
        metrics.increment("freshet_store_errors_total")
        if case .fenced = error {
            logger.warning("\(doing): \(error)", metadata: metadata)
            return
        }
        if storeHealth.failed(error, now: clock.monotonic()) {
            logger.error("\(doing): \(error)", metadata: metadata)
        }
    }
}
