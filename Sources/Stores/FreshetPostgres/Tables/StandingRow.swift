import FreshetCore

/// A row of the document that is in the table already.
struct StandingRow {
    /// Where it is: block and place, as long as the transaction lasts.
    var address: UInt64
    var hash: UInt64
    var isDeleted: Bool
    var key: RowKey
    /// The key of the declared table's row that it belongs to.
    var rootKey: RowKey

    /// Reads a row of ``TableSQL/scan``.
    init(_ row: PGRow, keys: [ColumnSchema], rootCount: Int) {
        address = row.raw(0).reduce(0) { $0 << 8 | UInt64($1) }
        hash = UInt64(bitPattern: row.int64(1))
        isDeleted = row.bool(2)
        var (maker, rootKey) = (RowKeyMaker(), RowKeyMaker().key)
        for (index, column) in keys.enumerated() {
            row.add(index + 3, column, to: &maker)
            if index + 1 == rootCount { rootKey = maker.key }
        }
        (key, self.rootKey) = (maker.key, rootKey)
    }
}

extension PGRow {
    /// Adds a key column to an identity, as ``FittedRows/storedKey(of:)`` adds its cells.
    fileprivate func add(_ index: Int, _ column: ColumnSchema, to maker: inout RowKeyMaker) {
        guard !isNull(index) else { return }
        switch column.type {
        case .integer, .date: maker.add(integer: int64(index))
        case .boolean: maker.add(integer: bool(index) ? 1 : 0)
        case .float: maker.add(double: double(index) ?? 0)
        case .decimal:
            guard let text = NumericBinary.text(raw(index)) else { return }
            maker.add(number: text)
        case .timestamp where column.digits <= 6: maker.add(integer: int64(index))
        case .text, .json, .timestamp: maker.add(text: raw(index))
        }
    }
}

extension FittedRows {
    /// The identity of a row inside the document, made of its key columns as PostgreSQL keeps them.
    func storedKey(of row: Int) -> RowKey {
        var maker = RowKeyMaker()
        for index in keyColumns where row < columns[index].count {
            let (cell, column) = (columns[index][row], schema.columns[index])
            switch cell.kind {
            case .null: break
            case .integer, .boolean: maker.add(integer: cell.payload)
            case .float: maker.add(double: Double(bitPattern: UInt64(bitPattern: cell.payload)))
            case .number where column.type == .decimal:
                maker.add(number: buffers.withBytes(of: cell) { NumericBinary.normal($0) })
            case .date: maker.add(integer: cell.payload - RowPack.epoch.days)
            case .timestamp where column.digits <= 6:
                maker.add(integer: (cell.payload - RowPack.epoch.seconds) * 1_000_000 + Int64(cell.extra / 1_000))
            case .timestamp:
                var text = StoredTime.text(seconds: cell.payload, nanoseconds: cell.extra, digits: column.digits)
                text.withUTF8 { maker.add(text: UnsafeRawBufferPointer($0)) }
            case .text, .number, .json:
                var stored: [UInt8] = []
                buffers.withBytes(of: cell) { StoredText.append($0, to: &stored) }
                stored.withUnsafeBytes { maker.add(text: $0) }
            }
        }
        return maker.key
    }
}

extension RowKeyMaker {
    /// Adds a number of any size in Freshet's spelling.
    fileprivate mutating func add(number text: String) {
        if let integer = Int64(text) {
            add(integer: integer)
        } else if let double = Double(text), "\(double)" == text {
            add(double: double)
        } else {
            var text = text
            text.withUTF8 { add(text: UnsafeRawBufferPointer($0)) }
        }
    }
}
