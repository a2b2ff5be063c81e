import FreshetCore

/// The statements that make a table.
///
/// Texts have the collation "C", so that they stand in the order of their bytes wherever the database was made.
enum TableDDL {
    /// Provenance that superseded rows keep.
    static let historyProvenance = [
        "_key", "_fetch_id", "_fetched_at", "_version", "_deleted_at", "_row_hash", "_shape",
    ]

    private static let provenance = [
        "_fetch_id bigint NOT NULL", "_fetched_at timestamptz NOT NULL", "_version bigint NOT NULL",
        "_deleted_at timestamptz", "_row_hash bigint NOT NULL", "_shape bigint",
    ]

    /// PostgreSQL's own limit is 1,600 columns, and those that were dropped count.
    static let columnLimit = 1_580

    /// `CREATE TABLE` for a schema under any name.
    static func create(_ schema: TableSchema, as name: String, checks: [String]) -> String {
        let keys = Set(schema.key)
        var lines =
            ["_key text COLLATE \"C\" NOT NULL"]
            + schema.columns.map { column($0, isKey: keys.contains($0.name)) } + provenance
        if schema.disposition == .append {
            lines = ["_seq bigint PRIMARY KEY"] + lines + ["_once bytea NOT NULL"] + checks.map { "CHECK (\($0))" }
            lines.append("UNIQUE (_key, _once)")
        } else {
            lines += checks.map { "CHECK (\($0))" }
            lines.append("PRIMARY KEY (\((["_key"] + schema.key.map { quoted($0) }).joined(separator: ", ")))")
        }
        return "CREATE TABLE \(quoted(name)) (\n    \(lines.joined(separator: ",\n    "))\n)"
    }

    /// `CREATE TABLE` for the superseded rows of a schema.
    static func createHistory(_ schema: TableSchema, as name: String) -> String {
        let lines =
            ["_key text COLLATE \"C\" NOT NULL"] + schema.columns.map { column($0, isKey: false) } + provenance
            + ["_valid_from timestamptz NOT NULL", "_valid_to timestamptz NOT NULL"]
        return "CREATE TABLE \(quoted(name)) (\n    \(lines.joined(separator: ",\n    "))\n)"
    }

    /// The index by which superseded rows are found.
    static func historyIndex(_ schema: TableSchema, _ name: String) -> String {
        let columns = ["_key"] + schema.key.map { quoted($0) } + ["_valid_from"]
        return """
            CREATE INDEX \(quoted(identifier("freshet_history_\(name)"))) ON \(quoted(name))
            (\(columns.joined(separator: ", ")))
            """
    }

    /// One column as `CREATE TABLE` and `ADD COLUMN` take it.
    static func column(_ column: ColumnSchema, isKey: Bool) -> String {
        "\(quoted(column.name)) \(type(column))\(isKey ? " NOT NULL" : "")"
    }

    /// The type of a column.
    ///
    /// JSON is kept as text, byte for byte as it came: `jsonb` would spell numbers anew and refuse `\\u0000`, and `json` can be
    /// neither compared nor sorted. A moment with nanoseconds is text as well, since `timestamptz` ends at microseconds.
    static func type(_ column: ColumnSchema) -> String {
        switch column.type {
        case .integer: "bigint"
        case .boolean: "boolean"
        case .decimal: "numeric"
        case .float: "double precision"
        case .text, .json: "text COLLATE \"C\""
        case .timestamp: column.digits <= 6 ? "timestamptz" : "text COLLATE \"C\""
        case .date: "date"
        }
    }

    // MARK: Changes

    /// `ALTER TABLE` actions that give a column another type; `nil` where the stored values are the same.
    static func retype(_ old: ColumnSchema, to new: ColumnSchema) -> String? {
        let (before, after) = (type(old), type(new))
        guard before != after else { return nil }
        let name = quoted(new.name)
        return "ALTER COLUMN \(name) TYPE \(after) USING \(converted(name, old, new))"
    }

    private static func converted(_ name: String, _ old: ColumnSchema, _ new: ColumnSchema) -> String {
        guard old.type == .timestamp, new.type == .timestamp else {
            let type = type(new).split(separator: " COLLATE")[0]
            // Between kinds that have nothing in common only empty values are left by then.
            return old.type == .integer || old.type == .decimal ? "\(name)::\(type)" : "NULL::\(type)"
        }
        if new.digits <= 6 { return "\(name)::timestamptz" }
        return "to_char(\(name) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"000Z\"')"
    }

    // MARK: Indexes

    /// A name that fits into PostgreSQL's 63 bytes; what is longer ends with a hash of the whole.
    static func identifier(_ name: String) -> String {
        guard name.utf8.count > 63 else { return name }
        var head = name
        while head.utf8.count > 49 { head.removeLast() }
        let hash = String(RowHash.text(name), radix: 36)
        return "\(head)_\(hash.prefix(13))"
    }

    /// The name of a declared index, in Freshet's own name space.
    static func indexName(_ table: String, _ columns: [String]) -> String {
        identifier("freshet_ix_\(table)__\(columns.joined(separator: "__"))")
    }

    /// Nothing comes first, as in the order of ``RowQuery``.
    static func createIndex(_ table: String, _ columns: [String]) -> String {
        """
        CREATE INDEX IF NOT EXISTS \(quoted(indexName(table, columns)))
        ON \(quoted(table)) (\(columns.map { quoted($0) + " NULLS FIRST" }.joined(separator: ", ")))
        """
    }

    // MARK: Checks

    /// The declared conditions that PostgreSQL can hold up as well; the planner holds up all of them.
    static func checks(_ checks: [RowCheck], _ schema: TableSchema) -> [String] {
        checks.compactMap { check in schema.column(check.column).flatMap { condition(check, $0) } }
    }

    private static func condition(_ check: RowCheck, _ column: ColumnSchema) -> String? {
        var values: [String] = []
        for value in check.values {
            guard let text = comparand(value, column) else { return nil }
            values.append(text)
        }
        guard let first = values.first else { return nil }
        let name = quoted(column.name)
        let relation = check.relation == .notEqual ? "<>" : check.relation.rawValue
        return check.relation == .oneOf
            ? "\(name) IN (\(values.joined(separator: ", ")))" : "\(name) \(relation) \(first)"
    }

    /// A value as a literal of the column's type; `nil` where there is no exact one.
    private static func comparand(_ value: CheckValue, _ column: ColumnSchema) -> String? {
        let text =
            switch value {
            case .number(let text), .text(let text): text
            }
        switch column.type {
        case .integer, .decimal:
            guard DecimalOrder.key(text) != nil, text.utf8.count <= 40, let number = Double(text), number.isFinite
            else { return nil }
            return "\(text)::numeric"
        case .float: return Double(text).flatMap { $0.isFinite ? "\(literal("\($0)"))::double precision" : nil }
        case .text, .json: return literal(StoredText.stored(text)) + " COLLATE \"C\""
        case .boolean:
            switch text {
            case "true", "1": return "true"
            case "false", "0": return "false"
            default: return nil
            }
        case .date: return TimeText.parseDate(text.utf8).map { "\(literal(TimeText.printDate(days: $0)))::date" }
        case .timestamp:
            guard let moment = TimeText.parse(text.utf8, format: .iso), moment.nanoseconds == 0 else { return nil }
            let written = StoredTime.text(seconds: moment.seconds, nanoseconds: 0, digits: column.digits)
            return column.digits <= 6 ? "\(literal(written))::timestamptz" : "\(literal(written)) COLLATE \"C\""
        }
    }
}

/// A name as SQL takes it literally, at most PostgreSQL's 63 bytes long.
func quoted(_ name: String) -> String {
    let name = TableDDL.identifier(name)
    var text = "\""
    for character in name.unicodeScalars {
        text.unicodeScalars.append(character)
        if character == "\"" { text.append("\"") }
    }
    return text + "\""
}

/// A text as an SQL literal, whatever `standard_conforming_strings` says: backslashes make it an `E''`.
func literal(_ text: String) -> String {
    var (result, hasBackslash) = ("'", false)
    for character in text.unicodeScalars {
        result.unicodeScalars.append(character)
        if character == "'" { result.append("'") }
        if character == "\\" {
            result.append("\\")
            hasBackslash = true
        }
    }
    return (hasBackslash ? "E" : "") + result + "'"
}
