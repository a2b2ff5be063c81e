/// What is to be done with the rows that one document makes in one table.
public enum TablePlan: Sendable {
    /// They are written under this schema.
    case apply(FittedRows)
    /// There is nothing to write: no table and no rows, or a contract leaves the whole table out.
    case skip(TableEffect, [RowReject])
    /// The dataset's tables take nothing until a person has decided.
    case stop(TableStop)
}

/// Rows that fit the columns of their table, values in the types of the columns.
public struct FittedRows: Sendable {
    /// The schema that they need; its `version` is one more than the present one when ``changes`` is not empty.
    public var schema: TableSchema
    /// What has to change before they can be written.
    public var changes: [SchemaChange] = []
    /// Where the values point to.
    public var buffers: CellBuffers
    /// One entry for each column of the schema, in its order; empty where no row has a value, else a cell for each row that
    /// the document made, rejected ones included.
    ///
    /// Kinds by type: `integer` integer · `decimal` integer, float, number · `float` float · `boolean` boolean · `text` text,
    /// number · `timestamp` timestamp · `date` date · `json` json; and null.
    public var columns: [[Cell]] = []
    /// The accepted rows, as places among all rows of the document.
    public var rows: [Int] = []
    /// For each accepted row a hash of its values that neither order nor addition of columns changes.
    public var hashes: [UInt64] = []
    /// For each accepted row the place of its shape in ``TableRows/shapes``; empty where rows have none.
    public var shapes: [UInt32] = []
    /// Rows that were refused.
    public var rejects: [RowReject] = []
    /// The counts so far: rows, rejected, duplicates, discarded, variants, version and changes.
    public var effect: TableEffect
    /// The places of the key columns in the schema.
    public var keyColumns: [Int] = []

    /// The identity of a row inside the document.
    ///
    /// - Parameters:
    ///   - row: Its place among all rows of the document.
    ///   - count: How many key columns count, from the first; all unless given.
    /// - Returns: The identity; equal for equal values of the key columns.
    public func key(of row: Int, first count: Int? = nil) -> RowKey {
        var maker = RowKeyMaker()
        for column in keyColumns.prefix(count ?? keyColumns.count) {
            let cells = columns[column]
            guard row < cells.count else { continue }
            buffers.add(cells[row], digits: schema.columns[column].digits, to: &maker)
        }
        return maker.key
    }
}

extension FittedRows {
    /// What tells a row from all others by some of its values: 16 bytes that never change with a new version of Freshet.
    ///
    /// - Parameters:
    ///   - row: Its place among all rows of the document.
    ///   - names: The columns; one that does not exist counts as empty.
    /// - Returns: 16 bytes.
    public func identity(of row: Int, columns names: [String]) -> [UInt8] {
        var (a, b) = (RowHash.k1, RowHash.k2)
        for name in names {
            var (first, second) = (RowHash.k2, RowHash.k1)
            if let place = schema.columns.firstIndex(where: { $0.name == name }), row < columns[place].count {
                let cell = columns[place][row]
                first = buffers.hash(cell)
                second = cell.isRange ? buffers.withBytes(of: cell) { RowHash.hash($0, RowHash.k3) } : ~first
            }
            a = RowHash.mix(a ^ first, RowHash.k3)
            b = RowHash.mix(b ^ second, RowHash.k1)
        }
        return [a, b].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> ($0 * 8)) } }
    }
}

/// The rows of a declared table, as its child tables have to know them.
public struct RootRows: Sendable {
    /// The schema.
    public var schema: TableSchema
    /// The accepted rows.
    public var keys: Set<RowKey>

    /// Reads the rows of a plan.
    public init(_ fitted: FittedRows) {
        schema = fitted.schema
        keys = Set(fitted.rows.map { fitted.key(of: $0) })
    }
}

/// The bytes that fitted cells point into.
public struct CellBuffers: Sendable {
    /// ``Cell/extra`` 0: the document.
    public var document: [UInt8]
    /// ``Cell/extra`` 1: what the normaliser wrote.
    public var scratch: [UInt8]
    /// ``Cell/extra`` 2: what fitting wrote.
    public var fitted: [UInt8] = []

    init(_ rows: DocumentRows) { (document, scratch) = (rows.document, rows.scratch) }

    /// The three buffers in place, in the order of ``Cell/extra``.
    public func withPointers<Value>(
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) throws -> Value
    ) rethrows -> Value {
        try document.withUnsafeBufferPointer { document in
            try scratch.withUnsafeBufferPointer { scratch in
                try fitted.withUnsafeBufferPointer { try body(document, scratch, $0) }
            }
        }
    }

    /// The bytes of a cell that is a range.
    public func withBytes<Value>(of cell: Cell, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let range = cell.offset..<cell.offset + cell.length
        switch cell.extra {
        case 0: return try document.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        case 1: return try scratch.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        default: return try fitted.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        }
    }

    /// Adds a value, in the form in which a store keeps it, to an identity.
    func add(_ cell: Cell, digits: Int, to maker: inout RowKeyMaker) {
        switch cell.kind {
        case .null: break
        case .integer, .boolean: maker.add(integer: cell.payload)
        case .float: maker.add(double: Double(bitPattern: UInt64(bitPattern: cell.payload)))
        case .number, .text, .json: withBytes(of: cell) { maker.add(text: $0) }
        case .timestamp, .date:
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: StoredTime.capacity) { buffer in
                guard let base = buffer.baseAddress else { return }
                var count = 10
                if cell.kind == .date {
                    StoredTime.writeDay(cell.payload, to: base)
                } else {
                    count = StoredTime.write(
                        seconds: cell.payload, nanoseconds: cell.extra, digits: digits, to: base)
                }
                maker.add(text: UnsafeRawBufferPointer(start: base, count: count))
            }
        }
    }

    /// The hash of a value for ``FittedRows/hashes``: equal for equal values of a column, also after the column widened.
    @inline(__always)
    func hash(_ cell: Cell) -> UInt64 {
        switch cell.kind {
        case .null: 0
        case .integer: RowHash.integer(cell.payload)
        case .boolean: RowHash.integer(cell.payload ^ 0x626F_6F6C)
        case .float: RowHash.double(cell.payload)
        case .number, .text, .json: withBytes(of: cell) { RowHash.hash($0, UInt64(cell.kind == .number ? 1 : 0)) }
        case .timestamp: RowHash.mix(RowHash.integer(cell.payload), UInt64(cell.extra) ^ RowHash.k1)
        case .date: RowHash.integer(cell.payload ^ 0x6461_7465)
        }
    }
}

/// A row that is refused.
public struct RowReject: Sendable, Hashable {
    /// Its place among the document's rows of this table, from 0.
    public var index: Int
    /// See ``RejectedRow/reason``.
    public var reason: String
    /// The column, where one is to blame.
    public var column: String?
    /// The row as a JSON object.
    public var row: String
}
