import FreshetCore
import GRDBSQLite

/// Binds fitted rows to an insert, without a copy and without a string for any of their values.
final class RowBinder {
    /// Where the bytes of cells lie, by `Cell.extra`.
    struct Sources {
        var document: UnsafeBufferPointer<UInt8>
        var scratch: UnsafeBufferPointer<UInt8>
        var fitted: UnsafeBufferPointer<UInt8>

        @inline(__always)
        func start(_ cell: Cell) -> UnsafePointer<UInt8>? {
            let buffer = cell.extra == 0 ? document : cell.extra == 1 ? scratch : fitted
            precondition(cell.offset + cell.length <= buffer.count, "a cell points out of its buffer")
            return buffer.baseAddress.map { $0 + cell.offset }
        }
    }

    private struct Column {
        var place: CInt
        var digits: Int
    }

    /// Columns that have a value in any row; the others stay NULL.
    private let columns: [Column]
    /// Row after row, so that a row is read from one place.
    private let cells: UnsafeMutablePointer<Cell>
    /// Moments and days as text, one slot a column, until the row is written.
    private let times: UnsafeMutablePointer<UInt8>
    private static let slot = 32

    init(_ fitted: FittedRows) {
        let present = fitted.columns.indices.filter { !fitted.columns[$0].isEmpty }
        columns = present.map { Column(place: CInt($0), digits: fitted.schema.columns[$0].digits) }
        let count = present.first.map { fitted.columns[$0].count } ?? 0
        cells = .allocate(capacity: max(1, count * present.count))
        times = .allocate(capacity: max(1, present.count * Self.slot))
        for (index, place) in present.enumerated() {
            fitted.columns[place].withUnsafeBufferPointer { source in
                for row in 0..<source.count {
                    (cells + (row * present.count + index)).initialize(to: source[row])
                }
            }
        }
    }

    deinit {
        // Cells are trivial values: they need no end of their own.
        cells.deallocate()
        times.deallocate()
    }

    /// Binds one row.
    ///
    /// - Parameters:
    ///   - row: Its place among all rows of the document.
    ///   - sources: The buffers, which must stay until the statement has run.
    ///   - statement: The insert; every parameter of a column is NULL or was bound by this method.
    ///   - first: The parameter of the first column of the schema.
    func bind(_ row: Int, _ sources: Sources, to statement: RawStatement, from first: CInt) {
        let base = cells + row * columns.count
        for index in columns.indices {
            let (cell, column) = (base[index], columns[index])
            let place = first + column.place
            switch cell.kind {
            case .null: statement.bindNull(at: place)
            case .integer, .boolean: statement.bind(cell.payload, at: place)
            case .float: statement.bind(Double(bitPattern: UInt64(bitPattern: cell.payload)), at: place)
            case .text, .number, .json:
                statement.bindInPlace(sources.start(cell), count: cell.length, at: place)
            case .timestamp:
                let target = times + index * Self.slot
                let count = StoredTime.write(
                    seconds: cell.payload, nanoseconds: cell.extra, digits: column.digits, to: target)
                statement.bindInPlace(target, count: count, at: place)
            case .date:
                let target = times + index * Self.slot
                StoredTime.writeDay(cell.payload, to: target)
                statement.bindInPlace(target, count: 10, at: place)
            }
        }
    }
}

/// A value of a key column as it stands in the file.
enum StoredValue: Hashable {
    case null
    case integer(Int64)
    case double(Double)
    case text(String)

    /// Reads a column of the present row.
    init(_ statement: RawStatement, _ index: CInt) {
        switch statement.type(index) {
        case SQLITE_INTEGER: self = .integer(statement.int64(index))
        case SQLITE_FLOAT: self = .double(statement.double(index))
        case SQLITE_NULL: self = .null
        default: self = .text(statement.text(index))
        }
    }

    /// A fitted cell in the form in which it is stored.
    init(_ fitted: FittedRows, _ column: Int, _ row: Int) {
        guard row < fitted.columns[column].count else {
            self = .null
            return
        }
        let cell = fitted.columns[column][row]
        switch cell.kind {
        case .null: self = .null
        case .integer, .boolean: self = .integer(cell.payload)
        case .float: self = .double(Double(bitPattern: UInt64(bitPattern: cell.payload)))
        case .text, .number, .json:
            self = .text(fitted.buffers.withBytes(of: cell) { String(decoding: $0, as: UTF8.self) })
        case .timestamp:
            let digits = fitted.schema.columns[column].digits
            self = .text(StoredTime.text(seconds: cell.payload, nanoseconds: cell.extra, digits: digits))
        case .date: self = .text(TimeText.printDate(days: cell.payload))
        }
    }

    func bind(to statement: RawStatement, at index: CInt) {
        switch self {
        case .null: statement.bindNull(at: index)
        case .integer(let value): statement.bind(value, at: index)
        case .double(let value): statement.bind(value, at: index)
        case .text(let value): statement.bind(value, at: index)
        }
    }
}

extension RawStatement {
    /// Adds a key column of the present row to an identity, as fitted cells add theirs.
    func add(_ index: CInt, to maker: inout RowKeyMaker) {
        switch type(index) {
        case SQLITE_INTEGER: maker.add(integer: int64(index))
        case SQLITE_FLOAT: maker.add(double: double(index))
        case SQLITE_NULL: break
        default: maker.add(text: textBytes(index))
        }
    }
}
