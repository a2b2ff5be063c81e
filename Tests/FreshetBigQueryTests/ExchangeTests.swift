import FreshetCore
import FreshetMock
import Testing

@testable import FreshetBigQuery

@Suite(.timeLimit(.minutes(2)))
struct ExchangeTests {
    private func replaced(_ warehouse: Warehouse) -> [[String]] {
        warehouse.rows("members", "_key", "id", "name").sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func row(_ id: Int64, _ name: String) -> MemoryTables.Row { ["id": .integer(id), "name": .text(name)] }

    private static let members = TableSchema.test("members", .replace, [("id", .integer), ("name", .text)])

    @Test func `a replaced table of one document is written anew by one load job`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.members)
            let loader = try warehouse.loader()
            warehouse.store.commit("members", key: "a", rows: [row(1, "x"), row(2, "y")])
            await loader.sendWaiting()
            warehouse.store.commit("members", key: "a", rows: [row(2, "z")])
            await loader.sendWaiting()
            #expect(replaced(warehouse) == [["a", "2", "z"]])
            let kinds = warehouse.handler.jobs().map { $0["configuration"]?["load"]?["writeDisposition"]?.stringValue }
            #expect(kinds == ["WRITE_TRUNCATE", "WRITE_TRUNCATE"])
        }
    }

    @Test func `replacing one of several documents leaves the others alone`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.members)
            let loader = try warehouse.loader()
            warehouse.store.commit("members", key: "a", rows: [row(1, "x"), row(2, "y")])
            warehouse.store.commit("members", key: "b'`\\", rows: [row(1, "x")])
            await loader.sendWaiting()
            #expect(replaced(warehouse) == [["a", "1", "x"], ["a", "2", "y"], ["b'`\\", "1", "x"]])
            warehouse.store.commit("members", key: "a", rows: [row(3, "new")])
            await loader.sendWaiting()
            #expect(replaced(warehouse) == [["a", "3", "new"], ["b'`\\", "1", "x"]])
            // A document that became empty empties its rows.
            warehouse.store.commit("members", key: "b'`\\", rows: [])
            await loader.sendWaiting()
            #expect(replaced(warehouse) == [["a", "3", "new"]])
            warehouse.store.commit("members", key: "a", rows: [])
            await loader.sendWaiting()
            #expect(replaced(warehouse) == [])
            #expect(warehouse.handler.tables("local", "games") == ["members"])
        }
    }

    @Test func `many versions of one document are one exchange`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.members)
            for version in 1...4 {
                warehouse.store.commit("members", key: "a", rows: [row(1, "a\(version)")])
                warehouse.store.commit("members", key: "b", rows: [row(1, "b\(version)")])
            }
            try await warehouse.loader().sendWaiting()
            #expect(replaced(warehouse) == [["a", "1", "a4"], ["b", "1", "b4"]])
            #expect(warehouse.jobs.count == 1)
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `an exchange done but not confirmed brings the newer rows afterwards`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.members)
            warehouse.store.commit("members", key: "a", rows: [row(1, "old")])
            warehouse.store.commit("members", key: "b", rows: [row(1, "old")])
            warehouse.store.failConfirmations(1)
            try await warehouse.loader().sendWaiting()
            warehouse.store.commit("members", key: "a", rows: [row(1, "new")])
            try await warehouse.loader().sendWaiting()
            #expect(replaced(warehouse) == [["a", "1", "new"], ["b", "1", "old"]])
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `merge updates, adds and marks what is gone`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("items", .merge, key: ["id"], [("id", .integer), ("name", .text)]))
            let loader = try warehouse.loader()
            warehouse.store.commit("items", key: "a", rows: [row(1, "one"), row(2, "two")])
            warehouse.store.commit("items", key: "b", rows: [row(1, "other")])
            await loader.sendWaiting()
            warehouse.store.commit(
                "items", key: "a", rows: [row(2, "TWO"), row(3, "three")], at: Timestamp(seconds: 1_800_000_060))
            await loader.sendWaiting()
            let rows = warehouse.rows("items", "_key", "id", "name", "_deleted_at").sorted {
                $0[0] + $0[1] < $1[0] + $1[1]
            }
            #expect(
                rows == [
                    ["a", "1", "one", "1800000060000000"], ["a", "2", "TWO", "null"], ["a", "3", "three", "null"],
                    ["b", "1", "other", "null"],
                ])
            #expect(warehouse.columns("items").contains("id INTEGER REQUIRED"))
        }
    }

    @Test func `merge marks rows that the store no longer has at all`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("items", .merge, key: ["id"], [("id", .integer), ("name", .text)]))
            let loader = try warehouse.loader()
            warehouse.store.commit("items", key: "a", rows: [row(1, "one"), row(2, "two")])
            await loader.sendWaiting()
            warehouse.store.remove("items") { $0["id"] == .integer(1) }
            warehouse.store.commit("items", key: "a", rows: [row(2, "two")], at: Timestamp(seconds: 1_800_000_120))
            await loader.sendWaiting()
            #expect(
                warehouse.rows("items", "id", "_deleted_at").sorted { $0[0] < $1[0] } == [
                    ["1", "1800000120000000"], ["2", "null"],
                ])
        }
    }

    @Test func `a staging table expires by itself when it cannot be removed`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("items", .merge, key: ["id"], [("id", .integer), ("name", .text)]))
            try warehouse.mock.setFaults("503,method=DELETE")
            warehouse.store.commit("items", key: "a", rows: [row(1, "one")])
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.store.waiting.isEmpty)
            let staging = try #require(warehouse.handler.tables("local", "games").first { $0.contains("__freshet_") })
            let expires = warehouse.handler.table("local", "games", staging)?["expirationTime"]?.stringValue
            #expect(expires == "1800086400000")
        }
    }
}
