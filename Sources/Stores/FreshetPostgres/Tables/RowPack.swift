import FreshetCore

/// Turns fitted rows into what PostgreSQL takes in bulk: an array for each column, or rows of a binary COPY.
///
/// Values go from their cells into the message without becoming strings on the way.
struct RowPack {
    /// How the values of a column are sent.
    struct ColumnForm: Sendable {
        /// The name of the type.
        var name: String
        /// Its number, and the number of its array type, in PostgreSQL's catalog.
        var oid: UInt32
        var array: UInt32
    }

    static let (bigint, bytea) = (
        ColumnForm(name: "bigint", oid: 20, array: 1016), ColumnForm(name: "bytea", oid: 17, array: 1001)
    )

    static func type(_ column: ColumnSchema) -> ColumnForm {
        switch column.type {
        case .integer: bigint
        case .boolean: ColumnForm(name: "boolean", oid: 16, array: 1000)
        case .decimal: ColumnForm(name: "numeric", oid: 1700, array: 1231)
        case .float: ColumnForm(name: "double precision", oid: 701, array: 1022)
        case .text, .json: ColumnForm(name: "text", oid: 25, array: 1009)
        case .timestamp where column.digits <= 6: ColumnForm(name: "timestamptz", oid: 1184, array: 1185)
        case .timestamp: ColumnForm(name: "text", oid: 25, array: 1009)
        case .date: ColumnForm(name: "date", oid: 1082, array: 1182)
        }
    }

    /// PostgreSQL counts from 2000-01-01.
    static let epoch = (days: Int64(10_957), seconds: Int64(946_684_800))

    let fitted: FittedRows
    /// The number of the shape of each accepted row; empty where rows have none.
    let shapes: [Int64]
    /// For tables of appended rows: numbers and marks of the rows that are written.
    var sequence: [Int64] = []
    var once: [[UInt8]] = []
    /// Columns besides those of the schema that come first: `_seq` and `_once`, then hash and shape.
    private var lead: Int { fitted.schema.disposition == .append ? 4 : 2 }

    init(_ fitted: FittedRows, shapes: [Int64]) { (self.fitted, self.shapes) = (fitted, shapes) }

    /// The columns that are sent, as places in ``TableSQL/names``: all of a narrow table, so that its statement stays the same.
    var columns: [Int] {
        let all = fitted.columns.count <= 100
        let own = fitted.columns.indices.filter { all || !fitted.columns[$0].isEmpty }
        return (0..<lead).filter { all || $0 != lead - 1 || !shapes.isEmpty } + own.map { $0 + lead }
    }

    // MARK: Arrays

    /// The arrays of these columns for these places of ``FittedRows/rows``.
    ///
    /// - Parameters:
    ///   - columns: Places in ``TableSQL/names``.
    ///   - places: The rows.
    ///   - first: How many rows went before, in earlier pieces.
    /// - Returns: A parameter for each column.
    /// - Throws: `StoreError.refused` for a value that PostgreSQL cannot hold.
    func arrays(_ columns: [Int], _ places: [Int], from first: Int) throws(StoreError) -> [PGValue] {
        var values: [PGValue] = []
        values.reserveCapacity(columns.count)
        for column in columns {
            let form = form(column)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(20 + places.count * 12)
            var hasNull = false
            Self.head(places.count, of: form.oid, to: &bytes)
            for (index, place) in places.enumerated() {
                if try !append(column, first + index, place, to: &bytes) { hasNull = true }
            }
            if hasNull { bytes[7] = 1 }
            values.append(.raw(type: form.array, bytes))
        }
        return values
    }

    private static func head(_ count: Int, of type: UInt32, to bytes: inout [UInt8]) {
        PGParameters.append(UInt32(count == 0 ? 0 : 1), to: &bytes)
        PGParameters.append(UInt32(0), to: &bytes)
        PGParameters.append(type, to: &bytes)
        guard count > 0 else { return }
        PGParameters.append(UInt32(count), to: &bytes)
        PGParameters.append(UInt32(1), to: &bytes)
    }

    /// An array of row addresses.
    static func addresses(_ addresses: [UInt64]) -> PGValue {
        var bytes: [UInt8] = []
        head(addresses.count, of: 27, to: &bytes)
        for address in addresses {
            PGParameters.append(UInt32(6), to: &bytes)
            PGParameters.append(UInt32(truncatingIfNeeded: address >> 16), to: &bytes)
            PGParameters.append(UInt16(truncatingIfNeeded: address), to: &bytes)
        }
        return .raw(type: 1010, bytes)
    }

    /// Key columns of these rows as arrays, for ``TableSQL/scan(first:)``, in the forms of the columns that they are compared with.
    func keys(_ rows: [Int], forms: [ColumnSchema]) throws(StoreError) -> [PGValue] {
        var values: [PGValue] = []
        for (column, schema) in zip(fitted.keyColumns, forms) {
            let form = Self.type(schema)
            var bytes: [UInt8] = []
            Self.head(rows.count, of: form.oid, to: &bytes)
            for row in rows { _ = try append(fitted.columns[column], row, schema, to: &bytes) }
            values.append(.raw(type: form.array, bytes))
        }
        return values
    }

    // MARK: COPY

    /// The first bytes of a binary COPY, and the last.
    static let copyHead: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    static let copyTail: [UInt8] = [0xFF, 0xFF]

    /// Appends one row: the leading values, then the columns.
    func copy(_ columns: [Int], _ index: Int, _ place: Int, lead: [UInt8], to bytes: inout [UInt8]) throws(StoreError) {
        PGParameters.append(UInt16(4 + columns.count), to: &bytes)
        bytes += lead
        for column in columns { _ = try append(column, index, place, to: &bytes) }
    }

    /// Key, fetch, time and version of every row of a COPY.
    static func copyLead(_ fetch: TableFetch) -> [UInt8] {
        var bytes: [UInt8] = []
        var key = fetch.key
        key.withUTF8 { source in
            let place = bytes.count
            PGParameters.append(UInt32(0), to: &bytes)
            StoredText.append(UnsafeRawBufferPointer(source), to: &bytes)
            Self.setLength(at: place, &bytes)
        }
        PGParameters.append(UInt32(8), to: &bytes)
        PGParameters.append(fetch.id, to: &bytes)
        PGParameters.append(UInt32(8), to: &bytes)
        PGParameters.append(fetch.moment.microseconds - epoch.seconds * 1_000_000, to: &bytes)
        PGParameters.append(UInt32(8), to: &bytes)
        PGParameters.append(Int64(fetch.version), to: &bytes)
        return bytes
    }

    // MARK: Values

    private func form(_ column: Int) -> ColumnForm {
        guard column < lead else { return Self.type(fitted.schema.columns[column - lead]) }
        return lead == 4 && column == 1 ? Self.bytea : Self.bigint
    }

    /// Appends a value with its length before it; `false` for nothing.
    private func append(_ column: Int, _ index: Int, _ place: Int, to bytes: inout [UInt8]) throws(StoreError) -> Bool {
        guard column < lead else {
            let own = column - lead
            return try append(fitted.columns[own], fitted.rows[place], fitted.schema.columns[own], to: &bytes)
        }
        switch column - (lead - 4) {
        case 0: Self.append(sequence[index], to: &bytes)
        case 1:
            PGParameters.append(UInt32(once[index].count), to: &bytes)
            bytes += once[index]
        case 2: Self.append(Int64(bitPattern: fitted.hashes[place]), to: &bytes)
        default:
            guard !shapes.isEmpty else {
                PGParameters.append(UInt32.max, to: &bytes)
                return false
            }
            Self.append(shapes[place], to: &bytes)
        }
        return true
    }

    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        PGParameters.append(UInt32(8), to: &bytes)
        PGParameters.append(value, to: &bytes)
    }

    @inline(__always)
    private func append(
        _ cells: [Cell], _ row: Int, _ column: ColumnSchema, to bytes: inout [UInt8]
    ) throws(StoreError) -> Bool {
        guard row < cells.count, cells[row].kind != .null else {
            PGParameters.append(UInt32.max, to: &bytes)
            return false
        }
        let cell = cells[row]
        switch (column.type, cell.kind) {
        case (.integer, .integer): Self.append(cell.payload, to: &bytes)
        case (.float, .float): Self.append(cell.payload, to: &bytes)
        case (.boolean, .boolean):
            PGParameters.append(UInt32(1), to: &bytes)
            bytes.append(cell.payload == 0 ? 0 : 1)
        default:
            let place = bytes.count
            PGParameters.append(UInt32(0), to: &bytes)
            try appendLong(cell, column, to: &bytes)
            Self.setLength(at: place, &bytes)
        }
        return true
    }

    private func appendLong(_ cell: Cell, _ column: ColumnSchema, to bytes: inout [UInt8]) throws(StoreError) {
        switch (column.type, cell.kind) {
        case (.text, .text), (.text, .number), (.json, .json):
            fitted.buffers.withBytes(of: cell) { StoredText.append($0, to: &bytes) }
        case (.decimal, .integer):
            var text = String(cell.payload)
            text.withUTF8 { NumericBinary.append(UnsafeRawBufferPointer($0), to: &bytes) }
        case (.decimal, .float):
            var text = NumericText.stored(Double(bitPattern: UInt64(bitPattern: cell.payload)))
            text.withUTF8 { NumericBinary.append(UnsafeRawBufferPointer($0), to: &bytes) }
        case (.decimal, .number):
            let fits = fitted.buffers.withBytes(of: cell) { source in
                guard NumericText.fits(source) else { return false }
                NumericBinary.append(source, to: &bytes)
                return true
            }
            guard fits else {
                throw .refused("a number in \(column.name) is larger or finer than PostgreSQL's numeric can hold")
            }
        case (.timestamp, .timestamp) where column.digits <= 6:
            let seconds = cell.payload - Self.epoch.seconds
            PGParameters.append(seconds * 1_000_000 + Int64(cell.extra / 1_000), to: &bytes)
        case (.timestamp, .timestamp):
            let text = StoredTime.text(seconds: cell.payload, nanoseconds: cell.extra, digits: column.digits)
            bytes.append(contentsOf: text.utf8)
        case (.date, .date):
            PGParameters.append(Int32(truncatingIfNeeded: cell.payload - Self.epoch.days), to: &bytes)
        default: throw .refused("a value does not fit the column \(column.name)")
        }
    }

    private static func setLength(at place: Int, _ bytes: inout [UInt8]) {
        let length = UInt32(bytes.count - place - 4)
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
    }
}
