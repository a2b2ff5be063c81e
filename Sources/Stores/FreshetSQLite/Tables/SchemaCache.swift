import FreshetCore
import Synchronization

/// Schemas read from the file, by their revision; shared by the readers.
final class SchemaCache: Sendable {
    private let schemas = Mutex<[Int64: TableSchema]>([:])

    func schema(_ revision: Int64, decode: () throws -> TableSchema) rethrows -> TableSchema {
        if let known = schemas.withLock({ $0[revision] }) { return known }
        let schema = try decode()
        schemas.withLock { schemas in
            if schemas.count > 10_000 { schemas = [:] }
            schemas[revision] = schema
        }
        return schema
    }
}

/// A table as a reader finds it.
struct ReadTable {
    var schema: TableSchema
    var history: String?

    static func find(_ name: String, _ session: ReadSession, _ cache: SchemaCache) throws -> ReadTable {
        let found = try session.first("SELECT revision, schema, history FROM freshet_tables WHERE name = ?1") {
            $0.bind(name, at: 1)
        } row: { row in
            let text = row.text(1)
            let schema = try cache.schema(row.int64(0)) { try WriteSession.decode(TableSchema.self, text) }
            return ReadTable(schema: schema, history: row.optionalText(2))
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
        if TableSchema.provenance.contains(name) {
            let type: ColumnType =
                switch name {
                case "_key": .text
                case "_fetched_at", "_deleted_at": .timestamp
                case "_shape": .json
                default: .integer
                }
            return ColumnSchema(name: name, path: [], type: type)
        }
        let known = schema.columns.prefix(20).map(\.name).joined(separator: ", ")
        throw StoreError.refused("the table \(schema.name) has no column \(name); it has \(known)")
    }

    /// The columns that tell a row from all others.
    var identity: [String] { schema.disposition == .append ? ["_seq"] : ["_key"] + schema.key }
}

extension RawStatement {
    /// Reads a value by the type of its column; by its own where that is not known.
    func tableValue(_ index: CInt, _ type: ColumnType?) -> TableValue {
        let stored = StoredValue(self, index)
        if case .null = stored { return .null }
        switch (type, stored) {
        case (.decimal, .integer(let value)): return .decimal(String(value))
        case (.decimal, .double(let value)): return .decimal("\(value)")
        case (.decimal, .text(let text)): return .decimal(text)
        case (.float, .integer(let value)): return .float(Double(value))
        case (.boolean, .integer(let value)): return .boolean(value != 0)
        case (.json, .text(let text)): return .json(text)
        case (.timestamp, .text(let text)):
            if let moment = TimeText.parse(text.utf8, format: .iso) {
                return .timestamp(seconds: moment.seconds, nanoseconds: moment.nanoseconds)
            }
            return .text(text)
        case (.date, .text(let text)): return TimeText.parseDate(text.utf8).map { .date(days: $0) } ?? .text(text)
        case (_, .integer(let value)): return .integer(value)
        case (_, .double(let value)): return .float(value)
        case (_, .text(let text)): return .text(text)
        case (_, .null): return .null
        }
    }
}
