import FreshetCore
import FreshetPostgres
import FreshetTesting
import Synchronization
import Testing

/// What becomes of calls when the server, or the way to it, fails.
@Suite(
    .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed; scripts/bootstrap --test installs it"),
    .timeLimit(.minutes(10)))
struct PostgresFailureTests {
    private static let dataset = DatasetID(source: "clash", name: "clan")
    private static let start = Timestamp(seconds: 1_700_000_000)

    private static func id(_ key: String) -> DocumentID { DocumentID(dataset: dataset, key: key) }

    private static func content(_ text: String) -> RefreshOutcome {
        let hash = Array(text.utf8) + [UInt8](repeating: 0, count: 16)
        return .content(
            FetchedContent(
                body: Array(text.utf8), contentHash: Array(hash.prefix(16)), bodyHash: Array(hash.prefix(16)),
                freshFor: .seconds(60)))
    }

    @Test func `calls fail at once while the server is away, and work again when it is back`() async throws {
        let server = try await PrivatePostgres.start()
        defer { server.end() }
        let store = try await TestDatabase.open(try await server.database())
        try await store.setValue([1], for: "a")
        try await server.stopService()
        for _ in 0..<50 {
            let begin = ContinuousClock.now
            await #expect(throws: StoreError.self) { try await store.value("a") }
            await #expect(throws: StoreError.self) { try await store.setValue([2], for: "a") }
            #expect(ContinuousClock.now - begin < .seconds(20), "nobody waits for a server that is gone")
        }
        try await server.resumeService()
        try await Self.eventually { try await store.value("a") == [1] }
        try await server.crash()
        try await server.resumeService()
        try await Self.eventually { try await store.value("a") == [1] }
        await store.close()
    }

    @Test func `a server that stands still holds up a call no longer than its limit`() async throws {
        let server = try await PrivatePostgres.start()
        defer { server.end() }
        let store = try await TestDatabase.open(try await server.database()) {
            $0.statementTimeout = .seconds(3)
            $0.connectTimeout = .seconds(3)
        }
        _ = try await store.value("a")
        try await server.freeze()
        let begin = ContinuousClock.now
        await #expect(throws: StoreError.self) { try await store.value("a") }
        #expect(ContinuousClock.now - begin < .seconds(60))
        try await server.thaw()
        try await Self.eventually { try await store.value("a") == nil }
        await store.close()
    }

    @Test func `connections killed all the time lose nothing and double nothing`() async throws {
        let server = try await PrivatePostgres.start()
        defer { server.end() }
        let uri = try await server.database()
        let stores = [try await TestDatabase.open(uri), try await TestDatabase.open(uri)]
        let keys = 400
        _ = try await stores[0].enqueue(
            (0..<keys).map { EnqueueRequest(document: Self.id("k\($0)"), priority: .medium, cause: "read") },
            now: Self.start)
        let isOver = Shared(false)
        async let killing: Int = {
            var kills = 0
            while !isOver.withLock({ $0 }) {
                let count = try await server.sql(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """, in: uri)
                kills += Int(count) ?? 0
            }
            return kills
        }()
        let outcomes = Shared<[String: Int]>([:])
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    await Self.work(stores[worker % 2]) { key in outcomes.withLock { $0[key, default: 0] += 1 } }
                }
            }
        }
        isOver.withLock { $0 = true }
        let kills = try await killing
        #expect(kills > 10, "connections were killed")
        try await Self.check(stores[1], keys: keys, outcomes.withLock { $0 })
        for store in stores { await store.close() }
    }

    /// Every job took effect once, every event was written once, and no success was told that is none.
    private static func check(_ store: PostgresStore, keys: Int, _ told: [String: Int]) async throws {
        let depth = try await store.depth(source: nil)
        #expect(depth.total(.done) == keys)
        #expect(told.values.allSatisfy { $0 == 1 }, "no job was told to be done twice")
        let events = try await store.events(after: 0, limit: 10_000).events
        #expect(events.count == keys, "one event of each job")
        #expect(Set(events.compactMap(\.document?.key)).count == keys)
        #expect(events.map(\.offset) == (1...Int64(keys)).map(\.self), "offsets without gaps")
        var after: String?
        var found = 0
        while case let page = try await store.keys(of: dataset, after: after, limit: 1_000), !page.isEmpty {
            found += page.count
            #expect(page.allSatisfy { $0.state.version == 1 })
            after = page.last?.key
        }
        #expect(found == keys)
    }

    /// Leases and commits until every job is done, whatever fails meanwhile.
    private static func work(_ store: PostgresStore, _ told: @Sendable (String) -> Void) async {
        var round: Int64 = 0
        while true {
            round += 1
            do {
                // A lease whose answer was lost runs out: the clock goes on with every round.
                let now = start + .seconds(round * 5)
                _ = try await store.recoverLeases(all: false, now: now)
                let request = LeaseRequest(admitted: [dataset: .low], count: 4, leaseFor: .seconds(200))
                let leases = try await store.lease(request, now: now)
                if leases.isEmpty {
                    let depth = try await store.depth(source: nil)
                    if depth.total(.done) > 0, depth.total(.ready) + depth.total(.leased) + depth.total(.waiting) == 0 {
                        return
                    }
                }
                for lease in leases { await commit(lease, to: store, told) }
            } catch {
                await serverTurn()
            }
        }
    }

    private static func commit(_ lease: LeasedJob, to store: PostgresStore, _ told: @Sendable (String) -> Void) async {
        let event = NewEvent(type: "dataset.updated", source: "clash", document: lease.job.document)
        let commit = RefreshCommit(
            id: lease.job.document, outcome: content(lease.job.document.key), at: start,
            job: (lease: lease, end: .done), events: [event])
        // The same lease may try again: it takes effect once.
        for _ in 0..<50 {
            do {
                _ = try await store.commit(commit)
                return told(lease.job.document.key)
            } catch StoreError.fenced {
                return
            } catch {
                await serverTurn()
            }
        }
    }

    @Test func `a server that crashes in the middle of writes keeps what was told to be kept`() async throws {
        let server = try await PrivatePostgres.start()
        defer { server.end() }
        let store = try await TestDatabase.open(try await server.database())
        let kept = Shared<Set<String>>([])
        async let writing: Void = withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for round in 0..<400 {
                        let key = "w\(writer)-\(round)"
                        let commit = RefreshCommit(id: Self.id(key), outcome: Self.content(key), at: Self.start)
                        guard (try? await store.commit(commit)) != nil else { return }
                        kept.withLock { _ = $0.insert(key) }
                    }
                }
            }
        }
        while kept.withLock({ $0.count }) < 200 { await serverTurn() }
        try await server.crash()
        await writing
        try await server.resumeService()
        for key in kept.withLock({ $0 }) {
            try await Self.eventually { try await store.document(Self.id(key)) != nil }
        }
        await store.close()
    }

    @Test func `after a restart of the server limits take no more than before`() async throws {
        let server = try await PrivatePostgres.start()
        defer { server.end() }
        let store = try await TestDatabase.open(try await server.database())
        let count = SharedCount(
            name: "a", per: .seconds(600), capacity: 10, interval: .seconds(60), tolerance: .seconds(180))
        for call in 0..<4 {
            #expect(try await store.limits.take([count], call: "\(call)", hold: .seconds(700)) == .granted)
        }
        try await server.crash()
        try await server.resumeService()
        try await Self.eventually {
            _ = try await store.limits.take([count], call: "after", hold: .seconds(700))
            return true
        }
        let used = try await store.limits.used([count])
        #expect(used[0] >= 4, "what could have been taken in the last moments is held")
        await store.close()
    }

    private static func eventually(_ isKept: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            if (try? await isKept()) == true { return }
            try #require(ContinuousClock.now < end, "it came about in time")
            await serverTurn()
        }
    }
}

/// A value that several tasks change.
private final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        value.withLock { value in body(&value) }
    }
}
