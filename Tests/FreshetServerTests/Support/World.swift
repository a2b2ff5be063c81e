import FreshetCore
import FreshetEngine
import FreshetMemory
import FreshetServer
import FreshetTesting
import Logging
import ServiceLifecycle
import Synchronization

/// A server on a free loopback port over a scripted mirror, with a clock that stands still.
final class World: Sendable {
    let mirror: ScriptedMirror
    let clock: ManualClock
    let port: Int

    private init(mirror: ScriptedMirror, clock: ManualClock, port: Int) {
        (self.mirror, self.clock, self.port) = (mirror, clock, port)
    }

    /// Runs `body` against a server, and stops the server gracefully afterwards.
    static func run(
        lane: Bool = true, configure: (inout Configuration) -> Void = { _ in },
        _ body: @Sendable @escaping (World) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        var configuration = World.configuration()
        configure(&configuration)
        let mirror = ScriptedMirror(configuration: configuration, clock: clock)
        let bound = AsyncStream<String>.makeStream()
        var quiet = Logger(label: "test")
        quiet.logLevel = .critical
        let server = FreshetServer.make(
            service: mirror, configuration: configuration, logger: quiet, clock: clock, version: "9.9.9",
            usesLane: lane
        ) { url in
            bound.continuation.yield(url)
            bound.continuation.finish()
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server], gracefulShutdownSignals: [], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var urls = bound.stream.makeAsyncIterator()
            let url = await urls.next() ?? ""
            let port = Int(url.split(separator: ":").last ?? "") ?? 0
            let result: Result<Void, any Error>
            do {
                try await body(World(mirror: mirror, clock: clock, port: port))
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    static func configuration() -> Configuration {
        var configuration = Configuration(dataDirectory: "/tmp", store: .memory)
        configuration.server.port = 0
        // One loop: what one connection has shown to be read, every other has, too.
        configuration.server.threads = 1
        configuration.sources = [SourceConfig(name: "clash", baseURL: "http://127.0.0.1:1/v1")]
        var clan = DatasetConfig(id: DatasetID(source: "clash", name: "clan"), template: template("/clans/{tag}"))
        clan.normalisers = ["tag": .clashTag]
        let repo = DatasetConfig(
            id: DatasetID(source: "clash", name: "repo"), template: template("/repos/{owner}/{name}"))
        let list = DatasetConfig(id: DatasetID(source: "clash", name: "leagues"), template: template("/leagues"))
        let search = DatasetConfig(id: DatasetID(source: "clash", name: "search"), template: template("/search?q={q}"))
        configuration.datasets = [clan, list, repo, search]
        return configuration
    }

    private static func template(_ text: String) -> PathTemplate {
        do {
            return try PathTemplate(text)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Sends one request on a connection of its own and reads the answer.
    func get(
        _ target: String, _ fields: [String] = [], method: String = "GET", body: String = ""
    ) async throws -> RawAnswer {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1", "Connection: close"] + fields
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        let bytes = try await RawClient.exchange(port: port, [Array(text.utf8)])
        return try RawAnswer(bytes)
    }

    /// The same, with a JSON body.
    func post(_ target: String, _ body: String, _ fields: [String] = [], method: String = "POST") async throws
        -> RawAnswer
    {
        try await get(target, ["Content-Type: application/json"] + fields, method: method, body: body)
    }
}

/// A mirror whose engine is a script.
final class ScriptedMirror: MirrorService {
    let configuration: Configuration
    let catalog: Catalog
    let metrics = MetricsRegistry()
    let store: any Store = MemoryStore()
    private let clock: ManualClock
    private let began: Timestamp

    struct Script: Sendable {
        var demands: [DocumentID] = []
        var refreshes: [EnqueueRequest] = []
        var loads = 0
        var waits: [Duration] = []
        var passes: [PassRequest] = []
        var parked: [String] = []
        /// What an attempt brings when somebody waits for it; `nil` lets the wait run out.
        var attempt: StoredDocument?
        /// How many attempts fail before.
        var failures = 0
        /// When the queue tries again after a failed attempt; `nil` when it has given up.
        var nextTry: Timestamp?
        var passResult = PassResult.answer(status: 200, headers: [], body: [])
        var isDown = false
        /// How often somebody asked how everything stands.
        var looks = 0
        var tables: (any TableStore)?
    }

    let script = Mutex(Script())

    init(configuration: Configuration, clock: ManualClock) {
        self.configuration = configuration
        self.clock = clock
        began = clock.now()
        catalog = Catalog(configuration: configuration, memoryLimit: configuration.server.memory, clock: clock)
        catalog.setDemandSink { [weak self] id in self?.script.withLock { $0.demands.append(id) } }
    }

    func load(_ id: DocumentID) async throws(StoreError) -> CatalogEntry? {
        script.withLock { $0.loads += 1 }
        guard let document = try await store.document(id) else { return nil }
        return catalog.publish(document)
    }

    func requestRefresh(_ request: EnqueueRequest) async throws(StoreError) -> EnqueueResult {
        script.withLock { $0.refreshes.append(request) }
        let results = try await store.enqueue([request], now: clock.now())
        guard let first = results.first else { throw .unavailable("no answer") }
        return first
    }

    var tables: (any TableStore)? { script.withLock { $0.tables } }

    func noteStaleRead(_ id: DocumentID) { script.withLock { $0.demands.append(id) } }

    func awaitAttempt(_ id: DocumentID, timeout: Duration) async -> Bool {
        let (attempt, isFailed) = script.withLock { script in
            script.waits.append(timeout)
            let isFailed = script.failures > 0
            if isFailed { script.failures -= 1 }
            return (script.attempt, isFailed)
        }
        if isFailed { return true }
        guard let attempt, attempt.id == id else {
            clock.advance(by: timeout)
            return false
        }
        catalog.publish(attempt)
        return true
    }

    func why(_ id: DocumentID) async throws(StoreError) -> WhyReport {
        var report = WhyReport(id: id, verdict: "Nobody has asked for it.", cause: "never-asked")
        report.job = try await store.job(for: id)
        report.nextRun = script.withLock { $0.nextTry }
        return report
    }

    func status() async throws(StoreError) -> StatusReport {
        script.withLock { $0.looks += 1 }
        var report = StatusReport(at: clock.now(), startedAt: began - .seconds(60))
        var source = SourceStatus(name: "clash")
        if script.withLock({ $0.isDown }) { (source.health, source.reason) = (.down, "breaker open: <b>timeouts</b>") }
        source.keys = [KeyLine(id: "k1", state: "ok", calls: 3)]
        source.budgets = [BudgetLine(scope: "key", subject: "k1", calls: 40, per: .seconds(1), used: 3)]
        report.sources = [source]
        var census = DatasetCensus()
        (census.live, census.stale, census.oldest) = (7, 2, began - .seconds(300))
        report.datasets = [(id: DatasetID(source: "clash", name: "clan"), census: census)]
        return report
    }

    func pass(_ request: PassRequest, dataset: DatasetID?) async -> PassResult {
        script.withLock { script in
            script.passes.append(request)
            return script.passResult
        }
    }

    func setKey(source: String, keyID: String, parkedFor: Duration?, reason: String) async -> Bool {
        guard source == "clash", keyID == "k1" else { return false }
        script.withLock { $0.parked.append(parkedFor.map { "\($0)" } ?? "back") }
        return true
    }

    let eventBell = EventBell()

    func rebuild(_ id: DocumentID) async throws(StoreError) -> [UInt8]? { nil }

    func replay(_ wish: ReplayWish) async throws(StoreError) -> ReplayReport? { nil }

    func fetchNow(_ id: DocumentID, wish: FetchWish) async throws(StoreError) -> FetchReport? {
        var report = FetchReport(outcome: "content")
        report.body = Array("{}".utf8)
        return report
    }

    func nextRefresh(_ id: DocumentID, state: DocumentState) -> Timestamp? { nil }
}

extension World {
    /// Puts a good document into the mirror.
    @discardableResult
    func publish(
        _ key: String, dataset: String = "clan", body: String = #"{"a":1}"#, version: Int = 1,
        age: Duration = .seconds(10),
        freshFor: Duration = .seconds(600), change: (inout DocumentState) -> Void = { _ in }
    ) -> DocumentID {
        let id = DocumentID(dataset: DatasetID(source: "clash", name: dataset), key: key)
        mirror.catalog.publish(
            World.document(id, body: body, version: version, at: clock.now() - age, freshFor: freshFor, change: change))
        return id
    }

    static func document(
        _ id: DocumentID, body: String, version: Int = 1, at moment: Timestamp, freshFor: Duration = .seconds(600),
        change: (inout DocumentState) -> Void = { _ in }
    ) -> StoredDocument {
        var state = DocumentState()
        state.presence = .live
        state.version = version
        (state.lastUpdated, state.checkedAt, state.changedAt) = (moment, moment, moment)
        state.freshUntil = moment + freshFor
        state.bodyHash = Array(repeating: UInt8(version), count: 16)
        state.contentHash = state.bodyHash
        change(&state)
        return StoredDocument(id: id, state: state, body: Array(body.utf8))
    }
}
