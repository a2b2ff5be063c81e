import FreshetCore
import FreshetExport
import FreshetTesting
import Testing

@Suite struct ParquetTests {
    private typealias Source = ParquetPlan.Source

    /// Plans and shows the values of undecided columns first, as an export does.
    private static func plan(_ sources: [ParquetPlan.Source], _ rows: [[TableValue]]) -> ParquetPlan {
        var plan = ParquetPlan(sources)
        for column in plan.undecided { for row in rows { plan.see(row[column], in: column) } }
        return plan
    }

    private static func failure(of row: [TableValue], _ plan: ParquetPlan) -> ExportError? {
        do {
            var writer = try ParquetWriter(columns: plan.columns, sink: MemorySink())
            try writer.write([row])
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file begins and ends as the format says, and says where its description begins`() throws {
        let sink = MemorySink()
        var writer = try ParquetWriter(columns: [ParquetColumn(name: "a", kind: .integer)], sink: sink)
        try writer.write([[.integer(1)], [.null]])
        #expect(writer.rows == 2)
        let size = try writer.finish()
        let bytes = sink.bytes
        #expect(size == bytes.count)
        #expect(bytes.prefix(4).elementsEqual("PAR1".utf8) && bytes.suffix(4).elementsEqual("PAR1".utf8))
        let footer = bytes.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        // The description's first field: version 1, as a zigzag number of type i32.
        #expect(bytes[bytes.count - 8 - footer] == 0x15 && bytes[bytes.count - 7 - footer] == 2)
    }

    @Test func `a value that does not fit names its column, and widening makes room`() throws {
        let row: [TableValue] = [.text("x"), .timestamp(seconds: 1, nanoseconds: 1)]
        var plan = ParquetPlan([Source(name: "n", type: .integer), Source(name: "t", type: .timestamp)])
        var kinds = [plan.columns.map(\.kind)]
        while case .misfit(let column, let value) = Self.failure(of: row, plan) {
            plan.widen(column, for: value)
            kinds.append(plan.columns.map(\.kind))
        }
        #expect(kinds == [[.integer, .microseconds], [.text, .microseconds], [.text, .nanoseconds]])
        #expect(plan.textColumns == ["n"])
        plan.widen(1, for: .timestamp(seconds: .max, nanoseconds: 0))
        #expect(plan.columns[1].kind == .text)
    }

    @Test func `a decimal column takes the scale that its values need, and becomes text when none is enough`() {
        func kind(_ texts: [String], precision: (digits: Int, scale: Int)? = nil) -> ParquetColumn.Kind {
            let source = ParquetPlan.Source(name: "d", type: .decimal, precision: precision)
            return Self.plan([source], texts.map { [.decimal($0)] }).columns[0].kind
        }
        #expect(kind([]) == .decimal(scale: 0))
        #expect(kind(["1.5", "2.250", "100"]) == .decimal(scale: 3))
        #expect(kind(["1e-10", "12345678901234567890123456789"]) == .text)
        #expect(kind(["12345678901234567890123456789", "0.00000000000"]) == .decimal(scale: 0))
        #expect(kind(["1e400"]) == .text)
        #expect(kind(["1e39"]) == .text)
        #expect(kind([], precision: (10, 4)) == .decimal(scale: 4))
    }

    @Test func `a full disk ends the export`() throws {
        var writer = try ParquetWriter(
            columns: [ParquetColumn(name: "a", kind: .integer)], sink: MemorySink(limit: 10))
        try writer.write([[.integer(1)]])
        #expect(throws: ExportError.cannotWrite("No space left on device")) { try writer.finish() }
    }

    // MARK: Other readers

    @Test(.enabled(if: ParquetReaders.python != nil, "needs pyarrow and duckdb (scripts/bootstrap --test)"))
    func `pyarrow and DuckDB read every type, null and extreme as written`() throws {
        let sources: [Source] = [
            Source(name: "yes", type: .boolean), Source(name: "n", type: .integer), Source(name: "x", type: .float),
            Source(name: "s", type: .text), Source(name: "j", type: .json), Source(name: "day", type: .date),
            Source(name: "at", type: .timestamp), Source(name: "fine", type: .timestamp, digits: 9),
            Source(name: "price", type: .decimal), Source(name: "huge", type: .decimal),
            Source(name: "wild", type: .decimal), Source(name: "declared", type: .decimal, precision: (20, 4)),
            Source(name: "nothing", type: .text),
        ]
        let types = [
            "boolean", "integer", "float", "text", "json", "date", "timestamp", "timestamp_ns", "decimal(3)",
            "decimal(0)",
            "text", "decimal(4)", "text",
        ]
        let rows: [[TableValue]] = [
            [
                .boolean(true), .integer(.max), .float(0.1), .text(""), .json(#"{"a":[1,null]}"#), .date(days: 0),
                .timestamp(seconds: 1_685_284_960, nanoseconds: 123_456_000), .timestamp(seconds: -1, nanoseconds: 1),
                .decimal("1.5"), .decimal("99999999999999999999999999999999999999"), .decimal("1e400"),
                .decimal("1.2500"),
                .null,
            ],
            [
                .boolean(false), .integer(.min), .float(-1e300), .text("é😀\n\u{0}\""), .json("[]"),
                .date(days: -719_162),
                .timestamp(seconds: -62_135_596_800, nanoseconds: 0),
                .timestamp(seconds: 9_000_000_000, nanoseconds: 999_999_999), .decimal("-0.125"),
                .decimal("-99999999999999999999999999999999999999"), .decimal("0.1"), .integer(-3), .null,
            ],
            Array(repeating: .null, count: sources.count),
            [
                .null, .integer(0), .null, .text("x"), .null, .date(days: 2_932_896),
                .timestamp(seconds: 253_402_300_799, nanoseconds: 999_999_000), .null, .integer(7), .decimal("12e3"),
                .integer(1), .null, .null,
            ],
        ]
        let plan = Self.plan(sources, rows)
        #expect(plan.textColumns == ["wild"])
        // The exact text of a number that fits no decimal; the check reads the same text from JSON.
        let texts = rows.map { row in
            var row = row
            if row[10] != .null { row[10] = .text(PlainText.text(row[10])) }
            return row
        }
        let said = try ParquetReaders.check(texts, plan, types: types)
        #expect(said.contains("4 rows, 13 columns, 1 row groups: equal"))
    }

    @Test(.enabled(if: ParquetReaders.python != nil, "needs pyarrow and duckdb (scripts/bootstrap --test)"))
    func `many rows, pages and row groups are read back by both`() throws {
        var random = SeededGenerator(seed: 7)
        let sources: [Source] = [
            Source(name: "id", type: .integer), Source(name: "on", type: .boolean), Source(name: "text", type: .text),
            Source(name: "price", type: .decimal), Source(name: "at", type: .timestamp),
        ]
        let rows: [[TableValue]] = (0..<50_000).map { index in
            [
                .integer(Int64(index)), random.next() % 3 == 0 ? .null : .boolean(random.next() % 2 == 0),
                random.next() % 10 == 0
                    ? .null : .text(String(repeating: "w\(random.next() % 100)", count: Int(random.next() % 30))),
                .decimal("\(Int64(truncatingIfNeeded: random.next() % 100_000)).\(10 + random.next() % 90)"),
                .timestamp(
                    seconds: Int64(random.next() % 4_000_000_000), nanoseconds: UInt32(random.next() % 1_000_000) * 1000
                ),
            ]
        }
        let plan = Self.plan(sources, rows)
        let said = try ParquetReaders.check(
            rows, plan, types: ["integer", "boolean", "text", "decimal(2)", "timestamp"], groupRows: 22_000)
        #expect(said.contains("50000 rows, 5 columns, 3 row groups: equal"))
    }

    @Test(.enabled(if: ParquetReaders.python != nil, "needs pyarrow and duckdb (scripts/bootstrap --test)"))
    func `a table without rows has its columns and types all the same`() throws {
        let plan = ParquetPlan([Source(name: "a", type: .decimal), Source(name: "b", type: .date)])
        #expect(try ParquetReaders.check([], plan, types: ["decimal(0)", "date"]).contains("0 rows, 2 columns, 0 row"))
    }
}
