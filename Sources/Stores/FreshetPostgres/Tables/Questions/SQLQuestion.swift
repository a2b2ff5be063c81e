import CPostgres
import FreshetCore

/// One read-only SQL statement of a user, which can see tables and views of documents and nothing else.
///
/// Four things stand between it and the rest of the server: ``SQLGate`` lets one `SELECT` pass that calls known functions
/// only; the transaction is read-only and ends soon; PostgreSQL reads the statement before it runs and holds a lock on every
/// relation that it found, which tells what the statement is about, behind views too; and what runs is a cursor over it, which
/// takes nothing but a `SELECT`.
struct SQLQuestion {
    /// An answer that has become this large is cut off, whatever its rows.
    private static let byteLimit = 128 << 20
    /// One value cannot fill the memory.
    private static let valueLimit = 64 << 20
    private static let batch = 500

    let sql: String
    let limits: QueryLimits
    let memory: TableMemory

    /// A column of the answer as PostgreSQL describes it.
    private struct Column {
        var name: String
        var oid: UInt32
        /// The column of a table that it comes from.
        var origin: ColumnSchema?

        var type: ColumnType? { origin?.type ?? SQLValue.type(oid) }
    }

    func run(on connection: PGConnection) throws -> QueryResult {
        let sql = try SQLGate.admit(sql)
        let deadline = Deadline(after: limits.time)
        do {
            try connection.script(
                """
                SET LOCAL standard_conforming_strings = on; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; \
                SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; \
                SET LOCAL statement_timeout = \(limits.time.wholeMilliseconds)
                """)
            let columns = try columns(of: sql, on: connection)
            guard !columns.isEmpty else { throw StoreError.refused("the query has no columns; give one SELECT") }
            try connection.script(cursor(sql, columns))
            return try fetch(columns, by: deadline, on: connection)
        } catch let error as PGError {
            throw failure(error)
        }
    }

    private func failure(_ error: PGError) -> any Error {
        guard error.kind == .server, !error.isConnectionLost, !error.isTransient else {
            return error.kind == .timeout ? tooLong : error
        }
        switch error.sqlState {
        case "57014": return tooLong
        case "42501", "25006": return StoreError.refused("a query is one SELECT; it cannot write (\(error.message))")
        default: return StoreError.refused("the query is refused: \(error.message)")
        }
    }

    private var tooLong: StoreError {
        .refused(
            "the query ran longer than \(limits.time.inSeconds) s and was stopped; ask for less, or let it run longer")
    }

    // MARK: What it is about

    /// Has PostgreSQL read the statement, and looks at what it found.
    private func columns(of sql: String, on connection: PGConnection) throws -> [Column] {
        connection.arm()
        let described = try connection.describe(sql)
        let tables = try tables(on: connection)
        let locked = try connection.query(
            """
            SELECT c.oid::bigint, c.relname::text, c.relnamespace = current_schema()::regnamespace
            FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relkind <> 'i'
            """
        ).map { (oid: UInt32(truncatingIfNeeded: $0.int64(0)), name: $0.text(1), isHere: $0.bool(2)) }
        // What this look itself has locked; the gate lets no name through that begins with `pg_` or `freshet_`.
        let own: Set<String> = ["pg_locks", "pg_class", "pg_namespace", "freshet_tables", "freshet_views"]
        var schemas: [UInt32: TableSchema] = [:]
        for relation in locked where !own.contains(relation.name) {
            guard relation.isHere, let table = tables[relation.name] else {
                throw StoreError.refused(
                    "the query may read tables and views of documents only (\(relation.name) is none of them)")
            }
            schemas[relation.oid] = table
        }
        return described.map { found in
            var column = Column(name: found.name, oid: found.type)
            if let schema = schemas[found.table] {
                column.origin = schema.columns.first { TableDDL.identifier($0.name) == found.name }
            }
            return column
        }
    }

    /// What a query may read, by the names in the database: tables and their histories with their schemas, and views.
    private func tables(on connection: PGConnection) throws -> [String: TableSchema?] {
        var tables: [String: TableSchema?] = [:]
        let rows = try connection.query("SELECT revision, name, history, schema FROM freshet_tables")
        for index in 0..<rows.count {
            let row = rows[index]
            let schema = try memory.layout(row.int64(0)) { try SchemaText.decode(TableSchema.self, row.text(3)) }.schema
            tables[TableDDL.identifier(row.text(1))] = schema
            if let history = row.optionalText(2) { tables[TableDDL.identifier(history)] = schema }
        }
        for view in try connection.query("SELECT name FROM freshet_views WHERE is_made").map({ $0.text(0) }) {
            tables[TableDDL.identifier(view)] = .some(nil)
        }
        return tables
    }

    // MARK: What it gives

    /// A cursor over the statement, which leaves out values that are too large and tells of them in a last column.
    private func cursor(_ sql: String, _ columns: [Column]) -> String {
        let names = columns.indices.map { "c\($0)" }
        let long = columns.indices.filter { !SQLValue.isShort(columns[$0].oid) }.map { names[$0] }
        let tooLong = long.map { "coalesce(pg_column_size(q.\($0)) > \(Self.valueLimit), false)" }
        let selected = columns.indices.map { index in
            SQLValue.isShort(columns[index].oid)
                ? "q.c\(index)" : "CASE WHEN pg_column_size(q.c\(index)) <= \(Self.valueLimit) THEN q.c\(index) END"
        }
        return """
            DECLARE freshet_answer NO SCROLL CURSOR FOR
            SELECT \(selected.joined(separator: ", ")), \(tooLong.isEmpty ? "false" : tooLong.joined(separator: " OR "))
            FROM (\(sql)
            ) AS q (\(names.joined(separator: ", ")))
            """
    }

    private func fetch(_ columns: [Column], by deadline: Deadline, on connection: PGConnection) throws -> QueryResult {
        let names = columns.map { ResultColumn(name: $0.name, type: $0.type) }
        var (rows, bytes) = ([[TableValue]](), 0)
        while true {
            let left = max(1, (deadline.at - Deadline.now()) / 1_000_000)
            guard !deadline.isOver else { throw tooLong }
            if !rows.isEmpty { try connection.script("SET LOCAL statement_timeout = \(left)") }
            let result = try connection.queryText("FETCH \(Self.batch) FROM freshet_answer")
            for index in 0..<result.count {
                let row = result[index]
                guard rows.count < limits.rows, bytes < Self.byteLimit else {
                    return QueryResult(columns: names, rows: rows, isTruncated: true)
                }
                guard !row.bool(columns.count) else {
                    throw StoreError.refused("the query is refused: a value is larger than \(Self.valueLimit >> 20) MB")
                }
                var values: [TableValue] = []
                values.reserveCapacity(columns.count)
                for (place, column) in columns.enumerated() {
                    guard !row.isNull(place) else {
                        values.append(.null)
                        continue
                    }
                    let text = row.raw(place)
                    bytes += text.count
                    values.append(SQLValue.value(text, column.oid, column.origin))
                }
                rows.append(values)
            }
            if result.count < Self.batch { return QueryResult(columns: names, rows: rows, isTruncated: false) }
        }
    }
}

extension PGConnection {
    /// A column of a statement that was read but not run.
    struct Described {
        var name: String
        var type: UInt32
        /// The table or view that it comes from, by its number; 0 for an expression.
        var table: UInt32
    }

    /// Has the server read a statement, without running it.
    func describe(_ sql: String) throws -> [Described] {
        arm()
        guard PQsendPrepare(handle, "", sql, 0, nil) == 1 else { throw lost() }
        _ = try finish()
        guard PQsendDescribePrepared(handle, "") == 1 else { throw lost() }
        try flush()
        var (columns, failure): ([Described], PGError?) = ([], nil)
        while let pointer = try nextResult() {
            defer { PQclear(pointer) }
            failure = failure ?? Self.error(of: pointer)
            for index in 0..<PQnfields(pointer) {
                columns.append(
                    Described(
                        name: PQfname(pointer, index).map { String(cString: $0) } ?? "", type: PQftype(pointer, index),
                        table: PQftable(pointer, index)))
            }
        }
        if let failure { throw failure }
        return columns
    }
}
