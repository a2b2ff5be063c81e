import Foundation
import FreshetCore
import Testing

@testable import FreshetSQLite
@testable import FreshetTesting

/// Rows under `kill -9` and under readers: old or new, never between.
@Suite struct TableCrashTests {
    private static func spec(_ disposition: WriteDisposition) -> TableSpec {
        var spec = TableSpec(name: "crimes_\(disposition.rawValue)", rows: .path("$[*]"))
        spec.disposition = disposition
        spec.maxDeletes = 1
        spec.keepsHistory = disposition == .merge
        if disposition != .append { spec.primaryKey = ["id"] }
        return spec
    }

    /// The document of a number: its rows and child rows all carry the number; every tenth brings a new column.
    private static func commit(_ number: Int, _ spec: TableSpec) -> RefreshCommit {
        var rows: [[(String, RowMaker.Value)]] = []
        var slots: [[(String, RowMaker.Value)]] = []
        for place in 0...(number * 7 % 5) {
            rows.append([("id", .int(Int64(place))), ("v", .int(Int64(number))), ("c\(number / 10)", .text("x"))])
            for slot in 0..<(number * 3 % 4) {
                slots.append([("row_id", .int(Int64(place))), ("_i1", .int(Int64(slot))), ("v", .int(Int64(number)))])
            }
        }
        var parents = RowMaker(rows: rows)
        (parents.name, parents.path) = (spec.name, [spec.name])
        let children = RowMaker.child(
            "\(spec.name)__slots", [spec.name, "slots", "[]"], ["row_id": .parent, "_i1": .index(level: 1)], slots)
        var commit = newContent(spec.name, number, bytes: 500)
        commit.tables = TableCommit(
            rows: RowMaker.document([parents, children]), specs: [spec], mark: 1, fetchedAt: commit.at)
        commit.id = DocumentID(dataset: DatasetID(source: "clash", name: spec.name), key: "A")
        return commit
    }

    @Test func `whatever moment a crash takes, rows, child rows and document agree`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open { $0.checkpointPages = 1_000_000 }
        let acknowledged = WriteDisposition.allCases.map { _ in Counter() }
        let isDone = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (writer, disposition) in WriteDisposition.allCases.enumerated() {
                group.addTask {
                    for number in 1...40 {
                        let result = try await store.commit(Self.commit(number, Self.spec(disposition)))
                        #expect(result.tables?.stop == nil)
                        acknowledged[writer].add()
                    }
                    isDone.add()
                }
            }
            group.addTask {
                var copies = 0
                repeat {
                    let promised = acknowledged.map(\.value)
                    let copy = try Scratch()
                    try FileManager.default.copyItem(atPath: scratch.file, toPath: copy.file)
                    try FileManager.default.copyItem(atPath: scratch.file + "-wal", toPath: copy.file + "-wal")
                    try await check(copy, promised)
                    copies += 1
                } while isDone.value < WriteDisposition.allCases.count || copies < 4
            }
            try await group.waitForAll()
        }
        await store.close()
    }

    private func check(_ copy: Scratch, _ promised: [Int]) async throws {
        let store = try await copy.open()
        for (writer, disposition) in WriteDisposition.allCases.enumerated() where promised[writer] > 0 {
            let spec = Self.spec(disposition)
            let id = DocumentID(dataset: DatasetID(source: "clash", name: spec.name), key: "A")
            let version = try #require(try await store.document(id)?.state.version)
            #expect(version >= promised[writer], "an acknowledged commit is lost")
            let shown = disposition == .append ? Array(1...version) : [version]
            var (rows, slots) = ([Int64](), [Int64]())
            for number in shown {
                let count = number * 7 % 5 + 1
                rows += Array(repeating: Int64(number), count: count)
                slots += Array(repeating: Int64(number), count: count * (number * 3 % 4))
            }
            #expect(try await values(spec.name, store) == rows)
            #expect(try await values("\(spec.name)__slots", store) == slots)
        }
        #expect(try await store.verify().problems == [])
        await store.close()
    }

    private func values(_ table: String, _ store: SQLiteStore) async throws -> [Int64] {
        guard try await store.tables().contains(where: { $0.schema.name == table }) else { return [] }
        var query = TableQuery(table: table)
        (query.columns, query.limit) = (["v"], 10_000)
        return try await store.rows(query).rows.map { if case .integer(let value) = $0[0] { value } else { -1 } }
    }

    @Test func `a reader sees a replaced set of rows whole, before or after`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let spec = Self.spec(.replace)
        _ = try await store.commit(Self.commit(1, spec))
        let isDone = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 2...60 { _ = try await store.commit(Self.commit(number, spec)) }
                isDone.add()
            }
            for _ in 0..<2 {
                group.addTask {
                    repeat {
                        let seen = try await self.values(spec.name, store)
                        let number = Int(try #require(seen.first))
                        #expect(seen == Array(repeating: Int64(number), count: number * 7 % 5 + 1))
                    } while isDone.value == 0
                }
            }
            try await group.waitForAll()
        }
        await store.close()
    }
}
