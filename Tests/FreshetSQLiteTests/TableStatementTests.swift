import FreshetCore
import GRDB
import Testing

@testable import FreshetSQLite
@testable import FreshetTesting

@Suite struct TableStatementTests {
    private static func commit(_ number: Int, _ rows: RowMaker, _ spec: TableSpec) -> RefreshCommit {
        var commit = newContent("A", number)
        commit.tables = TableCommit(
            rows: RowMaker.document([rows]), specs: [spec], mark: 1, fetchedAt: commit.at)
        return commit
    }

    private static func spec(_ change: (inout TableSpec) -> Void = { _ in }) -> TableSpec {
        var spec = TableSpec(name: "crimes", rows: .path("$[*]"))
        (spec.disposition, spec.primaryKey) = (.replace, ["id"])
        change(&spec)
        return spec
    }

    @Test func `a row that is equal costs no write`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        func rows(_ changed: Int64) -> RowMaker {
            RowMaker(rows: (0..<500).map { [("id", .int($0)), ("v", .int($0 == 7 ? changed : 0))] })
        }
        var before = 0
        for (number, wanted) in [(1, 500...540), (2, 1...30), (3, 1...30)] {
            _ = try await store.commit(Self.commit(number, rows(Int64(number)), Self.spec()))
            let total = try await store.pool.writeWithoutTransaction { $0.totalChangesCount }
            #expect(wanted.contains(total - before), "rows changed by commit \(number): \(total - before)")
            before = total
        }
        await store.close()
    }

    @Test func `a page begins with a seek, not with the rows before it`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let rows = RowMaker(rows: (0..<20).map { [("id", .int($0)), ("v", .int($0 % 3))] })
        _ = try await store.commit(Self.commit(1, rows, Self.spec { $0.indexes = [["v"]] }))
        for sort in [[], [("v", false)]] as [[(String, Bool)]] {
            var query = TableQuery(table: "crimes")
            (query.sort, query.limit) = (sort, 5)
            query.cursor = try await store.rows(query).cursor
            #expect(query.cursor != nil)
            let sql = try await store.read { [schemas = store.schemas, query] session in
                try RowQuery(query, ReadTable.find("crimes", session, schemas)).sql()
            }
            let plan = try await store.pool.writeWithoutTransaction { database in
                let statement = RawStatement(try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)"), on: database)
                var details: [String] = []
                while try statement.step() { details.append(statement.text(3)) }
                return details
            }
            #expect(plan.contains { $0.hasPrefix("SEARCH") }, "\(plan)")
            #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        }
        await store.close()
    }

    @Test func `tables are strict and keep numbers in the form that is exact`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let numbers = ["1.5", "84.0", "12345678901234567890", "0.1000000000000000055", "1e-7"]
        let rows = RowMaker(
            rows: numbers.enumerated().map { [("id", .int(Int64($0.offset))), ("n", .num($0.element))] })
        _ = try await store.commit(Self.commit(1, rows, Self.spec()))
        let kinds = try await store.pool.read {
            try String.fetchAll($0, sql: "SELECT typeof(n) FROM crimes ORDER BY id")
        }
        #expect(kinds == ["real", "real", "text", "text", "real"])
        let sql = try await store.pool.read {
            try String.fetchOne($0, sql: "SELECT sql FROM sqlite_schema WHERE name = 'crimes'")
        }
        #expect(sql?.hasSuffix("STRICT, WITHOUT ROWID") ?? false)
        await store.close()
    }

    @Test func `a view follows its tables and its text`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        var view = ViewSpec(name: "report", summary: "", tables: ["crimes"], sqlite: "SELECT count(*) AS n FROM crimes")
        #expect(try await store.prepare([], views: [view], now: moment) == [])
        await #expect(throws: StoreError.self) { try await store.query("SELECT n FROM report", limits: QueryLimits()) }
        let rows = RowMaker([("id", .int(1)), ("v", .int(1))])
        _ = try await store.commit(Self.commit(1, rows, Self.spec()))
        #expect(try await store.query("SELECT n FROM report", limits: QueryLimits()).rows == [[.integer(1)]])
        // A widened column copies the table; the view must not be in the way.
        let wider = RowMaker([("id", .int(1)), ("v", .num("1.5"))])
        _ = try await store.commit(Self.commit(2, wider, Self.spec()))
        view.sqlite = "SELECT v FROM crimes"
        #expect(try await store.prepare([], views: [view], now: moment) == [])
        #expect(try await store.query("SELECT v FROM report", limits: QueryLimits()).rows == [[.decimal("1.5")]])
        view.sqlite = "SELECT nothing FROM"
        #expect(try await store.prepare([], views: [view], now: moment).map(\.kind) == ["view"])
        #expect(try await store.query("SELECT v FROM report", limits: QueryLimits()).rows == [[.decimal("1.5")]])
        await store.close()
    }

    @Test func `the widest table is written, overwritten, copied and read`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        func rows(_ value: RowMaker.Value) -> RowMaker {
            RowMaker(rows: [[("id", .int(1))] + (2...TablePlanner.columnLimit).map { ("c\($0)", value) }])
        }
        let spec = Self.spec { $0.keepsHistory = true }
        _ = try await store.commit(Self.commit(1, rows(.int(1)), spec))
        _ = try await store.commit(Self.commit(2, rows(.int(2)), spec))
        let result = try await store.commit(Self.commit(3, rows(.num("2.5")), spec))
        #expect(result.tables?.stop == nil)
        let page = try await store.rows(TableQuery(table: "crimes"))
        #expect(page.columns.count == TablePlanner.columnLimit)
        #expect(page.rows.first?.last == .decimal("2.5"))
        await store.close()
    }

    @Test func `rows that SQLite refuses stop the tables, not the document`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open()
        let spec = Self.spec()
        _ = try await store.commit(Self.commit(1, RowMaker([("id", .int(1)), ("v", .int(1))]), spec))
        try await store.pool.write { try $0.execute(sql: "CREATE UNIQUE INDEX foreign_hand ON crimes (v)") }
        let twice = RowMaker([("id", .int(1)), ("v", .int(5))], [("id", .int(2)), ("v", .int(5))])
        let result = try await store.commit(Self.commit(2, twice, spec))
        #expect(result.effect == .newVersion)
        #expect(result.tables?.stop?.message.contains("UNIQUE constraint failed") ?? false)
        #expect(result.events.map(\.type) == ["dataset.updated", "tables.stopped"])
        #expect(try await store.rows(TableQuery(table: "crimes")).rows == [[.integer(1), .integer(1)]])
        let good = RowMaker([("id", .int(1)), ("v", .int(6))])
        #expect(try await store.commit(Self.commit(3, good, spec)).tables?.stop == nil)
        #expect(try await store.tableStops().isEmpty)
        #expect(try await store.verify().problems == [])
        await store.close()
    }
}
