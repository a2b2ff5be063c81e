import Dispatch
import FreshetCore
import FreshetTesting
import Testing

@testable import FreshetPostgres

@Suite(
    .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed; scripts/bootstrap --test installs it"),
    .timeLimit(.minutes(5)))
struct PostgresStoreTests {
    private static let dataset = DatasetID(source: "clash", name: "clan")
    private static let start = Timestamp(seconds: 1_700_000_000)

    private static func id(_ key: String) -> DocumentID { DocumentID(dataset: dataset, key: key) }

    private static func commit(_ key: String, _ text: String = "x") -> RefreshCommit {
        RefreshCommit(
            id: id(key),
            outcome: .content(
                FetchedContent(
                    body: Array(text.utf8), contentHash: Array(text.utf8), bodyHash: Array(text.utf8),
                    freshFor: .seconds(60))), at: start)
    }

    // MARK: Opening

    @Test func `processes that start together migrate once`() async throws {
        let uri = try await TestDatabase.uri()
        let migrations = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let store = try await TestDatabase.open(uri)
                    let done = store.report.migrations
                    await store.close()
                    return done
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(migrations == Migrations.all.map(\.name))
    }

    @Test func `a database of a newer Freshet is left alone`() async throws {
        let uri = try await TestDatabase.uri()
        await (try await TestDatabase.open(uri)).close()
        let server = try await PrivatePostgres.shared()
        _ = try await server.sql("INSERT INTO freshet_migrations (name) VALUES ('9999-later')", in: uri)
        await #expect(throws: StoreError.newerSchema(found: "9999-later")) { try await TestDatabase.open(uri) }
    }

    @Test func `several deployments share a database, each in a schema of its own`() async throws {
        let uri = try await TestDatabase.uri()
        _ = try await PrivatePostgres.shared().sql("CREATE SCHEMA one; CREATE SCHEMA two", in: uri)
        let one = try await TestDatabase.open(uri + "?options=-csearch_path%3Done")
        let two = try await TestDatabase.open(uri + "?options=-csearch_path%3Dtwo")
        _ = try await one.commit(Self.commit("A"))
        #expect(try await one.document(Self.id("A")) != nil)
        #expect(try await two.document(Self.id("A")) == nil)
        await one.close()
        await two.close()
    }

    @Test func `a database restored from a dump tells changes once`() async throws {
        let uri = try await TestDatabase.uri()
        let first = try await TestDatabase.open(uri)
        _ = try await first.commit(Self.commit("A"))
        await first.close()
        // In its old home the numbers of transactions had gone further.
        _ = try await PrivatePostgres.shared().sql(
            "UPDATE freshet_documents SET written_by = '99999999999'", in: uri)
        let second = try await TestDatabase.open(uri)
        let mark = try await second.changes(since: nil, limit: 10).mark
        #expect(try await second.changes(since: mark, limit: 10).changes.isEmpty)
        await second.close()
    }

    // MARK: The queue

    @Test func `polling an empty queue does not touch the finished jobs`() async throws {
        let uri = try await TestDatabase.uri()
        let store = try await TestDatabase.open(uri)
        let server = try await PrivatePostgres.shared()
        _ = try await store.enqueue(
            [EnqueueRequest(document: Self.id("A"), priority: .low, cause: "read")], now: Self.start)
        _ = try await server.sql(
            """
            INSERT INTO freshet_jobs (dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat, finished_at)
            SELECT 1, 'k' || n, n % 4, 'read', n, n, 1, 4, 0, n FROM generate_series(1, 100000) n;
            DELETE FROM freshet_jobs WHERE state = 0
            """, in: uri)
        _ = try await server.sql("VACUUM ANALYZE freshet_jobs", in: uri)
        let poll = "SELECT * FROM freshet_lease('{1}', '{3}', false, 10, 1000000, 1)"
        // Once before, so that what a new session reads of the catalog is not counted.
        let plan = try await server.sql(
            "\(poll); \(poll); EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) \(poll)", in: uri)
        let blocks = plan.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "=" })
            .first { $0.hasPrefix("hit=") }.flatMap { Int($0.dropFirst(4)) }
        #expect(try #require(blocks) < 100, "a few pages of indexes, whatever lies behind: \(plan)")
        #expect(!plan.contains("written"))
        await store.close()
    }

    @Test func `several workers leasing at once get different jobs in the order of their urgency`() async throws {
        let store = try await TestDatabase.store()
        let requests = (0..<200).map {
            EnqueueRequest(document: Self.id("k\($0)"), priority: $0 % 2 == 0 ? .high : .low, cause: "read")
        }
        _ = try await store.enqueue(requests, now: Self.start)
        let leases = try await withThrowingTaskGroup(of: [LeasedJob].self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await store.lease(
                        LeaseRequest(admitted: [Self.dataset: .low], count: 5, leaseFor: .seconds(60)), now: Self.start)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(leases.map(\.job.id)).count == leases.count)
        #expect(leases.allSatisfy { $0.job.priority == .high })
        await store.close()
    }

    // MARK: Values

    @Test func `what PostgreSQL cannot keep is refused, and the commits beside it are kept`() async throws {
        let store = try await TestDatabase.store()
        let results = await withTaskGroup(of: (Int, Result<CommitResult, StoreError>).self) { group in
            for number in 0..<20 {
                group.addTask {
                    do throws(StoreError) {
                        return (
                            number, .success(try await store.commit(Self.commit(number == 7 ? "a\0b" : "k\(number)")))
                        )
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (number, result) in results {
            switch result {
            case .success: #expect(number != 7)
            case .failure(.refused(let why)):
                #expect(number == 7)
                #expect(!why.contains("a\0b"))
            case .failure(let error): Issue.record("\(error)")
            }
        }
        #expect(try await store.keys(of: Self.dataset, after: nil, limit: 100).count == 19)
        await store.close()
    }

    @Test func `a large body comes back byte by byte`() async throws {
        let store = try await TestDatabase.store()
        var commit = Self.commit("big")
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        commit.outcome = .content(
            FetchedContent(body: body, contentHash: [1], bodyHash: [1], freshFor: .seconds(60)))
        _ = try await store.commit(commit)
        #expect(try await store.document(Self.id("big"))?.body == body)
        await store.close()
    }

    // MARK: Statements

    @Test func `a process that stands still in the middle of a write holds up the others for a moment only`()
        async throws
    {
        let uri = try await TestDatabase.uri()
        let stopped = try await TestDatabase.open(uri) { $0.idleTransactionTimeout = .milliseconds(200) }
        let other = try await TestDatabase.open(uri)
        let isHeld = AsyncStream<Void>.makeStream()
        let isFree = DispatchSemaphore(value: 0)
        async let writing = stopped.writers.transaction { connection in
            let events = try EventRows.append([NewEvent(type: "late", source: nil)], now: Self.start, on: connection)
            isHeld.continuation.finish()
            // The first time it stands still until the other has written; after that it is free at once.
            isFree.wait()
            isFree.signal()
            return events
        }
        for await _ in isHeld.stream {}
        let first = try await other.append([NewEvent(type: "tick", source: nil)], now: Self.start)
        #expect(first.map(\.offset) == [1], "the one that stood still was taken back")
        isFree.signal()
        #expect(try await writing.map(\.offset) == [2], "and was done again")
        await stopped.close()
        await other.close()
    }

    @Test func `a cancelled read ends on the server, too`() async throws {
        let store = try await TestDatabase.store()
        let begin = ContinuousClock.now
        let reading = Task {
            try await store.readers.read { connection in
                try connection.query("SELECT count(*) FROM generate_series(1, 100000000000)").count
            }
        }
        reading.cancel()
        await #expect(throws: StoreError.self) { try await reading.value }
        #expect(ContinuousClock.now - begin < .seconds(15))
        await store.close()
    }

    @Test func `a statement that takes too long is ended`() async throws {
        let store = try await TestDatabase.open(try await TestDatabase.uri()) {
            $0.statementTimeout = .seconds(2)
        }
        await #expect(throws: StoreError.unavailable("a statement took too long and was ended [57014]")) {
            try await store.readers.read { connection in
                try connection.query("SELECT count(*) FROM generate_series(1, 100000000000)").count
            }
        }
        #expect(try await store.value("a") == nil, "the connection goes on")
        await store.close()
    }

    @Test func `values of every kind come back as they were sent`() async throws {
        let store = try await TestDatabase.store()
        try await store.readers.read { connection in
            let row = try connection.query(
                """
                SELECT $1::bigint, $2::text, $3::bytea, $4::boolean, $5::double precision, $6::numeric::text, $7::bigint,
                    (SELECT array_agg(t ORDER BY n)::text FROM unnest($8::text[]) WITH ORDINALITY u(t, n)),
                    (SELECT sum(length(b))::bigint FROM unnest($9::bytea[]) b), cardinality($10::bigint[]), -5::smallint
                """,
                [
                    .int(Int64.min), .text("é\u{1F600}"), .bytes([0, 255, 10]), .bool(true), .double(-0.1),
                    .unknown("12345678901234567890.5"), .null, .texts(["a", nil, ""]), .blobs([[1, 2], nil, []]),
                    .ints([]),
                ])[0]
            #expect(row.int64(0) == .min)
            #expect(row.text(1) == "é\u{1F600}")
            #expect(row.blob(2) == [0, 255, 10])
            #expect(row.bool(3))
            #expect(row.double(4) == -0.1)
            #expect(row.text(5) == "12345678901234567890.5")
            #expect(row.isNull(6) && row.optionalInt64(6) == nil)
            #expect(row.text(7) == "{a,NULL,\"\"}")
            #expect(row.int(8) == 2)
            #expect(row.int(9) == 0)
            #expect(row.int(10) == -5)
        }
        await store.close()
    }

    @Test func `COPY takes many rows, and none when it is given up`() async throws {
        let store = try await TestDatabase.store()
        let count = try await store.writers.transaction { connection in
            try connection.script("CREATE TEMPORARY TABLE lines (n bigint, t text) ON COMMIT DROP")
            let taken = try connection.copyIn("COPY lines (n, t) FROM STDIN") { (put) throws(PGError) in
                for number in 0..<20_000 { try put(Array("\(number)\tline \(number)\n".utf8)) }
            }
            #expect(taken == 20_000)
            #expect(throws: PGError.self) {
                try connection.savepoint { connection in
                    try connection.copyIn("COPY lines (n, t) FROM STDIN") { (put) throws(PGError) in
                        try put(Array("1\tx\n".utf8))
                        throw PGError(kind: .protocolMismatch)
                    }
                }
            }
            return try connection.query("SELECT count(*) FROM lines").first { $0.int(0) }
        }
        #expect(count == 20_000)
        await store.close()
    }
}
