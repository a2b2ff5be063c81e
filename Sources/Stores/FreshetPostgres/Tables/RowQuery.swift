import FreshetCore

/// A question to one table as SQL.
///
/// Nothing comes before every value, texts stand in the order of their bytes and numbers in their own, as in every store.
struct RowQuery {
    private struct Sort {
        var column: ColumnSchema
        var isDescending: Bool
        /// Whether the column is never null, so that an index on it gives the order.
        var isIdentity: Bool
        var expression: String { quoted(column.name) }

        var order: String {
            isIdentity
                ? expression + (isDescending ? " DESC" : "")
                : expression + (isDescending ? " DESC NULLS LAST" : " ASC NULLS FIRST")
        }
    }

    private let query: TableQuery
    private let table: ReadTable
    private let columns: [ColumnSchema]
    /// What rows are sorted by, identity last.
    private var sorts: [Sort] = []
    private var conditions: [String] = []
    private var text = SQLText()
    private let fingerprint: UInt64

    init(_ query: TableQuery, _ table: ReadTable) throws {
        self.query = query
        self.table = table
        guard (1...10_000).contains(query.limit) else { throw StoreError.refused("limit takes 1 to 10000") }
        columns = try query.columns?.map { try table.column($0) } ?? table.schema.columns
        fingerprint = query.fingerprint
        let identity = Set(table.identity)
        for (name, isDescending) in query.sort {
            sorts.append(
                Sort(
                    column: try table.column(name), isDescending: isDescending, isIdentity: identity.contains(name)))
        }
        for name in table.identity {
            sorts.append(Sort(column: try table.column(name), isDescending: false, isIdentity: true))
        }
        for filter in query.filters {
            conditions.append(try RowFilter(filter, try table.column(filter.column), &text).sql)
        }
        if let cursorText = query.cursor {
            guard let cursor = RowCursor(cursorText, question: fingerprint, count: sorts.count) else {
                throw StoreError.refused("the cursor belongs to another question; begin without one")
            }
            addCursor(cursor.values)
        }
    }

    // MARK: Cursor

    private mutating func addCursor(_ cursor: [RowCursor.Value]) {
        let marks = zip(sorts, cursor).map { text.add($1, as: $0.column) }
        guard query.sort.count > 0 else {
            let names = sorts.map(\.expression).joined(separator: ", ")
            conditions.append("(\(names)) > (\(marks.joined(separator: ", ")))")
            return
        }
        if !sorts[0].isDescending, cursor[0] != .null {
            // Says nothing new, but lets an index be entered in the right place.
            conditions.append("\(sorts[0].expression) >= \(marks[0])")
        }
        var (sql, depth) = ("", 0)
        for (sort, value) in zip(sorts, cursor) {
            if depth > 0 {
                let before = sorts[depth - 1].expression
                sql += cursor[depth - 1] == .null ? " OR (\(before) IS NULL" : " OR (\(before) = \(marks[depth - 1])"
                sql += " AND ("
            }
            switch (value == .null, sort.isDescending) {
            case (true, false): sql += "\(sort.expression) IS NOT NULL"
            case (true, true): sql += "false"
            case (false, false): sql += "\(sort.expression) > \(marks[depth])"
            case (false, true): sql += "\(sort.expression) < \(marks[depth]) OR \(sort.expression) IS NULL"
            }
            depth += 1
        }
        conditions.append("(\(sql)\(String(repeating: "))", count: depth - 1)))")
    }

    // MARK: Running

    private func sql(_ text: inout SQLText) throws -> String {
        // A row holds the number of its shape; who asks for it wants the shape.
        let selected =
            columns.map { column in
                column.name == "_shape"
                    ? "(SELECT convert_from(f.shape, 'UTF8') FROM freshet_shapes f WHERE f.id = q._shape)"
                    : quoted(column.name)
            } + sorts.map(\.expression)
        let order = sorts.map(\.order).joined(separator: ", ")
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return """
            SELECT \(selected.joined(separator: ", ")) FROM \(try source(&text)) AS q \(condition)
            ORDER BY \(order) LIMIT \(query.limit + 1)
            """
    }

    func run(on connection: PGConnection) throws -> TablePage {
        var text = text
        let statement = try sql(&text)
        let result = try connection.query(statement, text.parameters)
        let count = min(result.count, query.limit)
        var rows: [[TableValue]] = []
        rows.reserveCapacity(count)
        for index in 0..<count {
            let row = result[index]
            var values: [TableValue] = []
            values.reserveCapacity(columns.count)
            for (index, column) in columns.enumerated() { values.append(row.value(index, column)) }
            rows.append(values)
        }
        var cursor: String?
        if result.count > query.limit {
            let last = result[query.limit - 1]
            let values = sorts.enumerated().map { last.place(columns.count + $0.offset, $0.element.column) }
            cursor = RowCursor(question: fingerprint, values: values).text
        }
        return TablePage(
            columns: columns.map { ResultColumn(name: $0.name, type: $0.type) }, rows: rows, cursor: cursor)
    }

    /// The rows that the question is about.
    private func source(_ text: inout SQLText) throws -> String {
        let name = quoted(table.schema.name)
        guard let asOf = query.asOf else {
            return (query.includesDeleted || table.schema.disposition == .append)
                ? name : "(SELECT * FROM \(name) WHERE _deleted_at IS NULL)"
        }
        let moment = TableSQL.moment(text.add(.int(asOf.microseconds)))
        if table.schema.disposition == .append { return "(SELECT * FROM \(name) WHERE _fetched_at <= \(moment))" }
        guard table.schema.keepsHistory, let history = table.history else {
            throw StoreError.refused(
                "the table \(table.schema.name) keeps no history; declare `history: rows` to ask for the past")
        }
        let names = (TableSchema.provenance + table.schema.columns.map(\.name)).map { quoted($0) }
            .joined(separator: ", ")
        return """
            (SELECT \(names) FROM \(name) WHERE _fetched_at <= \(moment)
                AND (_deleted_at IS NULL OR _deleted_at > \(moment))
            UNION ALL SELECT \(names) FROM \(quoted(history)) WHERE _valid_from <= \(moment) AND _valid_to > \(moment))
            """
    }
}
