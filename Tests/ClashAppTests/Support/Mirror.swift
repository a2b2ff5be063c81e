import ClashApp
import Foundation
import FreshetCore
import FreshetDocument
import FreshetMock
import FreshetSQLite
import FreshetTesting
import Synchronization
import Testing

/// A store with the app's tables, fed as the engine feeds it and asked as the server asks it.
struct Mirror: Sendable {
    let store: SQLiteStore
    let app: ClashApp
    let clock: ManualClock
    let tables: CountingTables
    private let log = Log()

    /// What was asked of the engine.
    final class Log: Sendable {
        let asked = Mutex<[DocumentID]>([])
        let passed = Mutex<[PassRequest]>([])
        let pass = Mutex<@Sendable (PassRequest) -> PassResult>({ _ in .answer(status: 404, headers: [], body: []) })
    }

    var asked: [DocumentID] { log.asked.withLock { $0 } }
    var passed: [PassRequest] { log.passed.withLock { $0 } }

    /// Sets what upstream answers to passed requests.
    func answers(_ pass: @escaping @Sendable (PassRequest) -> PassResult) { log.pass.withLock { $0 = pass } }

    /// Runs a test on a new store.
    static func with(
        _ options: ClashOptions = Fixture.options, at now: Timestamp = Fixture.start,
        _ body: (Mirror) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "clash-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try await SQLiteStore.open(directory: folder.path, now: now)
        let mirror = Mirror(
            store: store, app: ClashApp(options), clock: ManualClock(now: now), tables: CountingTables(store))
        let stops = try await store.prepare(mirror.app.datasets, views: mirror.app.views, now: now)
        #expect(stops.isEmpty)
        do {
            try await body(mirror)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    // MARK: Documents

    /// What a commit told.
    struct Loaded {
        var outcome: TableOutcome?
        var events: [Event]
        var effect: DocumentEffect

        func table(_ name: String) -> TableEffect? { outcome?.tables.first { $0.table == name } }
    }

    /// Commits a document as a refresh does: rows and events made of the change.
    @discardableResult
    func load(_ name: String, _ key: String, _ json: MockJSON) async throws -> Loaded {
        try await load(name, key, bytes: Array(json.text.utf8))
    }

    /// Commits a document as a refresh does.
    @discardableResult
    func load(_ name: String, _ key: String, bytes: [UInt8]) async throws -> Loaded {
        let dataset = try #require(app.datasets.first { $0.id.name == name })
        let id = DocumentID(dataset: dataset.id, key: key)
        let kept = try await store.document(id)
        let change = DocumentChange(
            id: id, before: (kept?.state.version ?? 0) > 0 ? kept?.body : nil, beforeAt: kept?.state.lastUpdated,
            after: bytes, at: clock.now())
        let ignore = IgnoreSet(try dataset.ignoreChanges.map { try JSONPath($0) })
        let hash = Self.bytes(Fingerprint(of: try JSONTape(bytes).root, ignoring: ignore))
        let content = FetchedContent(
            body: bytes, contentHash: hash, bodyHash: Self.bytes(Fingerprint(ofBytes: bytes)), freshFor: dataset.maxAge)
        var commit = RefreshCommit(id: id, outcome: .content(content), at: clock.now(), keepsHistory: true)
        if content.bodyHash != kept?.state.bodyHash {
            commit.eventsOnChange = try app.events(for: change)
            if let tables = dataset.tables {
                let document = try #require(try app.tableDocument(for: change))
                let parameters = Dictionary(dataset.template.parameters.map { ($0, key) }) { first, _ in first }
                let rows = try DocumentNormaliser(tables).rows(
                    of: try JSONTape(document), key: key, parameters: parameters, fetchedAt: clock.now())
                var made = TableCommit(rows: rows, specs: tables.specs, mark: 1, fetchedAt: clock.now())
                let root = try JSONTape(document).root
                made.rows.tables.removeAll { table in
                    guard case .path(let path) = tables.specs[table.spec].rows else { return false }
                    return root[String(path.dropFirst(2).prefix { $0 != "[" })] == nil
                }
                commit.tables = made
            }
        }
        let result = try await store.commit(commit)
        #expect(result.tables?.stop == nil)
        for table in result.tables?.tables ?? [] {
            #expect(table.rejected == 0 && table.discarded == 0 && table.guarded == 0, "\(table.table)")
            #expect(table.variants == 0, "\(table.table)")
        }
        return Loaded(outcome: result.tables, events: result.events, effect: result.effect)
    }

    /// Commits an answer that upstream has no such document, or hides it.
    func refuse(_ name: String, _ key: String, status: Int) async throws {
        let dataset = try #require(app.datasets.first { $0.id.name == name })
        let note = FailureNote(kind: "upstream-\(status)", message: "", at: clock.now(), status: status)
        _ = try await store.commit(
            RefreshCommit(
                id: DocumentID(dataset: dataset.id, key: key),
                outcome: .notFound(rememberFor: dataset.notFoundFor, goneAfter: dataset.goneAfter, note: note),
                at: clock.now()))
    }

    private static func bytes(_ print: Fingerprint) -> [UInt8] {
        [print.high, print.low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - $0 * 8)) } }
    }

    /// The rows of a question, by column.
    func rows(_ sql: String) async throws -> [[String: TableValue]] {
        let answer = try await store.query(sql, limits: QueryLimits(rows: 100_000))
        return answer.rows.map { row in Dictionary(zip(answer.columns.map(\.name), row)) { first, _ in first } }
    }

    // MARK: Routes

    /// An answer with its body read.
    struct Answer {
        var reply: AppReply
        var json: MockJSON?
        var status: Int { reply.status }

        func header(_ name: String) -> String? {
            reply.headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// Asks a route by its path below `/apps/clash`.
    func ask(
        _ method: String = "GET", _ path: String, token: String? = nil, cookie: String? = nil, body: String = "",
        query: [(name: String, value: String)] = []
    ) async throws -> Answer {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        for route in app.routes where route.method == method {
            let pattern = route.pattern.split(separator: "/", omittingEmptySubsequences: false)
            guard pattern.count == parts.count else { continue }
            var captures: [String: String] = [:]
            let fits = zip(pattern, parts).allSatisfy { wanted, part in
                guard wanted.hasPrefix("{") else { return wanted == part }
                captures[String(wanted.dropFirst().dropLast())] = PercentEncoding.decode(part)
                return true
            }
            // A text wins over a name, as in the router.
            guard fits, captures["tag"] != "by-user" || pattern.contains("by-user") else { continue }
            var headers: [(name: String, value: String)] = []
            if let token { headers.append(("authorization", "Bearer \(token)")) }
            if let cookie { headers.append(("cookie", cookie)) }
            let reply = try await route.handle(
                AppRequest(
                    captures: captures, parameters: query, headers: headers, client: "192.0.2.1",
                    body: Array(body.utf8), services: services))
            return Answer(reply: reply, json: try? MockJSON(parsing: reply.body))
        }
        throw Missing(route: "\(method) \(path)")
    }

    struct Missing: Error { var route: String }

    /// What the server gives to routes.
    var services: AppServices {
        var configuration = Configuration(dataDirectory: "/tmp", sources: app.sources, datasets: app.datasets)
        configuration.apps = [app]
        let (store, log) = (store, log)
        return AppServices(
            configuration: configuration, store: store, tables: tables, clock: clock,
            refresh: { _ throws(StoreError) in throw .unavailable("no queue in this test") },
            read: { id in try await store.document(id) },
            ask: { id in
                log.asked.withLock { $0.append(id) }
                return .queued(job: 1)
            },
            pass: { request, _ in
                log.passed.withLock { $0.append(request) }
                return log.pass.withLock { $0 }(request)
            })
    }
}

/// Tables that count the questions put to them, and can be out of reach.
final class CountingTables: TableStore {
    private let store: SQLiteStore
    private let count = Mutex(0)
    private let isDown = Mutex(false)

    init(_ store: SQLiteStore) { self.store = store }

    /// How many questions there were.
    var questions: Int { count.withLock { $0 } }
    /// Whether they are out of reach.
    var isUnreachable: Bool {
        get { isDown.withLock { $0 } }
        set { isDown.withLock { $0 = newValue } }
    }

    func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult {
        count.withLock { $0 += 1 }
        if isUnreachable { throw .unavailable("the store is out of reach") }
        return try await store.query(sql, limits: limits)
    }

    func tables() async throws(StoreError) -> [TableSummary] { try await store.tables() }
    func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion] {
        try await store.schemaVersions(of: table)
    }
    func rows(_ query: TableQuery) async throws(StoreError) -> TablePage { try await store.rows(query) }
    func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow] {
        try await store.rejects(of: table, limit: limit)
    }
    func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome {
        try await store.preview(commit, for: id)
    }
    func apply(
        _ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp
    ) async throws(StoreError) -> TableOutcome {
        try await store.apply(commit, for: id, version: version, now: now)
    }
    func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) async throws(StoreError) -> TableSchema {
        try await store.rollback(table, to: version, discards: discards, now: now)
    }
    func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError) {
        try await store.dropTables(of: dataset, now: now)
    }
    func prepare(
        _ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp
    ) async throws(StoreError) -> [TableStop] {
        try await store.prepare(datasets, views: views, now: now)
    }
    func tableStops() async throws(StoreError) -> [DatasetID: TableStop] { try await store.tableStops() }
}
