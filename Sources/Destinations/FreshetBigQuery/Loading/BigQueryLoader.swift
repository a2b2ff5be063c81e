public import FreshetCore
import Synchronization

/// Sends the rows that wait for one BigQuery destination, by load jobs.
///
/// Rows wait durably in the store's outbox and leave it only when BigQuery has put them in place. Whatever happens in
/// between (a crash, a lost answer, BigQuery away), they are sent again under the same job id, and BigQuery runs a job of
/// one id once only.
public final class BigQueryLoader: Sendable {
    /// Tables that are sent at the same time.
    static let width = 4
    /// Entries looked at in one go.
    static let window = 5_000

    /// Test doors; production uses the defaults.
    struct Options: Sendable {
        var transport: any HTTPTransport = NetworkTransport()
        var pieceBytes = 8 << 20
        var window = BigQueryLoader.window
        var random: @Sendable () -> any RandomNumberGenerator & Sendable = { SystemRandomNumberGenerator() }
    }

    /// The destination.
    public let config: DestinationConfig
    private let specs: [String: TableSpec]
    private let store: any TableStore & OutboxStore
    private let clock: any FreshetClock
    private let notice: @Sendable (BigQueryNotice) -> Void
    private let options: Options
    private let api: BigQueryAPI
    private let state = Mutex(LoaderState())

    /// Creates a loader; nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - config: The destination.
    ///   - specs: All declared tables; partitions, clusters and precisions are read from them.
    ///   - store: Has the rows and the queue.
    ///   - clock: Paces sending.
    ///   - notice: Hears what happens; called from any task, must not block.
    /// - Throws: ``BigQueryError`` when a name or the credentials file is not usable.
    public convenience init(
        config: DestinationConfig, specs: [TableSpec], store: any TableStore & OutboxStore, clock: any FreshetClock,
        notice: @escaping @Sendable (BigQueryNotice) -> Void = { _ in }
    ) throws(BigQueryError) {
        try self.init(config: config, specs: specs, store: store, clock: clock, notice: notice, options: Options())
    }

    init(
        config: DestinationConfig, specs: [TableSpec], store: any TableStore & OutboxStore, clock: any FreshetClock,
        notice: @escaping @Sendable (BigQueryNotice) -> Void = { _ in }, options: Options
    ) throws(BigQueryError) {
        try Self.check(config)
        self.config = config
        self.specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
        (self.store, self.clock, self.notice, self.options) = (store, clock, notice, options)
        var tokens: AccessTokens?
        if let path = config.credentials {
            _ = try ServiceAccount(path: path)
            tokens = AccessTokens(
                load: { try ServiceAccount(path: path) }, transport: options.transport, clock: clock)
        }
        api = BigQueryAPI(
            project: config.project, dataset: config.dataset, place: DatasetPlace(config.location),
            base: String(config.endpoint.reversed().drop { $0 == "/" }.reversed()), transport: options.transport,
            tokens: tokens)
    }

    /// Names go into addresses and SQL: they are what Google allows and nothing else.
    private static func check(_ config: DestinationConfig) throws(BigQueryError) {
        func isName(_ text: String, _ more: Set<Character>) -> Bool {
            !text.isEmpty
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || more.contains($0)) }
        }
        var problems: [String] = []
        if !isName(config.project, ["-", ".", ":"]) { problems.append("project \"\(config.project)\"") }
        if !isName(config.dataset, ["_"]) { problems.append("dataset \"\(config.dataset)\"") }
        if let location = config.location, !isName(location, ["-"]) { problems.append("location \"\(location)\"") }
        guard problems.isEmpty else {
            throw BigQueryError(
                .destination, reason: "invalid",
                message:
                    "destination \(config.name): \(problems.joined(separator: " and ")) cannot be a name in BigQuery")
        }
    }

    // MARK: Running

    /// Sends what waits, again and again, until the task is cancelled; then returns.
    ///
    /// What was under way then is asked for when a loader runs again.
    public func run() async {
        while !Task.isCancelled {
            let wait = await sendWaiting()
            do { try await clock.sleep(for: wait) } catch { return }
        }
    }

    /// Sends what waits now, until nothing is left or nothing can be sent.
    ///
    /// Not to be called while ``run()`` runs.
    /// - Returns: When to look again.
    @discardableResult
    public func sendWaiting() async -> Duration {
        do {
            while true {
                let pause = state.withLock { $0.wait(now: clock.monotonic()) }
                if pause > .zero { return pause }
                let tables = try await waiting()
                if tables.isEmpty { break }
                try await send(tables)
            }
        } catch let error as StoreError {
            notice(.storeFailed(error))
        } catch {
            // Failures of the destination have been noted; what is left is a cancellation.
            let pause = state.withLock { $0.wait(now: clock.monotonic()) }
            if pause > .zero { return pause }
        }
        let table = state.withLock { $0.nextTable(now: clock.monotonic()) }
        return min(config.every, table ?? config.every)
    }

    /// How the destination stands.
    ///
    /// - Throws: `StoreError` when the queue cannot be counted.
    public func status() async throws(StoreError) -> BigQueryStatus {
        let depth = try await store.outboxDepth()[config.name]
        let now = clock.monotonic()
        return state.withLock { state in
            let stopped = state.tables.sorted { $0.key < $1.key }.map { table, pause in
                BigQueryStatus.StoppedTable(
                    table: table, error: pause.error, since: pause.since, failures: pause.failures)
            }
            return BigQueryStatus(
                destination: config.name, waiting: depth?.count ?? 0, oldest: depth?.oldest,
                error: state.destination?.error, awaySince: state.destination?.since,
                nextTry: state.destination.map { max(.zero, $0.until - now) }, stopped: stopped,
                rows: state.loadedRows, loads: state.loads, lastLoadAt: state.lastLoadAt)
        }
    }

    // MARK: One pass

    /// Waiting entries by table, oldest table first, without tables that rest.
    ///
    /// Entries of resting tables stand in front of others: the window grows until it shows what is behind them.
    private func waiting() async throws -> [[OutboxEntry]] {
        var limit = options.window
        while true {
            let entries = try await store.outbox(of: config.name, limit: limit)
            let now = clock.monotonic()
            let resting = state.withLock { state in
                Set(Set(entries.map(\.table)).filter { state.isResting($0, now: now) })
            }
            let ready = entries.filter { !resting.contains($0.table) }
            guard ready.isEmpty, entries.count == limit else {
                let groups = Dictionary(grouping: ready, by: \.table).values
                return groups.sorted { ($0.first?.id ?? 0) < ($1.first?.id ?? 0) }
            }
            limit *= 4
        }
    }

    /// Sends the entries of several tables, a few tables at a time.
    ///
    /// - Throws: What stands in the way of all of them; failures of one table are noted only.
    private func send(_ tables: [[OutboxEntry]]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, entries) in tables.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { try await self.drain(entries) }
            }
            try await group.waitForAll()
        }
    }

    /// Sends the entries of one table until none is left or its job fails.
    private func drain(_ entries: [OutboxEntry]) async throws {
        var left = entries
        let table = entries[0].table
        do {
            guard let schema = try await store.schemaVersions(of: table).first?.schema else {
                // The table was dropped: its rows are gone here, and what BigQuery has stays as it is.
                try await store.confirmOutbox(left.map(\.id))
                return state.withLock { $0.forget(table) }
            }
            let sender = sender(for: schema)
            while !left.isEmpty {
                let sent = try await sender.send(left)
                let done = Set(sent.entries.map(\.id))
                left.removeAll { done.contains($0.id) }
                note(sent, table)
            }
        } catch let error as BigQueryError {
            note(error, table)
            if error.scope == .destination { throw error }
        }
    }

    private func sender(for schema: TableSchema) -> TableSender {
        let labels = ["freshet": LabelText.clean(config.name), "freshet_table": LabelText.clean(schema.name)]
        let options = options
        return TableSender(
            api: api, store: store, clock: clock,
            requests: JobRequest(
                project: config.project, dataset: config.dataset, place: api.place, labels: labels),
            batchRows: max(1, config.batchRows), pieceBytes: options.pieceBytes,
            nonce: {
                var random = options.random()
                return random.next()
            }, schema: schema, spec: specs[schema.root] ?? specs[schema.name])
    }

    private func note(_ sent: TableSender.Sent, _ table: String) {
        let isBack = state.withLock { $0.sent(sent.rows, table: table, at: clock.now()) }
        if isBack { notice(.back) }
        notice(.loaded(table: table, rows: sent.rows, entries: sent.entries.count, job: sent.jobID))
    }

    private func note(_ error: BigQueryError, _ table: String) {
        var random = options.random()
        let (wait, isFirst) = state.withLock { state in
            state.failed(error, table: table, at: clock.now(), now: clock.monotonic(), random: &random)
        }
        notice(
            error.scope == .destination
                ? .away(error, wait: wait, isFirst: isFirst)
                : .tableFailed(table: table, error, wait: wait, isFirst: isFirst))
    }
}
