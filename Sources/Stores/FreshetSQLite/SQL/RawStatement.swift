import GRDB
import GRDBSQLite

/// A statement of GRDB's, bound and stepped through SQLite's own calls: 30–45 % faster than argument lists.
///
/// Columns count from 0, parameters from 1, as in SQLite. Always `reset()` when done: a statement that is left in the
/// middle of its rows keeps its transaction open.
final class RawStatement {
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer?
    private var bindCode = SQLITE_OK

    init(_ statement: Statement, on database: Database) {
        self.statement = statement
        handle = statement.sqliteStatement
        connection = database.sqliteConnection
    }

    // MARK: Parameters

    func bind(_ value: Int64, at index: CInt) { note(sqlite3_bind_int64(handle, index, value)) }

    func bind(_ value: Int, at index: CInt) { note(sqlite3_bind_int64(handle, index, Int64(value))) }

    func bind(_ value: Int64?, at index: CInt) {
        if let value { bind(value, at: index) } else { note(sqlite3_bind_null(handle, index)) }
    }

    func bind(_ value: Int?, at index: CInt) { bind(value.map(Int64.init), at: index) }

    func bind(_ value: String, at index: CInt) {
        var value = value
        value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                if let base = characters.baseAddress {
                    note(sqlite3_bind_text(handle, index, base, CInt(characters.count), transient))
                } else {
                    note(sqlite3_bind_text(handle, index, "", 0, transient))
                }
            }
        }
    }

    func bind(_ value: String?, at index: CInt) {
        if let value { bind(value, at: index) } else { note(sqlite3_bind_null(handle, index)) }
    }

    func bind(_ value: [UInt8], at index: CInt) {
        value.withUnsafeBytes { bytes in
            // A nil pointer would bind NULL.
            guard let base = bytes.baseAddress, !bytes.isEmpty else {
                return note(sqlite3_bind_zeroblob(handle, index, 0))
            }
            note(sqlite3_bind_blob64(handle, index, base, sqlite3_uint64(bytes.count), transient))
        }
    }

    func bind(_ value: Double, at index: CInt) { note(sqlite3_bind_double(handle, index, value)) }

    func bindNull(at index: CInt) { note(sqlite3_bind_null(handle, index)) }

    /// Binds a text in place: it must stay where it is until the statement has run or is bound anew.
    @inline(__always)
    func bindInPlace(_ start: UnsafePointer<UInt8>?, count: Int, at index: CInt) {
        guard count > 0, let start else { return note(sqlite3_bind_text(handle, index, "", 0, nil)) }
        start.withMemoryRebound(to: CChar.self, capacity: count) { characters in
            note(sqlite3_bind_text(handle, index, characters, CInt(count), nil))
        }
    }

    /// Sets every parameter to NULL, so that nothing bound in place is left behind.
    func clearBindings() { sqlite3_clear_bindings(handle) }

    /// Runs a statement without rows while a large blob is bound in place, not copied.
    func run(blob: [UInt8], at index: CInt) throws {
        try blob.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress, !bytes.isEmpty {
                note(sqlite3_bind_blob64(handle, index, base, sqlite3_uint64(bytes.count), nil))
            } else {
                note(sqlite3_bind_zeroblob(handle, index, 0))
            }
            defer {
                sqlite3_reset(handle)
                sqlite3_bind_null(handle, index)
            }
            _ = try step()
        }
    }

    // MARK: Running

    /// Moves to the next row; `false` when there is none.
    func step() throws -> Bool {
        guard bindCode == SQLITE_OK else {
            let code = bindCode
            bindCode = SQLITE_OK
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "a value could not be bound")
        }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// Runs a statement to its end and makes it ready for the next use.
    func run() throws {
        defer { reset() }
        while try step() {}
    }

    /// Rows changed by the statement that ran last on this connection.
    var changes: Int { Int(sqlite3_changes(connection)) }

    func reset() { sqlite3_reset(handle) }

    private func failure(_ code: CInt) -> DatabaseError {
        let extended = sqlite3_extended_errcode(connection)
        let message = sqlite3_errmsg(connection).map { String(cString: $0) }
        return DatabaseError(
            resultCode: ResultCode(rawValue: extended & 0xFF == code & 0xFF ? extended : code), message: message)
    }

    private func note(_ code: CInt) {
        if code != SQLITE_OK, bindCode == SQLITE_OK { bindCode = code }
    }

    // MARK: Columns

    var columnCount: CInt { sqlite3_column_count(handle) }

    func columnName(_ index: CInt) -> String { sqlite3_column_name(handle, index).map { String(cString: $0) } ?? "" }

    /// SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL.
    func type(_ index: CInt) -> CInt { sqlite3_column_type(handle, index) }

    func double(_ index: CInt) -> Double { sqlite3_column_double(handle, index) }

    /// The bytes of a text, valid until the next step.
    func textBytes(_ index: CInt) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_text(handle, index)
        guard let start else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
    }

    func isNull(_ index: CInt) -> Bool { sqlite3_column_type(handle, index) == SQLITE_NULL }

    func int64(_ index: CInt) -> Int64 { sqlite3_column_int64(handle, index) }

    func int(_ index: CInt) -> Int { Int(sqlite3_column_int64(handle, index)) }

    func optionalInt64(_ index: CInt) -> Int64? { isNull(index) ? nil : int64(index) }

    func optionalInt(_ index: CInt) -> Int? { isNull(index) ? nil : int(index) }

    func text(_ index: CInt) -> String {
        guard let start = sqlite3_column_text(handle, index) else { return "" }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
        return String(decoding: bytes, as: UTF8.self)
    }

    func optionalText(_ index: CInt) -> String? { isNull(index) ? nil : text(index) }

    func blob(_ index: CInt) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, index) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
    }
}

/// SQLITE_TRANSIENT: SQLite copies the value before the call returns.
///
/// The macro is a cast that Swift does not import.
var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
