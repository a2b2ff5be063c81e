import FreshetCore
import GRDB

/// A question to one table as SQL.
struct RowQuery {
    private let query: TableQuery
    private let table: ReadTable
    private let columns: [ColumnSchema]
    /// What rows are sorted by, identity last.
    private var sorts: [(expression: String, isDescending: Bool, isOrderKey: Bool)] = []
    private var conditions: [String] = []
    private var values: [RowCursor.Value] = []
    private let fingerprint: UInt64

    init(_ query: TableQuery, _ table: ReadTable) throws {
        self.query = query
        self.table = table
        guard (1...10_000).contains(query.limit) else { throw StoreError.refused("limit takes 1 to 10000") }
        columns = try query.columns?.map { try table.column($0) } ?? table.schema.columns
        fingerprint = query.fingerprint
        for (name, isDescending) in query.sort {
            let column = try table.column(name)
            let isOrderKey = column.type == .decimal
            sorts.append((isOrderKey ? "freshet_order(\(quoted(name)))" : quoted(name), isDescending, isOrderKey))
        }
        for name in table.identity { sorts.append((quoted(name), false, false)) }
        for filter in query.filters {
            let made = try RowFilter(filter, try table.column(filter.column))
            conditions.append(made.sql)
            values += made.values
        }
        if let text = query.cursor {
            guard let cursor = RowCursor(text, question: fingerprint, count: sorts.count) else {
                throw StoreError.refused("the cursor belongs to another question; begin without one")
            }
            addCursor(cursor.values)
        }
    }

    // MARK: Cursor

    private mutating func addCursor(_ cursor: [RowCursor.Value]) {
        guard query.sort.count > 0 else {
            let names = sorts.map(\.expression).joined(separator: ", ")
            conditions.append("(\(names)) > (\(cursor.map { _ in "?" }.joined(separator: ", ")))")
            values += cursor
            return
        }
        if !sorts[0].isDescending, !cursor[0].isNull {
            // Says nothing new, but lets an index be entered in the right place.
            conditions.append("\(sorts[0].expression) >= ?")
            values.append(cursor[0])
        }
        var (sql, depth) = ("", 0)
        for (sort, value) in zip(sorts, cursor) {
            if depth > 0 {
                sql += " OR (\(sorts[depth - 1].expression) IS ? AND ("
                values.append(cursor[depth - 1])
            }
            switch (value.isNull, sort.isDescending) {
            case (true, false): sql += "\(sort.expression) IS NOT NULL"
            case (true, true): sql += "0"
            case (false, false):
                sql += "\(sort.expression) > ?"
                values.append(value)
            case (false, true):
                sql += "\(sort.expression) < ? OR \(sort.expression) IS NULL"
                values.append(value)
            }
            depth += 1
        }
        conditions.append("(\(sql)\(String(repeating: "))", count: depth - 1)))")
    }

    // MARK: Running

    /// The statement; its parameters are the values of the source, then those of the conditions.
    func sql() throws -> String {
        // A row holds the number of its shape; who asks for it wants the shape.
        let selected =
            columns.map { column in
                column.name == "_shape"
                    ? "(SELECT CAST(shape AS TEXT) FROM freshet_shapes WHERE id = _shape)" : quoted(column.name)
            } + sorts.map(\.expression)
        let order = sorts.map { $0.expression + ($0.isDescending ? " DESC" : "") }.joined(separator: ", ")
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return """
            SELECT \(selected.joined(separator: ", ")) FROM \(try source().sql) \(condition)
            ORDER BY \(order) LIMIT \(query.limit + 1)
            """
    }

    func run(_ session: ReadSession) throws -> TablePage {
        let sourceValues = try source().values
        let statement = RawStatement(try session.database.makeStatement(sql: sql()), on: session.database)
        defer { statement.reset() }
        for (index, value) in (sourceValues + values).enumerated() { value.bind(to: statement, at: CInt(index + 1)) }
        var (rows, last) = ([[TableValue]](), [RowCursor.Value]())
        var cursor: String?
        while try statement.step() {
            if rows.count == query.limit {
                cursor = RowCursor(question: fingerprint, values: last).text
                break
            }
            var row: [TableValue] = []
            row.reserveCapacity(columns.count)
            for (index, column) in columns.enumerated() { row.append(statement.tableValue(CInt(index), column.type)) }
            rows.append(row)
            if rows.count == query.limit { last = place(statement) }
        }
        return TablePage(
            columns: columns.map { ResultColumn(name: $0.name, type: $0.type) }, rows: rows, cursor: cursor)
    }

    private func place(_ statement: RawStatement) -> [RowCursor.Value] {
        sorts.enumerated().map { index, sort in
            let column = CInt(columns.count + index)
            if sort.isOrderKey, !statement.isNull(column) { return .bytes(statement.blob(column)) }
            return .stored(StoredValue(statement, column))
        }
    }

    /// The rows that the question is about.
    private func source() throws -> (sql: String, values: [RowCursor.Value]) {
        let name = quoted(table.schema.name)
        guard let asOf = query.asOf else {
            return (query.includesDeleted || table.schema.disposition == .append)
                ? (name, []) : ("(SELECT * FROM \(name) WHERE _deleted_at IS NULL)", [])
        }
        let moment = RowCursor.Value.stored(.text(StoredTime.text(asOf)))
        if table.schema.disposition == .append { return ("(SELECT * FROM \(name) WHERE _fetched_at <= ?)", [moment]) }
        guard table.schema.keepsHistory, let history = table.history else {
            throw StoreError.refused(
                "the table \(table.schema.name) keeps no history; declare `history: rows` to ask for the past")
        }
        let names = (TableSchema.provenance + table.schema.columns.map(\.name)).map { quoted($0) }
            .joined(separator: ", ")
        return (
            """
            (SELECT \(names) FROM \(name) WHERE _fetched_at <= ? AND (_deleted_at IS NULL OR _deleted_at > ?)
            UNION ALL SELECT \(names) FROM \(quoted(history)) WHERE _valid_from <= ? AND _valid_to > ?)
            """, [moment, moment, moment, moment]
        )
    }
}
