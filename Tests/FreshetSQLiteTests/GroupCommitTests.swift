import Foundation
import FreshetCore
import GRDB
import Testing

@testable import FreshetSQLite

@Suite struct GroupCommitTests {
    @Test(arguments: [false, true])
    func `a write that fails half-way takes nothing with it and leaves nothing behind`(isBrief: Bool) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    if number % 10 == 3 {
                        do {
                            try await store.committer.write(isBrief: isBrief) { session in
                                try session.setValue([1], for: "half-\(number)")
                                try session.statement("INSERT INTO freshet_state (name, value) VALUES ('x', NULL)")
                                    .run()
                            }
                            return false
                        } catch StoreError.cannotWrite {
                            return true
                        }
                    }
                    _ = try await store.commit(newContent("k\(number)", number))
                    return false
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 20)
        let keys = try await store.keys(of: clan, after: nil, limit: 1_000)
        #expect(keys.count == 180)
        for number in stride(from: 3, to: 200, by: 10) { #expect(try await store.value("half-\(number)") == nil) }
        let log = try await store.events(after: 0, limit: 1_000).events
        #expect(log.map(\.offset) == Array(1...180), "rolled back offsets are given again, without gaps")
        #expect(try await store.verify().problems == [])
        await store.close()
    }

    @Test(arguments: [false, true])
    func `a refusal before the first change does not disturb the batch`(isBrief: Bool) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let runs = Counter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    _ = try? await store.committer.write(isBrief: isBrief) { session in
                        runs.add()
                        if number % 2 == 0 { throw StoreError.fenced(jobID: Int64(number)) }
                        try session.setValue([1], for: "v\(number)")
                    }
                }
            }
        }
        #expect(runs.value == 100, "no write had to run twice")
        for number in 0..<100 { #expect(try await store.value("v\(number)") == (number % 2 == 0 ? nil : [1])) }
        await store.close()
    }

    @Test(arguments: [false, true])
    func `a refusal after a change is rolled back`(isBrief: Bool) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        await #expect(throws: StoreError.fenced(jobID: 7)) {
            try await store.committer.write(isBrief: isBrief) { session in
                try session.setValue([1], for: "half")
                throw StoreError.fenced(jobID: 7)
            }
        }
        #expect(try await store.value("half") == nil)
        await store.close()
    }

    @Test(arguments: [false, true])
    func `a log that has grown long is copied back`(isBrief: Bool) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open { $0.checkpointPages = 20 }
        for number in 0..<300 {
            let value = [UInt8](repeating: UInt8(number % 256), count: 3_000)
            try await store.committer.write(isBrief: isBrief) { try $0.setValue(value, for: "v\(number % 7)") }
        }
        let bytes = try FileManager.default.attributesOfItem(atPath: scratch.file + "-wal")[.size] as? Int
        #expect(try #require(bytes) < 60 * 4_120, "three hundred commits are some nine hundred pages")
        await store.close()
    }

    @Test func `brief calls beside others take effect once each, up to the moment of closing`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let counted = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    while counted.value < 3_000 || writer > 0 {
                        do {
                            try await store.committer.write(isBrief: writer % 2 == 0) { session in
                                try session.setValue(Array("\(try count(in: session) + 1)".utf8), for: "count")
                            }
                            counted.add()
                        } catch StoreError.unavailable("the store is closed") {
                            return
                        }
                    }
                    await store.close()
                }
            }
            try await group.waitForAll()
        }
        let again = try await scratch.open()
        #expect(try await again.value("count").map { String(decoding: $0, as: UTF8.self) } == "\(counted.value)")
        #expect(try await again.verify().problems == [])
        await again.close()
    }

    @Test(arguments: [1, 3, 256], [1, 1_000, 8 << 20])
    func `batches of any bound keep the order of one caller`(operations: Int, bytes: Int) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open {
            $0.batchOperations = operations
            $0.batchBytes = bytes
        }
        await withTaskGroup(of: Void.self) { group in
            for key in 0..<8 {
                group.addTask {
                    for number in 1...10 { _ = try? await store.commit(newContent("k\(key)", number, bytes: 700)) }
                }
            }
        }
        for key in 0..<8 {
            let found = try #require(try await store.document(id("k\(key)")))
            #expect(found.state.version == 10)
            #expect(found.body.starts(with: "10:".utf8))
        }
        await store.close()
    }

    @Test func `a full disk refuses writes, keeps reads going, and heals by itself`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        _ = try await store.commit(newContent("good", 1))
        let pages = try await limitPages(of: store, to: 1)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let error = await #expect(throws: StoreError.self) {
                        try await store.commit(newContent("k\(number)", number, bytes: 100_000))
                    }
                    guard case .cannotWrite = error else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                }
            }
        }
        let good = try #require(try await store.document(id("good")))
        #expect(good.body.starts(with: "1:".utf8))
        #expect(try await store.keys(of: clan, after: nil, limit: 100).map(\.key) == ["good"])
        _ = try await limitPages(of: store, to: pages + 10_000)
        _ = try await store.commit(newContent("after", 2, bytes: 100_000))
        #expect(try await store.events(after: 0, limit: 10).events.map(\.offset) == [1, 2])
        #expect(try await store.verify().problems == [])
        await store.close()
    }

    /// Sets the most pages the file may have (never below its size) and returns that limit.
    private func limitPages(of store: SQLiteStore, to count: Int) async throws -> Int {
        try await store.pool.writeWithoutTransaction { database in
            try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(count)") ?? 0
        }
    }
}

/// The number that the session has written last.
private func count(in session: WriteSession) throws -> Int {
    let statement = try session.statement("SELECT value FROM freshet_state WHERE name = 'count'")
    defer { statement.reset() }
    guard try statement.step() else { return 0 }
    return Int(String(decoding: statement.blob(0), as: UTF8.self)) ?? 0
}
