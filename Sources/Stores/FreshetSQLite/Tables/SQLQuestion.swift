public import FreshetCore
import GRDBSQLite
import Glibc
import Synchronization

/// One read-only SQL statement of a user on a connection of its own, which can see tables and views and nothing else.
///
/// The connection never writes, so it never check-points the log either.
struct SQLQuestion {
    /// Whether the answer is still wanted; read by SQLite every few thousand steps.
    final class Control: Sendable {
        private let deadline: ContinuousClock.Instant
        private let isCancelled = Atomic(false)

        init(time: Duration) { deadline = .now + time }

        func cancel() { isCancelled.store(true, ordering: .relaxed) }

        var isOver: Bool { isCancelled.load(ordering: .relaxed) || .now >= deadline }
    }

    /// An answer that has become this large is cut off, whatever its rows.
    private static let byteLimit = 128 << 20

    let path: String
    let sql: String
    let limits: QueryLimits
    let control: Control
    let schemas: SchemaCache

    func run() throws(StoreError) -> QueryResult {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &connection, flags, nil) == SQLITE_OK, let connection else {
            throw .unavailable("a connection for the query cannot be opened")
        }
        sqlite3_busy_timeout(connection, 2_000)
        // One value cannot fill the memory.
        sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, 64 << 20)
        sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
        let gate = Gate()
        sqlite3_set_authorizer(connection, permits, Unmanaged.passUnretained(gate).toOpaque())
        return try withExtendedLifetime((control, gate)) { () throws(StoreError) -> QueryResult in
            sqlite3_progress_handler(
                connection, 5_000,
                { context in
                    guard let context else { return 0 }
                    return Unmanaged<Control>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
                }, Unmanaged.passUnretained(control).toOpaque())
            return try answer(connection, gate)
        }
    }

    // MARK: The statement

    private func answer(
        _ connection: OpaquePointer, _ gate: Gate
    ) throws(StoreError) -> QueryResult {
        let statement = try prepare(connection)
        defer { sqlite3_finalize(statement) }
        let count = sqlite3_column_count(statement)
        gate.isOpen = true
        let columns = try self.columns(of: statement, connection)
        gate.isOpen = false
        var (rows, bytes) = ([[TableValue]](), 0)
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return QueryResult(columns: columns, rows: rows, isTruncated: false) }
            guard code == SQLITE_ROW else { throw failure(connection, code) }
            guard rows.count < limits.rows, bytes < Self.byteLimit else {
                return QueryResult(columns: columns, rows: rows, isTruncated: true)
            }
            rows.append((0..<count).map { Self.value(statement, $0, columns[Int($0)].type) })
            for index in 0..<count where sqlite3_column_type(statement, index) == SQLITE_TEXT {
                bytes += Int(sqlite3_column_bytes(statement, index))
            }
        }
    }

    private func prepare(_ connection: OpaquePointer) throws(StoreError) -> OpaquePointer {
        var text = sql
        let (statement, code, rest): (OpaquePointer?, CInt, Int) = text.withUTF8 { bytes in
            guard let base = bytes.baseAddress else { return (nil, SQLITE_OK, 0) }
            return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
                var (statement, tail): (OpaquePointer?, UnsafePointer<CChar>?) = (nil, nil)
                let code = sqlite3_prepare_v2(connection, start, CInt(bytes.count), &statement, &tail)
                guard code == SQLITE_OK, let end = tail else { return (statement, code, 0) }
                // What follows may only be nothing: white space and comments make no statement.
                var second: OpaquePointer?
                let used = start.distance(to: end)
                let next = sqlite3_prepare_v2(connection, end, CInt(bytes.count - used), &second, nil)
                defer { sqlite3_finalize(second) }
                return (statement, code, second == nil && next == SQLITE_OK ? 0 : 1)
            }
        }
        guard code == SQLITE_OK else {
            sqlite3_finalize(statement)
            throw failure(connection, code)
        }
        guard let statement else { throw .refused("the query is empty; give one SELECT") }
        guard rest == 0, sqlite3_stmt_readonly(statement) != 0, sqlite3_column_count(statement) > 0 else {
            sqlite3_finalize(statement)
            throw .refused("a query is one SELECT (or WITH … SELECT, VALUES); it cannot write")
        }
        return statement
    }

    private func failure(_ connection: OpaquePointer, _ code: CInt) -> StoreError {
        let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? "no message"
        switch code & 0xFF {
        case SQLITE_INTERRUPT:
            return .refused(
                "the query ran longer than \(limits.time.inSeconds) s and was stopped; ask for less, or let it run longer"
            )
        case SQLITE_AUTH:
            return .refused("the query may read tables and views of documents only (\(message))")
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_CANTOPEN: return .unavailable(message)
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt(message)
        default: return .refused("the query is refused: \(message)")
        }
    }

    private static func value(_ statement: OpaquePointer, _ index: CInt, _ type: ColumnType?) -> TableValue {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER:
            let value = sqlite3_column_int64(statement, index)
            return type == .boolean
                ? .boolean(value != 0) : type == .decimal ? .decimal(String(value)) : .integer(value)
        case SQLITE_FLOAT:
            let value = sqlite3_column_double(statement, index)
            return type == .decimal ? .decimal("\(value)") : .float(value)
        case SQLITE_BLOB:
            guard let start = sqlite3_column_blob(statement, index) else { return .text("") }
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index)))
            let digits = Array("0123456789abcdef")
            return .text(String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
        default:
            guard let start = sqlite3_column_text(statement, index) else { return .text("") }
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index)))
            switch type {
            case .decimal: return .decimal(String(decoding: bytes, as: UTF8.self))
            case .json: return .json(String(decoding: bytes, as: UTF8.self))
            case .timestamp:
                if let moment = TimeText.parse(bytes, format: .iso) {
                    return .timestamp(seconds: moment.seconds, nanoseconds: moment.nanoseconds)
                }
            case .date: if let days = TimeText.parseDate(bytes) { return .date(days: days) }
            default: break
            }
            return .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    // MARK: Types

    /// The result's columns, with the types of those that come straight from a table.
    private func columns(
        of statement: OpaquePointer, _ connection: OpaquePointer
    ) throws(StoreError) -> [ResultColumn] {
        var lookup: OpaquePointer?
        defer { sqlite3_finalize(lookup) }
        let sql = "SELECT revision, schema FROM freshet_tables WHERE name = ?1 OR history = ?1"
        let code = sqlite3_prepare_v2(connection, sql, -1, &lookup, nil)
        guard code == SQLITE_OK else { throw failure(connection, code) }
        var (columns, tables) = ([ResultColumn](), [String: TableSchema?]())
        for index in 0..<sqlite3_column_count(statement) {
            let name = sqlite3_column_name(statement, index).map { String(cString: $0) } ?? ""
            var column = ResultColumn(name: name, type: nil)
            if let (table, origin) = Self.origin(of: statement, index) {
                if tables[table] == nil { tables[table] = .some(try schema(of: table, lookup)) }
                column.type = Self.type(of: origin, in: tables[table] ?? nil)
            }
            columns.append(column)
        }
        return columns
    }

    private func schema(of table: String, _ lookup: OpaquePointer?) throws(StoreError) -> TableSchema? {
        defer { sqlite3_reset(lookup) }
        sqlite3_bind_text(lookup, 1, table, -1, transient)
        guard sqlite3_step(lookup) == SQLITE_ROW, let text = sqlite3_column_text(lookup, 1) else { return nil }
        do {
            return try schemas.schema(sqlite3_column_int64(lookup, 0)) {
                try WriteSession.decode(TableSchema.self, String(cString: text))
            }
        } catch {
            throw StoreError(error, writing: false)
        }
    }

    private static func type(of column: String, in schema: TableSchema?) -> ColumnType? {
        switch column {
        case "_fetched_at", "_deleted_at", "_valid_from", "_valid_to": schema == nil ? nil : .timestamp
        default: schema?.column(column)?.type
        }
    }

    private typealias OriginFunction = @convention(c) (OpaquePointer?, CInt) -> UnsafePointer<CChar>?

    /// SQLite tells where a result column comes from only when it was built so; without it results tell their own types.
    private static let origins: (table: OriginFunction, column: OriginFunction)? = {
        let program = dlopen(nil, RTLD_NOW)
        guard let table = dlsym(program, "sqlite3_column_table_name"),
            let column = dlsym(program, "sqlite3_column_origin_name")
        else { return nil }
        return (unsafeBitCast(table, to: OriginFunction.self), unsafeBitCast(column, to: OriginFunction.self))
    }()

    private static func origin(of statement: OpaquePointer, _ index: CInt) -> (table: String, column: String)? {
        guard let origins, let table = origins.table(statement, index), let column = origins.column(statement, index)
        else { return nil }
        return (String(cString: table), String(cString: column))
    }
}

/// Lets Freshet's own look-ups pass the authorizer; touched by the thread of the query only.
private final class Gate {
    var isOpen = false
}

/// What a user's statement may do: read what documents became, and compute.
private let permits:
    @convention(c) (
        UnsafeMutableRawPointer?, CInt, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
        UnsafePointer<CChar>?
    ) -> CInt = { context, action, first, second, _, _ in
        if let context, Unmanaged<Gate>.fromOpaque(context).takeUnretainedValue().isOpen { return SQLITE_OK }
        switch action {
        case SQLITE_SELECT, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_READ:
            guard let first else { return SQLITE_OK }
            let table = String(cString: first).lowercased()
            let isInternal = ["freshet_", "sqlite_", "grdb_", "pragma_", "dbstat", "bytecode", "tables_used"]
                .contains { table.hasPrefix($0) }
            return isInternal ? SQLITE_DENY : SQLITE_OK
        case SQLITE_FUNCTION:
            guard let second else { return SQLITE_DENY }
            // SQLite asks nobody whether time is up while it pads a text to the width that a format names.
            let denied = [
                "load_extension", "fts3_tokenizer", "sqlite_compileoption_get", "writefile", "readfile", "edit",
                "printf",
                "format",
            ]
            return denied.contains(String(cString: second).lowercased()) ? SQLITE_DENY : SQLITE_OK
        default: return SQLITE_DENY
        }
    }

extension SQLiteStore {
    /// Runs one read-only SQL statement over the tables and nothing else.
    public func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult {
        let control = SQLQuestion.Control(time: limits.time)
        let question = SQLQuestion(
            path: report.path, sql: sql, limits: limits, control: control, schemas: schemas)
        let result: Result<QueryResult, StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(
                    try await perform { () throws(StoreError) -> QueryResult in try question.run() })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            control.cancel()
        }
        return try result.get()
    }
}
