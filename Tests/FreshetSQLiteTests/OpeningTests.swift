import Foundation
import FreshetCore
import GRDB
import Testing

@testable import FreshetSQLite

@Suite struct OpeningTests {
    @Test func `everything survives closing and opening, and no number is given twice`() async throws {
        let scratch = try Scratch()
        var store = try await scratch.open()
        #expect(store.report.isNew)
        #expect(store.report.migrations == Migrations.all.map(\.name))
        _ = try await store.commit(newContent("A", 1, keeps: true))
        _ = try await store.commit(newContent("A", 2, keeps: true))
        let wish = EnqueueRequest(document: id("A"), priority: .high, cause: "read", heat: 3)
        let first = try await store.enqueue([wish], now: moment)[0]
        let admitted = LeaseRequest(admitted: [clan: .low], count: 1, leaseFor: .seconds(60))
        let lease = try #require(try await store.lease(admitted, now: moment).first)
        try await store.setValue([1, 2], for: "budget")
        let epoch = try await store.eventEpoch()
        _ = try await store.removeEvents(before: moment + .seconds(100), limit: 10)
        await store.close()
        #expect(try scratch.names.contains("freshet.sqlite"))

        store = try await scratch.open()
        #expect(!store.report.isNew)
        #expect(!store.report.wasUnclean)
        #expect(store.report.migrations == [])
        #expect(store.report.setAside == nil)
        let found = try #require(try await store.document(id("A")))
        #expect(found.state.version == 2)
        #expect(try await store.versions(of: id("A"), since: nil, until: nil, limit: 9).map(\.version) == [2, 1])
        #expect(try await store.value("budget") == [1, 2])
        #expect(try await store.eventEpoch() == epoch)
        #expect(try await store.job(first.jobID)?.state == .leased)
        #expect(try await store.recoverLeases(all: true, now: moment) == 1)
        let again = try #require(try await store.lease(admitted, now: moment).first)
        #expect(again.fence > lease.fence)
        #expect(try await store.end([(lease: lease, end: .done)], now: moment) == [false])
        #expect(try await store.end([(lease: again, end: .done)], now: moment) == [true])
        #expect(try await store.forgetDone(before: moment + .seconds(1)) == 1)
        #expect(try await store.enqueue([wish], now: moment)[0].jobID > first.jobID)
        #expect(try await store.append([NewEvent(type: "t", source: nil)], now: moment).map(\.offset) == [3])
        await store.close()
    }

    @Test func `closing leaves an empty log, and its absence is how an unclean end is known`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        _ = try await store.commit(newContent("A", 1))
        let wal = scratch.file + "-wal"
        let copy = try Scratch()
        try FileManager.default.copyItem(atPath: scratch.file, toPath: copy.file)
        try FileManager.default.copyItem(atPath: wal, toPath: copy.file + "-wal")
        await store.close()
        let size = (try? FileManager.default.attributesOfItem(atPath: wal)[.size] as? Int) ?? 0
        #expect(size == 0)
        let survivor = try await copy.open()
        #expect(survivor.report.wasUnclean)
        #expect(survivor.report.wasChecked)
        #expect(try await survivor.document(id("A"))?.state.version == 1)
        await survivor.close()
    }

    @Test(arguments: SQLiteOptions.Durability.allCases)
    func `durability is what SQLite says after opening`(durability: SQLiteOptions.Durability) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open { $0.durability = durability }
        #expect(store.report.durability == durability)
        _ = try await store.commit(newContent("A", 1))
        let level = try await store.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(level == (durability == .full ? 2 : 1))
        let mode = try await store.pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
        await store.close()
    }

    @Test func `the file is for its owner only`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        _ = try await store.commit(newContent("A", 1))
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch.file + suffix)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
        await store.close()
    }

    @Test func `a missing directory is made, an impossible one is refused with the reason`() async throws {
        let scratch = try Scratch()
        let deep = scratch.path + "/a/b/c"
        let store = try await SQLiteStore.open(directory: deep, now: moment)
        #expect(FileManager.default.fileExists(atPath: deep + "/freshet.sqlite"))
        await store.close()
        let error = await #expect(throws: StoreError.self) {
            try await SQLiteStore.open(directory: scratch.path + "/a/b/c/freshet.sqlite/x", now: moment)
        }
        guard case .cannotWrite(let why) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(why.contains("cannot be made"))
    }

    @Test(arguments: 0..<Migrations.all.count)
    func `a file of every past step is brought up to date with its content`(count: Int) async throws {
        let scratch = try Scratch()
        let queue = try DatabaseQueue(path: scratch.file)
        try Migrations.migrator(first: count).migrate(queue)
        let old = [Self.oldDocument, Self.oldJob, Self.oldEvent].prefix(count).joined(separator: "\n")
        // The fifth step gave the tables the names that they have now.
        let named = count >= 5 ? old.replacing("INSERT INTO ", with: "INSERT INTO freshet_") : old
        try await queue.write { try $0.execute(sql: named) }
        try queue.close()

        let store = try await scratch.open()
        #expect(store.report.migrations == Migrations.all.dropFirst(count).map(\.name))
        if count >= 1 {
            let found = try #require(try await store.document(id("old")))
            #expect(found.body == Array("{}".utf8))
            #expect(found.state.presence == .live)
        }
        if count >= 2 { #expect(try await store.job(for: id("old"))?.id == 4) }
        if count >= 3 { #expect(try await store.events(after: 0, limit: 9).events.map(\.type) == ["old"]) }
        _ = try await store.commit(newContent("new", 1))
        let wish = EnqueueRequest(document: id("new"), priority: .low, cause: "read")
        #expect(try await store.enqueue([wish], now: moment)[0].jobID == (count >= 2 ? 5 : 1))
        #expect(try await store.verify().problems == [])
        await store.close()
    }

    private static let oldDocument = """
        INSERT INTO datasets VALUES (1, 'clash', 'clan');
        INSERT INTO documents (
            id, dataset, key, presence, version, last_updated, checked_at, changed_at, fresh_until, content_hash,
            body_hash, content_type, not_found_count, origin, bytes)
        VALUES (1, 1, 'old', 1, 1, 5, 5, 5, 9, X'01', X'01', 'application/json', 0, 0, 2);
        INSERT INTO versions (document_id, version, dataset, changed_at, origin, body) VALUES (1, 1, 1, 5, 0, X'7B7D');
        """
    private static let oldEvent = """
        INSERT INTO events (id, at, type, payload) VALUES (1, 5, 'old', X'7B7D');
        INSERT INTO counters VALUES ('event', 1);
        """
    private static let oldJob = """
        INSERT INTO jobs (id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat)
        VALUES (4, 1, 'old', 2, 'read', 5, 5, 0, 0, 0);
        INSERT INTO counters VALUES ('job', 4);
        """

    @Test func `a file of a newer program is refused and left alone`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        _ = try await store.commit(newContent("A", 1))
        await store.close()
        let queue = try DatabaseQueue(path: scratch.file)
        try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999-from-the-future')") }
        try queue.close()
        await #expect(throws: StoreError.newerSchema(found: "9999-from-the-future")) {
            try await scratch.open()
        }
        #expect(try scratch.names.allSatisfy { !$0.contains("corrupt") })
    }
}
