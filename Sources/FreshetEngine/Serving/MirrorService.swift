public import FreshetCore

/// What the serving side may ask of the engine.
///
/// Nothing here waits for an upstream, except where it says so.
public protocol MirrorService: Sendable {
    /// The declared sources and datasets.
    var configuration: Configuration { get }

    /// Answers in memory; the fast lane reads it directly.
    var catalog: Catalog { get }

    /// Counters shown by `/metrics`.
    var metrics: MetricsRegistry { get }

    /// Brings a document into the catalog from the store, if the store knows it.
    ///
    /// - Returns: The catalog's entry; `nil` when the document was never asked for.
    func load(_ id: DocumentID) async throws(StoreError) -> CatalogEntry?

    /// Asks for a refresh; returns once the wish is durable. One job per document, whoever asks.
    func requestRefresh(_ request: EnqueueRequest) async throws(StoreError) -> EnqueueResult

    /// Keeps a document fresh while a client shows it, at most ten minutes; to be renewed.
    func view(_ id: DocumentID, client: String, for span: Duration) -> ViewingAnswer

    /// Says that a client shows a document no more; `false` when it did not hold it.
    func unview(_ id: DocumentID, client: String) -> Bool

    /// Notes that a stale document was read, without waiting; the engine enqueues it at the dataset's priority.
    func noteStaleRead(_ id: DocumentID)

    /// Waits until an attempt on the document has ended, or until `timeout`.
    ///
    /// - Returns: Whether an attempt ended in time.
    func awaitAttempt(_ id: DocumentID, timeout: Duration) async -> Bool

    /// Why a document is as it is: last attempt, error, breaker, key budget, queue position, next run.
    func why(_ id: DocumentID) async throws(StoreError) -> WhyReport

    /// Sources, datasets, queue and budgets at a glance.
    func status() async throws(StoreError) -> StatusReport

    /// Whether reads can be served.
    ///
    /// - Throws: ``StoreError`` when they cannot.
    func readiness() async throws(StoreError)

    /// Says that jobs were changed in the store, so that workers look at once.
    func jobsChanged()

    /// The store behind the mirror, for lists, history, jobs and tokens.
    var store: any Store { get }

    /// The rows that documents became; `nil` when the store keeps none.
    var tables: (any TableStore)? { get }

    /// Stores a document that did not come from its source: weighed like a refresh, with rows and events, and served at once.
    ///
    /// Fallback becomes no rows, and displaces nothing.
    /// - Parameters:
    ///   - id: The document.
    ///   - content: What it holds, with its hashes and its origin.
    ///   - time: When it was true; staleness counts from here.
    /// - Throws: ``StoreError`` when nothing was written.
    func bring(_ id: DocumentID, _ content: FetchedContent, at time: Timestamp) async throws(StoreError)

    /// What the apps keep in memory, by the names of the apps.
    var runners: AppRunners { get }

    /// Passes a request on live under the budget; waits for the upstream.
    func pass(_ request: PassRequest, dataset: DatasetID?) async -> PassResult

    /// Parks (or, with `until` nil, returns to service) a key of a source; `false` when no such key exists.
    func setKey(source: String, keyID: String, parkedFor: Duration?, reason: String) async -> Bool

    /// Fetches a document now, under the budget but beside the queue; waits for the upstream.
    ///
    /// - Returns: `nil` when the source or dataset is not declared.
    func fetchNow(_ id: DocumentID, wish: FetchWish) async throws(StoreError) -> FetchReport?

    /// Makes the rows of stored documents again, without one upstream call.
    ///
    /// - Returns: `nil` when the dataset has no tables or the store keeps none.
    func replay(_ wish: ReplayWish) async throws(StoreError) -> ReplayReport?

    /// Makes a document again out of the rows of its automatic tables.
    ///
    /// - Returns: `nil` when the dataset has no automatic table, or the document no rows in it.
    func rebuild(_ id: DocumentID) async throws(StoreError) -> [UInt8]?

    /// Rings when the event log has grown.
    var eventBell: EventBell { get }

    /// The webhooks; `nil` when there are none.
    var webhooks: (any WebhookControl)? { get }

    /// When the document is due for its next refresh by itself; `nil` when only a read would cause one.
    func nextRefresh(_ id: DocumentID, state: DocumentState) -> Timestamp?
}

/// Historical loads, where there are workers for them.
public protocol BackfillService: Sendable {
    /// The historical load of a dataset, finished or not; `nil` when there never was one.
    func backfill(of dataset: DatasetID) async throws(StoreError) -> BackfillState?

    /// Begins a load; ``StoreError/refused(_:)`` says why not.
    func beginBackfill(_ wish: BackfillWish) async throws(StoreError) -> BackfillState

    /// Goes on with a load that was stopped, and tries what was given up on again.
    func resumeBackfill(of dataset: DatasetID) async throws(StoreError) -> BackfillState

    /// Stops a load.
    func stopBackfill(of dataset: DatasetID) async throws(StoreError) -> BackfillState
}

extension Engine: BackfillService {}

extension MirrorService {
    /// When the store answers.
    public func readiness() async throws(StoreError) { _ = try await store.depth(source: nil) }

    /// Without workers there is nobody to tell.
    public func jobsChanged() {}

    /// The store itself, when it is one of tables, too.
    public var tables: (any TableStore)? { store as? any TableStore }
}

extension MirrorService {
    /// Nothing is refreshed by what is known of its keys.
    public func view(_ id: DocumentID, client: String, for span: Duration) -> ViewingAnswer { .unsupported }

    /// Nobody holds anything.
    public func unview(_ id: DocumentID, client: String) -> Bool { false }
}

extension MirrorService {
    /// Takes nothing in.
    public func bring(_ id: DocumentID, _ content: FetchedContent, at time: Timestamp) async throws(StoreError) {
        throw .unavailable("this mirror takes no documents in")
    }

    /// None.
    public var runners: AppRunners { AppRunners() }
}
