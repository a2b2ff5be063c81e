import FreshetCore

/// Values of a user's query: PostgreSQL writes them as text, their type says what they are.
enum SQLValue {
    /// The numbers of types in PostgreSQL's catalog.
    private enum OID {
        static let (boolean, bytea, bigint, smallint, integer, oid): (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) =
            (16, 17, 20, 21, 23, 26)
        static let (name, text, char, varchar): (UInt32, UInt32, UInt32, UInt32) = (19, 25, 1042, 1043)
        static let (json, jsonb, real, double): (UInt32, UInt32, UInt32, UInt32) = (114, 3802, 700, 701)
        static let (date, timestamp, timestamptz, numeric): (UInt32, UInt32, UInt32, UInt32) = (1082, 1114, 1184, 1700)
    }

    /// The type of a result column; `nil` where each value tells its own.
    static func type(_ oid: UInt32) -> ColumnType? {
        switch oid {
        case OID.boolean: .boolean
        case OID.bigint, OID.smallint, OID.integer, OID.oid: .integer
        case OID.real, OID.double: .float
        case OID.date: .date
        case OID.timestamp, OID.timestamptz: .timestamp
        case OID.json, OID.jsonb: .json
        case OID.name, OID.text, OID.char, OID.varchar: .text
        default: nil
        }
    }

    /// Whether no value of the type can be long.
    static func isShort(_ oid: UInt32) -> Bool {
        switch type(oid) {
        case .boolean, .integer, .float, .date, .timestamp: true
        default: false
        }
    }

    /// A value from its text as PostgreSQL wrote it; `origin` is the column of a table that it comes from, if it does.
    static func value(_ bytes: UnsafeRawBufferPointer, _ oid: UInt32, _ origin: ColumnSchema?) -> TableValue {
        let text = StoredText.original(bytes)
        switch (oid, origin?.type) {
        case (OID.boolean, _): return .boolean(text == "t")
        case (OID.bigint, _), (OID.smallint, _), (OID.integer, _), (OID.oid, _):
            return Int64(text).map { .integer($0) } ?? .text(text)
        case (OID.real, _), (OID.double, _):
            return Double(text).flatMap { $0.isFinite ? .float($0) : nil } ?? .text(text)
        case (OID.numeric, .decimal): return .decimal(NumericText.canonical(text))
        case (OID.numeric, _):
            // Sums of whole numbers are `numeric` in PostgreSQL.
            if let whole = Int64(text) { return .integer(whole) }
            return DecimalOrder.key(text) == nil ? .text(text) : .decimal(NumericText.canonical(text))
        case (OID.date, _): return TimeText.parseDate(text.utf8).map { .date(days: $0) } ?? .text(text)
        case (OID.timestamp, _), (OID.timestamptz, _), (_, .timestamp):
            return TimeText.parse(text.utf8, format: .iso)
                .map { .timestamp(seconds: $0.seconds, nanoseconds: $0.nanoseconds) } ?? .text(text)
        case (OID.json, _), (OID.jsonb, _), (_, .json): return .json(text)
        case (OID.bytea, _): return .text(text.hasPrefix("\\x") ? String(text.dropFirst(2)) : text)
        default: return .text(text)
        }
    }
}
