import FreshetCore

/// The statements that make a table.
enum TableDDL {
    /// Provenance that superseded rows keep.
    static let historyProvenance = [
        "_key", "_fetch_id", "_fetched_at", "_version", "_deleted_at", "_row_hash", "_shape",
    ]

    private static let provenance = [
        "_fetch_id INTEGER NOT NULL", "_fetched_at TEXT NOT NULL", "_version INTEGER NOT NULL", "_deleted_at TEXT",
        "_row_hash INTEGER NOT NULL", "_shape INTEGER",
    ]

    /// `CREATE TABLE` for a schema under any name.
    static func create(_ schema: TableSchema, as name: String, checks: [String]) -> String {
        let keys = Set(schema.key)
        // SQLite 3.40 takes rows for damaged (`NULL value in …`) whose table ends with a column of its key: provenance last.
        var lines =
            ["_key TEXT NOT NULL"] + schema.columns.map { column($0, isKey: keys.contains($0.name)) } + provenance
        if schema.disposition == .append {
            lines = ["_seq INTEGER PRIMARY KEY"] + lines + ["_once ANY NOT NULL"] + checks.map { "CHECK (\($0))" }
            lines.append("UNIQUE (_key, _once)")
        } else {
            lines += checks.map { "CHECK (\($0))" }
            lines.append("PRIMARY KEY (\((["_key"] + schema.key.map { quoted($0) }).joined(separator: ", ")))")
        }
        let kind = schema.disposition == .append ? "STRICT" : "STRICT, WITHOUT ROWID"
        return "CREATE TABLE \(quoted(name)) (\n    \(lines.joined(separator: ",\n    "))\n) \(kind)"
    }

    /// `CREATE TABLE` for the superseded rows of a schema.
    static func createHistory(_ schema: TableSchema, as name: String) -> String {
        let lines =
            ["_key TEXT NOT NULL"] + schema.columns.map { column($0, isKey: false) } + provenance
            + ["_valid_from TEXT NOT NULL", "_valid_to TEXT NOT NULL"]
        return "CREATE TABLE \(quoted(name)) (\n    \(lines.joined(separator: ",\n    "))\n) STRICT"
    }

    /// The index by which superseded rows are found.
    static func historyIndex(_ schema: TableSchema, _ name: String) -> String {
        let columns = ["_key"] + schema.key.map { quoted($0) } + ["_valid_from"]
        return
            "CREATE INDEX \(quoted("freshet_history_\(name)")) ON \(quoted(name)) (\(columns.joined(separator: ", ")))"
    }

    /// One column as `CREATE TABLE` and `ADD COLUMN` take it.
    static func column(_ column: ColumnSchema, isKey: Bool) -> String {
        "\(quoted(column.name)) \(type(column.type))\(isKey ? " NOT NULL" : "")"
    }

    /// The type in a STRICT table; `decimal` holds integers, reals and, where a real would round, text.
    static func type(_ type: ColumnType) -> String {
        switch type {
        case .integer, .boolean: "INTEGER"
        case .decimal: "ANY"
        case .float: "REAL"
        case .text, .json, .timestamp, .date: "TEXT"
        }
    }

    // MARK: Indexes

    /// The name of a declared index, in Freshet's own name space.
    static func indexName(_ table: String, _ columns: [String]) -> String {
        "freshet_ix_\(table)__\(columns.joined(separator: "__"))"
    }

    static func createIndex(_ table: String, _ columns: [String]) -> String {
        """
        CREATE INDEX IF NOT EXISTS \(quoted(indexName(table, columns)))
        ON \(quoted(table)) (\(columns.map { quoted($0) }.joined(separator: ", ")))
        """
    }

    // MARK: Checks

    /// The declared conditions that SQLite can hold up as well; the planner holds up all of them.
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
        let plain =
            check.relation == .oneOf ? "\(name) IN (\(values.joined(separator: ", ")))" : "\(name) \(relation) \(first)"
        // A decimal that no real can hold stands there as text, which SQL does not compare as a number.
        return column.type == .decimal ? "typeof(\(name)) = 'text' OR \(plain)" : plain
    }

    /// A value as a literal in the form in which the column stores it; `nil` where there is no exact one.
    private static func comparand(_ value: CheckValue, _ column: ColumnSchema) -> String? {
        let text =
            switch value {
            case .number(let text), .text(let text): text
            }
        switch column.type {
        case .integer, .decimal, .float:
            guard let number = Double(text), number.isFinite, text.utf8.count <= 17 else { return nil }
            return Int64(text).map { String($0) } ?? "\(number)"
        case .text, .json: return literal(text)
        case .boolean:
            switch text {
            case "true", "1": return "1"
            case "false", "0": return "0"
            default: return nil
            }
        case .date: return TimeText.parseDate(text.utf8).map { literal(TimeText.printDate(days: $0)) }
        case .timestamp:
            guard let moment = TimeText.parse(text.utf8, format: .iso), moment.nanoseconds == 0 else { return nil }
            return literal(StoredTime.text(seconds: moment.seconds, nanoseconds: 0, digits: column.digits))
        }
    }
}
