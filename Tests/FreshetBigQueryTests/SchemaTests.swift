import FreshetCore
import FreshetMock
import Testing

@testable import FreshetBigQuery

struct SchemaTests {
    private func append(_ warehouse: Warehouse, _ columns: [(String, ColumnType)], _ row: MemoryTables.Row) {
        warehouse.store.setSchema(.test("log", .append, columns))
        warehouse.store.commit("log", key: "a", rows: [row])
    }

    @Test(arguments: [WriteDisposition.append, .replace, .merge])
    func `a new column is added as nullable, and columns of others stay`(disposition: WriteDisposition) async throws {
        try await Warehouse.with { warehouse in
            let loader = try warehouse.loader()
            let key = disposition == .merge ? ["id"] : []
            warehouse.store.setSchema(.test("log", disposition, key: key, [("id", .integer)]))
            warehouse.store.commit("log", key: "a", rows: [["id": .integer(1)]])
            await loader.sendWaiting()
            warehouse.store.setSchema(.test("log", disposition, key: key, [("id", .integer), ("extra", .text)]))
            warehouse.store.commit("log", key: "a", rows: [["id": .integer(2), "extra": .text("x")]])
            await loader.sendWaiting()
            // A rollback takes the column out here; over there it stays.
            warehouse.store.setSchema(.test("log", disposition, key: key, [("id", .integer)]))
            warehouse.store.commit("log", key: "a", rows: [["id": .integer(3)]])
            await loader.sendWaiting()
            #expect(warehouse.store.waiting.isEmpty)
            #expect(warehouse.columns("log").last == "extra STRING NULLABLE")
            #expect(warehouse.rows("log", "id").last == ["3"])
        }
    }

    @Test func `an integer column becomes a decimal one in place`() async throws {
        try await Warehouse.with { warehouse in
            let loader = try warehouse.loader()
            append(warehouse, [("n", .integer)], ["n": .integer(7)])
            await loader.sendWaiting()
            append(warehouse, [("n", .decimal)], ["n": .decimal("7.5")])
            await loader.sendWaiting()
            #expect(warehouse.rows("log", "n") == [["7"], ["7.5"]])
            #expect(warehouse.columns("log").contains("n BIGNUMERIC NULLABLE"))
            // The way back needs no change: the wider column takes integers.
            append(warehouse, [("n", .integer)], ["n": .integer(8)])
            await loader.sendWaiting()
            #expect(warehouse.rows("log", "n") == [["7"], ["7.5"], ["8"]])
        }
    }

    @Test func `values that fit no column are kept as exact text beside it`() async throws {
        try await Warehouse.with { warehouse in
            let long = "1.234567890123456789012345678901234567890123"
            warehouse.store.setSchema(
                .test("log", .append, [("d", .decimal), ("m", .timestamp), ("j", .json), ("i", .integer)]))
            warehouse.store.commit(
                "log", key: "a",
                rows: [
                    ["d": .decimal("1.5"), "m": .timestamp(seconds: 0, nanoseconds: 0), "i": .integer(1)],
                    [
                        "d": .decimal(long), "m": .timestamp(seconds: 0, nanoseconds: 123_456_789),
                        "j": .json("{\"a\":0.1000000000000000000001}"), "i": .decimal("9223372036854775808"),
                    ],
                ])
            try await warehouse.loader().sendWaiting()
            let texts = ["d", "m", "j", "i"].flatMap { [$0, "\($0)__v_text"] }
            #expect(
                texts.map { warehouse.rows("log", $0).map { $0[0] } } == [
                    ["1.5", "null"], ["null", long], ["0", "123456"], ["null", "1970-01-01T00:00:00.123456789Z"],
                    ["null", "null"], ["null", "{\"a\":0.1000000000000000000001}"], ["1", "null"],
                    ["null", "9223372036854775808"],
                ])
            // Once there, the column is used without being asked for again.
            let reads = warehouse.store.reads
            warehouse.store.commit("log", key: "a", rows: [["d": .decimal("1e50")]])
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.rows("log", "d__v_text").last == ["1e50"])
            #expect(warehouse.store.reads == reads + 1)
        }
    }

    @Test(arguments: [
        ((digits: 38, scale: 9), "NUMERIC"), ((digits: 10, scale: 2), "NUMERIC"),
        ((digits: 39, scale: 9), "BIGNUMERIC"),
        ((digits: 20, scale: 10), "BIGNUMERIC"), ((digits: 76, scale: 38), "BIGNUMERIC"),
        ((digits: 50, scale: 39), "STRING"),
    ])
    func `a declared precision chooses the decimal type`(precision: (digits: Int, scale: Int), type: String)
        async throws
    {
        try await Warehouse.with { warehouse in
            var column = ColumnSpec(name: "n", type: .decimal)
            column.precision = precision
            var spec = TableSpec(name: "log", rows: .auto)
            spec.columns = [column]
            append(warehouse, [("n", .decimal)], ["n": .decimal("12.50")])
            try await warehouse.loader([spec]).sendWaiting()
            #expect(warehouse.columns("log").contains("n \(type) NULLABLE"))
            #expect(warehouse.rows("log", "n") == [[type == "STRING" ? "12.50" : "12.5"]])
        }
    }

    @Test func `a partition by a column that is no time stops the table and says why`() async throws {
        try await Warehouse.with { warehouse in
            var spec = TableSpec(name: "log", rows: .auto)
            spec.partitionBy = "n"
            append(warehouse, [("n", .integer)], ["n": .integer(1)])
            let loader = try warehouse.loader([spec])
            await loader.sendWaiting()
            let stopped = try await loader.status().stopped
            #expect(stopped.first?.error.message.contains("time partitioning") == true)
            #expect(warehouse.store.waiting.count == 1)
        }
    }

    @Test(arguments: ["_PARTITIONTIME", "_table_x", "__root__"])
    func `names that BigQuery keeps for itself get a letter in front`(name: String) {
        #expect(WarehouseSchema.name(name) == "c\(name)")
    }

    @Test(arguments: [
        ("0", "0"), ("-0.0", "0"), ("1e3", "1000"), ("1.50", "1.5"), ("-1.5E-3", "-0.0015"), ("100", "100"),
        ("0.1e1", "1"), ("12345678901234567890.12345", "12345678901234567890.12345"),
    ])
    func `numbers are written out without an exponent and nothing is lost`(text: String, plain: String) throws {
        let number = try #require(NumberText(text.utf8))
        #expect(String(decoding: number.plain, as: UTF8.self) == plain)
    }

    @Test(arguments: ["", "-", "1.2.3", "e5", "1e", "abc", "1e99999999999"])
    func `what is no number is none`(text: String) { #expect(NumberText(text.utf8) == nil) }

    @Test(arguments: [
        ("1", true), ("18446744073709551615", true), ("18446744073709551616", false), ("0.1", true), ("1e400", false),
        ("0.10000000000000000001", false), ("{\"a\":[\"9.99999999999999999999\\\"1.00000000000000000001\"]}", true),
        (String(repeating: "[", count: 501) + String(repeating: "]", count: 501), false),
    ])
    func `the JSON type keeps what is a double or a 64-bit integer`(text: String, isExact: Bool) {
        #expect(JSONFit.isExact(text) == isExact)
    }
}
