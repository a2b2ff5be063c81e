import Foundation
import FreshetCore
import GRDB
import Testing

@testable import FreshetSQLite

@Suite struct CorruptionTests {
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case garbage, otherFile, truncatedHeader, truncatedBody, overwrittenPage, schemaPage

        var testDescription: String { rawValue }

        /// Whether only a check of the whole file sees it, which is made after an unclean end.
        var needsCheck: Bool { self == .overwrittenPage || self == .truncatedBody }

        func apply(to path: String) throws {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            switch self {
            case .garbage: bytes = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            case .otherFile: bytes = Data("this is a letter to my grandmother, and quite a long one\n".utf8)
            case .truncatedHeader: bytes = bytes.prefix(60)
            case .truncatedBody: bytes = bytes.prefix(bytes.count / 2)
            case .overwrittenPage:
                let start = bytes.count / 2 / 4096 * 4096
                bytes.replaceSubrange(start..<(start + 4096), with: Data(repeating: 0xAA, count: 4096))
            case .schemaPage: bytes.replaceSubrange(100..<4096, with: Data(repeating: 0xAA, count: 3996))
            }
            try bytes.write(to: URL(fileURLWithPath: path))
        }
    }

    /// A closed store with 200 documents, then damaged.
    private func damaged(_ damage: Damage) async throws -> Scratch {
        let scratch = try Scratch()
        let store = try await scratch.open()
        for number in 0..<200 { _ = try await store.commit(newContent("k\(number)", number, bytes: 1_000)) }
        await store.close()
        try damage.apply(to: scratch.file)
        // Any content in the log is what an unclean end looks like; SQLite ignores a log without a valid header.
        if damage.needsCheck { try Data([0]).write(to: URL(fileURLWithPath: scratch.file + "-wal")) }
        return scratch
    }

    @Test(arguments: Damage.allCases)
    func `a damaged file is set aside whole, and an empty store begins`(damage: Damage) async throws {
        let scratch = try await damaged(damage)
        let before = try Data(contentsOf: URL(fileURLWithPath: scratch.file))
        let store = try await scratch.open()
        let aside = try #require(store.report.setAside)
        #expect(aside.path == scratch.file + ".corrupt-20231114T221320Z")
        #expect(!aside.reason.isEmpty)
        #expect(aside.description.contains(aside.path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: aside.path)) == before, "not a byte of it is changed")
        #expect(store.report.isNew)
        #expect(try await store.document(id("k1")) == nil)
        _ = try await store.commit(newContent("new", 1))
        #expect(try await store.verify().problems == [])
        await store.close()
    }

    @Test(arguments: Damage.allCases)
    func `with the option fail nothing is touched`(damage: Damage) async throws {
        let scratch = try await damaged(damage)
        let before = try Data(contentsOf: URL(fileURLWithPath: scratch.file))
        let error = await #expect(throws: StoreError.self) {
            try await scratch.open { $0.onCorruption = .fail }
        }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.file)) == before)
        #expect(try scratch.names.allSatisfy { !$0.contains("corrupt") })
    }

    @Test func `files set aside in the same second do not overwrite each other`() async throws {
        let scratch = try Scratch()
        for _ in 0..<3 {
            try Data("not a database, but long enough to be taken for one".utf8)
                .write(to: URL(fileURLWithPath: scratch.file))
            let store = try await scratch.open()
            await store.close()
        }
        #expect(
            try scratch.names.filter { $0.contains("corrupt") && !$0.contains("-wal") && !$0.contains("-shm") }.count
                == 3)
    }

    @Test(arguments: [
        ("DELETE FROM freshet_versions WHERE document_id = 1", "documents without the body of their current version"),
        (
            "UPDATE freshet_documents SET bytes = bytes + 1 WHERE id = 1",
            "documents without the body of their current version"
        ),
        ("DELETE FROM freshet_documents WHERE id = 1", "versions that count as current but are not"),
        ("DELETE FROM freshet_events WHERE id = 2", "events missing from the log"),
        ("UPDATE freshet_jobs SET lease_until = 5", "jobs whose lease and state disagree"),
        ("UPDATE freshet_counters SET value = 0", "counters behind the numbers they gave"),
        ("DELETE FROM freshet_datasets", "documents of a dataset without a name"),
    ])
    func `verify names a broken invariant`(damage: String, sentence: String) async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        for number in 1...3 { _ = try await store.commit(newContent("k\(number)", number)) }
        let wish = EnqueueRequest(document: id("k1"), priority: .low, cause: "read")
        _ = try await store.enqueue([wish], now: moment)
        #expect(try await store.verify().isSound)
        try await store.pool.write { try $0.execute(sql: damage) }
        let report = try await store.verify()
        #expect(report.problems.contains { $0.hasSuffix(sentence) }, "\(report.problems)")
        await store.close()
    }
}
