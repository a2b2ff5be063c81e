import CPostgres
import FreshetCore

/// The rows that a statement gave; lives on its connection's thread.
final class PGResult {
    private let pointer: OpaquePointer
    /// Rows.
    let count: Int
    /// Columns.
    let columns: Int

    /// Takes over a libpq result.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        count = Int(PQntuples(pointer))
        columns = Int(PQnfields(pointer))
    }

    deinit { PQclear(pointer) }

    /// Rows that the statement wrote.
    var changes: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// What the server calls what it did, such as `COMMIT`.
    var tag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

    /// The name of a column.
    func name(_ column: Int) -> String { PQfname(pointer, CInt(column)).map { String(cString: $0) } ?? "" }

    /// The type of a column, by its number in PostgreSQL's catalog.
    func type(_ column: Int) -> UInt32 { PQftype(pointer, CInt(column)) }

    subscript(row: Int) -> PGRow { PGRow(result: self, row: row) }

    /// Every row, read by `body`.
    func map<Value>(_ body: (PGRow) throws -> Value) rethrows -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for row in 0..<count { values.append(try body(self[row])) }
        return values
    }

    /// The first row, read by `body`; `nil` when there is none.
    func first<Value>(_ body: (PGRow) throws -> Value) rethrows -> Value? {
        count > 0 ? try body(self[0]) : nil
    }

    fileprivate func isNull(_ row: Int, _ column: Int) -> Bool {
        column >= columns || PQgetisnull(pointer, CInt(row), CInt(column)) == 1
    }

    fileprivate func isBinary(_ column: Int) -> Bool { PQfformat(pointer, CInt(column)) == 1 }

    fileprivate func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let length = Int(PQgetlength(pointer, CInt(row), CInt(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(pointer, CInt(row), CInt(column)), count: length)
    }
}

/// One row of a result.
///
/// Integers of every width, `xid8` and `boolean` are read as numbers in binary form as well as in text form.
struct PGRow {
    fileprivate let result: PGResult
    fileprivate let row: Int

    func isNull(_ column: Int) -> Bool { result.isNull(row, column) }

    /// The bytes of a value as the server sent them; valid as long as the result.
    func raw(_ column: Int) -> UnsafeRawBufferPointer { result.bytes(row, column) }

    /// The number in a column; 0 for null.
    func int64(_ column: Int) -> Int64 { optionalInt64(column) ?? 0 }

    func optionalInt64(_ column: Int) -> Int64? {
        guard !isNull(column) else { return nil }
        let bytes = result.bytes(row, column)
        guard result.isBinary(column) else { return Int64(String(decoding: bytes, as: UTF8.self)) }
        // Sign and width follow from the length: int2, int4, int8.
        guard let first = bytes.first else { return nil }
        var value: Int64 = bytes.count > 1 && first & 0x80 != 0 ? -1 : 0
        for byte in bytes { value = value << 8 | Int64(byte) }
        return value
    }

    func int(_ column: Int) -> Int { Int(int64(column)) }

    func optionalInt(_ column: Int) -> Int? { optionalInt64(column).map { Int($0) } }

    func bool(_ column: Int) -> Bool {
        guard !isNull(column) else { return false }
        let first = result.bytes(row, column).first
        return first == 1 || first == UInt8(ascii: "t")
    }

    func double(_ column: Int) -> Double? {
        guard !isNull(column) else { return nil }
        let bytes = result.bytes(row, column)
        guard result.isBinary(column) else { return Double(String(decoding: bytes, as: UTF8.self)) }
        switch bytes.count {
        case 8: return Double(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
        case 4: return Double(Float(bitPattern: bytes.reduce(0) { $0 << 8 | UInt32($1) }))
        default: return nil
        }
    }

    /// The text in a column; empty for null.
    func text(_ column: Int) -> String { optionalText(column) ?? "" }

    func optionalText(_ column: Int) -> String? {
        isNull(column) ? nil : String(decoding: result.bytes(row, column), as: UTF8.self)
    }

    /// The bytes of a `bytea` in binary form, or the text as bytes; empty for null.
    func blob(_ column: Int) -> [UInt8] { optionalBlob(column) ?? [] }

    func optionalBlob(_ column: Int) -> [UInt8]? { isNull(column) ? nil : [UInt8](result.bytes(row, column)) }

    /// A moment kept in microseconds.
    func time(_ column: Int) -> Timestamp? { optionalInt64(column).map(Timestamp.init(microseconds:)) }
}
