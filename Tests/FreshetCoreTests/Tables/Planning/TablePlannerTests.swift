import Testing

@testable import FreshetCore

@Suite struct TablePlannerTests {
    private static func plan(
        _ rows: Rows, _ spec: TableSpec, current: TableSchema? = nil, hasTakenRows: Bool = true
    ) -> TablePlan {
        let context = TablePlanner.Context(
            dataset: "torn.crimes", rules: SpecRules(spec), current: current.map { TableLayout($0) },
            hasTakenRows: current != nil && hasTakenRows)
        return TablePlanner.plan(rows.table, in: rows.document, context: context) { _ in false }
    }

    private static func fit(
        _ rows: Rows, _ spec: TableSpec, current: TableSchema? = nil, hasTakenRows: Bool = true
    ) throws -> FittedRows {
        switch plan(rows, spec, current: current, hasTakenRows: hasTakenRows) {
        case .apply(let fitted): return fitted
        case .skip: throw TableStop(kind: "skip", table: "", message: "the rows were skipped")
        case .stop(let stop): throw stop
        }
    }

    private static func stop(_ rows: Rows, _ spec: TableSpec, current: TableSchema? = nil) throws -> TableStop {
        guard case .stop(let stop) = plan(rows, spec, current: current) else {
            throw TableStop(kind: "none", table: "", message: "nothing stopped")
        }
        return stop
    }

    private static func spec(_ key: [String] = [], _ change: (inout TableSpec) -> Void = { _ in }) -> TableSpec {
        var spec = TableSpec(name: "things", rows: .path("$[*]"))
        spec.primaryKey = key
        spec.disposition = key.isEmpty ? .append : .replace
        change(&spec)
        return spec
    }

    @Test func `names that collide are numbered, provenance and case included`() throws {
        var rows = Rows()
        for (path, name) in [
            (["a.b"], "a_b"), (["a", "b"], "a_b"), (["A_B"], "A_B"), (["_key"], "_key"), (["v__v_text"], "v__v_text"),
        ] {
            rows.column(path, name, .integer)
        }
        rows.row(["1", "2", "3", "4", "5"])
        let fitted = try Self.fit(rows, Self.spec())
        #expect(fitted.schema.columns.map(\.name) == ["a_b", "a_b_2", "A_B_3", "_key_2", "v__v_text"])
        // The next document shows them in another order: names stay with their paths.
        var again = Rows()
        again.column(["a", "b"], "a_b", .integer)
        again.column(["a.b"], "a_b", .integer)
        again.row(["2", "1"])
        let second = try Self.fit(again, Self.spec(), current: fitted.schema)
        #expect(second.changes == [])
        #expect(second.columns[0].map(\.payload) == [1])
        #expect(second.columns[1].map(\.payload) == [2])
    }

    @Test func `a value that means nothing says nothing about the type`() throws {
        var rows = Rows()
        rows.column(["n"], "n", [.integer, .text])
        rows.row(["1"])
        rows.row(["'None"])
        rows.row(["'?"])
        let fitted = try Self.fit(rows, Self.spec { $0.absent = ["None", "?"] })
        #expect(fitted.schema.columns.map(\.type) == [.integer])
        #expect(fitted.columns[0].map(\.kind) == [.integer, .null, .null])
    }

    @Test func `more columns than a table can have stop with the advice to declare a map`() throws {
        var rows = Rows()
        for number in 0...TablePlanner.columnLimit { rows.column(["k\(number)"], "k\(number)", .integer) }
        rows.row((0...TablePlanner.columnLimit).map(String.init))
        let stop = try Self.stop(rows, Self.spec())
        #expect(stop.kind == "too-many-columns")
        #expect(stop.message.contains("declare its members as rows"))
    }

    @Test func `a column of nulls is not made, and neither is a withheld one`() throws {
        var rows = Rows()
        rows.column(["a"], "a", .integer)
        rows.column(["b"], "b", .null)
        rows.column(["c"], "c", .integer)
        rows.row(["1", "", "3"])
        let first = try Self.fit(rows, Self.spec())
        #expect(first.schema.columns.map(\.name) == ["a", "c"])
        var schema = first.schema
        schema.columns.removeLast()
        schema.withheld = [["c"]]
        let second = try Self.fit(rows, Self.spec(), current: schema)
        #expect(second.changes == [])
        #expect(second.effect.discarded == 1)
    }

    @Test func `the hash of a row outlives new columns and wider types`() throws {
        var rows = Rows()
        rows.column(["id"], "id", .integer)
        rows.column(["n"], "n", .integer)
        rows.row(["1", "5"])
        let spec = Self.spec(["id"])
        let first = try Self.fit(rows, spec)
        var wider = Rows()
        wider.column(["n"], "n", [.integer, .number])
        wider.column(["x"], "x", .integer)
        wider.column(["id"], "id", .integer)
        wider.row(["5", "", "1"])
        wider.row(["5.5", "1", "2"])
        let second = try Self.fit(wider, spec, current: first.schema)
        #expect(second.changes == [.addedColumn("x"), .widenedColumn("n", from: .integer, to: .decimal)])
        #expect(second.schema.version == 2)
        #expect(second.hashes[0] == first.hashes[0])
        #expect(second.hashes[1] != first.hashes[0])
        #expect(second.key(of: 0) == first.key(of: 0))
    }

    @Test func `compatible changes of a declaration are numbered versions, others stop`() throws {
        var rows = Rows()
        rows.column(["id"], "id", .integer)
        rows.column(["t"], "t", .text)
        rows.row(["1", "'x"])
        let first = try Self.fit(rows, Self.spec(["id"]))
        let indexed = Self.spec(["id"]) {
            $0.indexes = [["t"]]
            $0.disposition = .merge
            $0.contract.columns = .freeze
        }
        let second = try Self.fit(rows, indexed, current: first.schema)
        #expect(
            second.changes == [
                .declared("write_disposition merge"),
                .declared("contract tables evolve, columns freeze, types evolve"), .declared("index (t)"),
            ])
        #expect(try Self.fit(rows, indexed, current: second.schema).changes == [])
        for wrong in [
            Self.spec(["id"]) { $0.columns = [ColumnSpec(name: "t", type: .integer)] }, Self.spec(["t"]),
            Self.spec { $0.disposition = .append },
        ] {
            let stop = try Self.stop(rows, wrong, current: first.schema)
            #expect(stop.kind == "incompatible")
            #expect(stop.message.contains("freshet replay torn.crimes --rebuild"))
        }
    }

    @Test func `contracts speak only of tables that have taken rows`() throws {
        var rows = Rows()
        rows.column(["id"], "id", .integer)
        rows.column(["t"], "t", .text)
        rows.row(["1", "'x"])
        let frozen = Self.spec(["id"]) {
            $0.columns = [ColumnSpec(name: "id", type: .integer)]
            $0.contract.columns = .freeze
        }
        guard
            case .change(let schema, [.created]) = TablePlanner.declare(
                SpecRules(frozen), dataset: "torn.crimes", current: nil, isTaken: { _ in false })
        else {
            Issue.record("a table whose columns are all declared is made without rows")
            return
        }
        #expect(try Self.fit(rows, frozen, current: schema, hasTakenRows: false).schema.columns.count == 2)
        #expect(try Self.stop(rows, frozen, current: schema).kind == "frozen")
    }

    @Test func `rows without any key make no table`() {
        var rows = Rows()
        rows.column(["t"], "t", .text)
        rows.row(["'x"])
        guard case .skip(let effect, let rejects) = Self.plan(rows, Self.spec(["id"])) else {
            Issue.record("the rows were not skipped")
            return
        }
        #expect(effect.rejected == 1)
        #expect(rejects.map(\.reason) == ["required"])
    }

    @Test func `checks compare as numbers, texts and times`() throws {
        var rows = Rows()
        rows.column(["id"], "id", .integer)
        rows.column(["n"], "n", [.integer, .number])
        rows.column(["t"], "t", .text)
        rows.column(["at"], "at", .timestamp)
        rows.row(["1", "1e400", "'b", "'2023-05-28T14:42:40Z"])
        rows.row(["2", "9.99", "'a", "'2023-05-28T14:42:41Z"])
        rows.row(["3", "", "", ""])
        let cases: [(RowCheck, [Int])] = [
            (RowCheck(column: "n", relation: .less, values: [.number("10")]), [1, 2]),
            (RowCheck(column: "n", relation: .greaterOrEqual, values: [.number("9.990")]), [0, 1, 2]),
            (RowCheck(column: "t", relation: .oneOf, values: [.text("a"), .text("c")]), [1, 2]),
            (RowCheck(column: "t", relation: .notEqual, values: [.text("a")]), [0, 2]),
            (RowCheck(column: "at", relation: .lessOrEqual, values: [.text("2023-05-28T16:42:40+02:00")]), [0, 2]),
        ]
        for (check, accepted) in cases {
            #expect(try Self.fit(rows, Self.spec(["id"]) { $0.checks = [check] }).rows == accepted, "\(check.text)")
        }
        let wrong = Self.spec(["id"]) { $0.checks = [RowCheck(column: "n", relation: .less, values: [.text("x")])] }
        #expect(try Self.stop(rows, wrong).kind == "incompatible")
    }
}

/// Rows of one table made by hand: texts begin with a quote, nothing is null.
private struct Rows {
    var table = TableRows(name: "things", path: ["things"], spec: 0)
    var document = DocumentRows(document: [])

    mutating func column(_ path: [String], _ name: String, _ kinds: SeenKinds) {
        table.columns.append(SeenColumn(path: path, name: name, kinds: kinds))
    }

    mutating func row(_ values: [String]) {
        for value in values {
            if value.isEmpty {
                table.cells.append(.null)
            } else if let integer = Int64(value) {
                table.cells.append(Cell(kind: .integer, payload: integer))
            } else {
                let isText = value.hasPrefix("'")
                let bytes = Array(value.utf8.dropFirst(isText ? 1 : 0))
                let offset = document.scratch.count
                document.scratch += bytes
                table.cells.append(
                    .range(isText ? .text : .number, offset: offset, length: bytes.count, inScratch: true))
            }
        }
        table.count += 1
    }
}
