import FreshetCore

/// A table as a reader finds it.
struct ReadTable {
    var schema: TableSchema
    var history: String?

    static func find(_ name: String, on connection: PGConnection, _ memory: TableMemory) throws -> ReadTable {
        let found = try connection.query(
            "SELECT revision, schema, history FROM freshet_tables WHERE lower(name) = lower($1)", [.text(name)]
        ).first { row in
            let layout = try memory.layout(row.int64(0)) { try SchemaText.decode(TableSchema.self, row.text(1)) }
            return ReadTable(schema: layout.schema, history: row.optionalText(2))
        }
        guard let found else {
            throw StoreError.refused("there is no table \(name); `freshet schema show` lists those that there are")
        }
        return found
    }

    /// A column by name, provenance included.
    func column(_ name: String) throws -> ColumnSchema {
        if let column = schema.column(name) { return column }
        if name == "_seq", schema.disposition == .append { return ColumnSchema(name: name, path: [], type: .integer) }
        if TableSchema.provenance.contains(name) { return Self.provenance(name) }
        let known = schema.columns.prefix(20).map(\.name).joined(separator: ", ")
        throw StoreError.refused("the table \(schema.name) has no column \(name); it has \(known)")
    }

    /// A column that every table has.
    static func provenance(_ name: String) -> ColumnSchema {
        let type: ColumnType =
            switch name {
            case "_key": .text
            case "_fetched_at", "_deleted_at", "_valid_from", "_valid_to": .timestamp
            case "_shape": .json
            default: .integer
            }
        return ColumnSchema(name: name, path: [], type: type)
    }

    /// The columns that tell a row from all others.
    var identity: [String] { schema.disposition == .append ? ["_seq"] : ["_key"] + schema.key }
}

extension PGRow {
    /// Reads a value in binary form by its column.
    func value(_ index: Int, _ column: ColumnSchema) -> TableValue {
        guard !isNull(index) else { return .null }
        switch column.type {
        case .integer: return .integer(int64(index))
        case .boolean: return .boolean(bool(index))
        case .float: return .float(double(index) ?? 0)
        case .decimal: return NumericBinary.text(raw(index)).map { .decimal($0) } ?? .null
        case .text: return .text(StoredText.original(raw(index)))
        case .json: return .json(StoredText.original(raw(index)))
        case .date: return .date(days: int64(index) + RowPack.epoch.days)
        case .timestamp where column.digits <= 6:
            let (seconds, rest) = floorDivide(int64(index), 1_000_000)
            return .timestamp(seconds: seconds + RowPack.epoch.seconds, nanoseconds: UInt32(rest) * 1_000)
        case .timestamp:
            let text = text(index)
            return TimeText.parse(text.utf8, format: .iso)
                .map { .timestamp(seconds: $0.seconds, nanoseconds: $0.nanoseconds) } ?? .text(text)
        }
    }

    /// Reads a value that rows are sorted by.
    func place(_ index: Int, _ column: ColumnSchema) -> RowCursor.Value {
        guard !isNull(index) else { return .null }
        switch column.type {
        case .integer: return .integer(int64(index))
        case .boolean: return .integer(bool(index) ? 1 : 0)
        case .float: return .double(double(index) ?? 0)
        case .decimal: return .text(NumericBinary.text(raw(index)) ?? "0")
        case .date: return .integer(int64(index) + RowPack.epoch.days)
        case .timestamp where column.digits <= 6: return .integer(int64(index) + RowPack.epoch.seconds * 1_000_000)
        case .text, .json, .timestamp: return .text(StoredText.original(raw(index)))
        }
    }

    /// The elements of an array of `bytea`.
    func blobs(_ index: Int) -> [[UInt8]] {
        guard !isNull(index) else { return [] }
        let bytes = raw(index)
        func number(_ at: Int) -> Int {
            guard at + 4 <= bytes.count else { return 0 }
            return Int(bytes[at]) << 24 | Int(bytes[at + 1]) << 16 | Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
        }
        guard number(0) == 1 else { return [] }
        var (elements, at) = ([[UInt8]](), 20)
        for _ in 0..<number(12) {
            let length = number(at)
            guard at + 4 + length <= bytes.count else { break }
            elements.append([UInt8](bytes[(at + 4)..<(at + 4 + length)]))
            at += 4 + length
        }
        return elements
    }
}

/// A quotient rounded down, with its rest.
func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
}
