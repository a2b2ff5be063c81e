import FreshetCore
import FreshetMock
import Testing

@testable import FreshetBigQuery

struct AppendTests {
    private static let log = TableSchema.test("log", .append, [("id", .integer), ("name", .text)])

    private func row(_ id: Int64, _ name: String = "x") -> MemoryTables.Row {
        ["id": .integer(id), "name": .text(name)]
    }

    @Test func `appended rows arrive with their types and leave the outbox`() async throws {
        try await Warehouse.with { warehouse in
            let columns: [(String, ColumnType)] = [
                ("i", .integer), ("d", .decimal), ("f", .float), ("b", .boolean), ("t", .text), ("m", .timestamp),
                ("day", .date), ("j", .json),
            ]
            warehouse.store.setSchema(.test("log", .append, columns))
            warehouse.store.commit(
                "log", key: "a/1",
                rows: [
                    [
                        "i": .integer(.max), "d": .decimal("-12345678901234567890.00100"), "f": .float(0.1),
                        "b": .boolean(true), "t": .text("line\nbreak \"ü\" 🐟 'x'"),
                        "m": .timestamp(seconds: -1, nanoseconds: 250_000_000), "day": .date(days: 0),
                        "j": .json("{\"a\":\n[1, 2.5, null]}"),
                    ],
                    ["i": .integer(.min), "f": .float(.infinity), "d": .decimal("1e3")],
                ])
            try await warehouse.loader().sendWaiting()
            #expect(
                warehouse.columns("log") == [
                    "_key STRING REQUIRED", "_fetch_id INTEGER REQUIRED", "_fetched_at TIMESTAMP REQUIRED",
                    "_version INTEGER REQUIRED", "_deleted_at TIMESTAMP NULLABLE", "_shape STRING NULLABLE",
                    "i INTEGER NULLABLE", "d BIGNUMERIC NULLABLE", "f FLOAT NULLABLE", "b BOOLEAN NULLABLE",
                    "t STRING NULLABLE", "m TIMESTAMP NULLABLE", "day DATE NULLABLE", "j JSON NULLABLE",
                ])
            #expect(
                warehouse.rows("log") == [
                    [
                        "a/1", "1", "1800000000000000", "1", "null", "null", "9223372036854775807",
                        "-12345678901234567890.001", "0.1", "true", "line\nbreak \"ü\" 🐟 'x'", "-750000",
                        "1970-01-01", "{\"a\":[1,2.5,null]}",
                    ],
                    [
                        "a/1", "1", "1800000000000000", "1", "null", "null", "-9223372036854775808", "1000", "Infinity",
                        "null", "null", "null", "null", "null",
                    ],
                ])
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `several fetches become one job, in the order of the commits`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            for id in 1...5 { warehouse.store.commit("log", key: "k\(id % 2)", rows: [row(Int64(id))]) }
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.rows("log", "id") == [["1"], ["2"], ["3"], ["4"], ["5"]])
            #expect(warehouse.jobs.count == 1)
        }
    }

    @Test func `a job takes no more rows than allowed, but never divides a fetch`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1), row(2)])
            warehouse.store.commit("log", key: "a", rows: [row(3)])
            warehouse.store.commit("log", key: "a", rows: [row(4)])
            warehouse.store.commit("log", key: "a", rows: (5...9).map { row($0) })
            try await warehouse.loader { $0.batchRows = 3 }.sendWaiting()
            let sizes = warehouse.handler.jobs().compactMap {
                $0["statistics"]?["load"]?["outputRows"]?.stringValue
            }
            #expect(sizes == ["3", "1", "5"])
            #expect(warehouse.rows("log", "id").flatMap(\.self) == (1...9).map { "\($0)" })
        }
    }

    @Test func `rows beyond one piece go in a resumable upload`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            let text = String(repeating: "y", count: 500)
            warehouse.store.commit("log", key: "a", rows: (0..<2_500).map { row($0, text) })
            try await warehouse.loader(pieceBytes: 256 << 10) { $0.batchRows = 400 }.sendWaiting()
            #expect(warehouse.rows("log", "id").flatMap(\.self) == (0..<2_500).map { "\($0)" })
            #expect(warehouse.jobs.count == 1)
            #expect(warehouse.mock.requests().filter { $0.method == "PUT" }.count >= 5)
        }
    }

    @Test func `a fetch that added nothing needs no job`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [])
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.store.waiting.isEmpty && warehouse.handler.jobs().isEmpty)
        }
    }

    @Test(arguments: [("EU", "EU"), (nil, "US")])
    func `jobs are begun and asked for where the dataset lies`(declared: String?, found: String) async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            try await warehouse.loader { $0.location = declared }.sendWaiting()
            #expect(warehouse.handler.jobs().first?["jobReference"]?["location"]?.stringValue == found)
            let asked = warehouse.mock.requests().filter { $0.method == "GET" && $0.target.contains("/jobs/") }
            #expect(!asked.isEmpty && asked.allSatisfy { $0.target.hasSuffix("?location=\(found)") })
        }
    }

    @Test func `the table is partitioned and clustered as declared`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("log", .append, [("at", .timestamp), ("id", .integer)]))
            var spec = TableSpec(name: "log", rows: .auto)
            (spec.partitionBy, spec.clusterBy) = ("at", ["_key", "id"])
            warehouse.store.commit("log", key: "a", rows: [["at": .timestamp(seconds: 5, nanoseconds: 0)]])
            try await warehouse.loader([spec]).sendWaiting()
            let table = try #require(warehouse.handler.table("local", "games", "log"))
            #expect(table["timePartitioning"] == ["type": "DAY", "field": "at"])
            #expect(table["clustering"] == ["fields": ["_key", "id"]])
            let labels = warehouse.handler.jobs().first?["configuration"]?["labels"]
            #expect(labels?["freshet"] == "warehouse" && labels?["freshet_table"] == "log")
        }
    }
}
