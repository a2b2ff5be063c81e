import FreshetCore

/// The statements that write one table.
struct TableSQL {
    /// The first parameters of ``insert`` and ``upsert``.
    enum Parameter {
        static let key: CInt = 1
        static let fetchID: CInt = 2
        static let fetchedAt: CInt = 3
        static let version: CInt = 4
        static let hash: CInt = 5
        static let shape: CInt = 6
        static let once: CInt = 7
        static let firstColumn: CInt = 8
    }

    /// Adds a row; in a table for append, one that is there already is left alone.
    let insert: String
    /// Adds a row or overwrites the one with its key.
    let upsert: String
    /// Hash, deletion and key columns of every row of a document.
    let scan: String
    /// Hash and deletion of one row: the document's key, then the key columns.
    let find: String
    /// Removes one row; parameters as in ``find``.
    let delete: String
    /// Marks one row as deleted: parameters as in ``find``, then the time and the fetch.
    let markDeleted: String
    /// Copies one row into the history: parameters as in ``find``, then the end of its time.
    let keepOld: String
    /// Removes all rows of a document.
    let deleteAll: String

    init(_ schema: TableSchema, history: String?) {
        let table = quoted(schema.name)
        let columns = schema.columns.map { quoted($0.name) }
        let keys = schema.key.map { quoted($0) }
        let isAppend = schema.disposition == .append
        let names =
            ["_key", "_fetch_id", "_fetched_at", "_version", "_row_hash", "_shape"] + (isAppend ? ["_once"] : [])
            + columns
        let parameters =
            (1...6).map { "?\($0)" } + (isAppend ? ["?7"] : []) + columns.indices.map { "?\($0 + 8)" }
        let plain =
            "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(parameters.joined(separator: ", ")))"
        insert = isAppend ? plain + " ON CONFLICT DO NOTHING" : plain
        let overwritten = names.filter { $0 != "_key" && !keys.contains($0) } + ["_deleted_at"]
        let assignments = overwritten.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let identity = (["_key"] + keys).joined(separator: ", ")
        upsert = isAppend ? plain : "\(plain) ON CONFLICT (\(identity)) DO UPDATE SET \(assignments)"
        let state = "_row_hash, _deleted_at IS NOT NULL"
        scan =
            "SELECT \((keys.isEmpty ? [state] : [state] + keys).joined(separator: ", ")) FROM \(table) WHERE _key = ?1"
        let one = (["_key = ?1"] + keys.enumerated().map { "\($0.element) = ?\($0.offset + 2)" }).joined(
            separator: " AND ")
        let (first, second) = (keys.count + 2, keys.count + 3)
        find = "SELECT \(state) FROM \(table) WHERE \(one)"
        delete = "DELETE FROM \(table) WHERE \(one)"
        markDeleted = "UPDATE \(table) SET _deleted_at = ?\(first), _fetch_id = ?\(second) WHERE \(one)"
        deleteAll = "DELETE FROM \(table) WHERE _key = ?1"
        let kept = (TableDDL.historyProvenance + columns).joined(separator: ", ")
        keepOld = """
            INSERT INTO \(quoted(history ?? "")) (\(kept), _valid_from, _valid_to)
            SELECT \(kept), _fetched_at, coalesce(_deleted_at, ?\(first)) FROM \(table) WHERE \(one)
            """
    }

    /// The rows of a document below one row of the declared table: ``scan`` with the first key columns given.
    static func scanBelow(_ schema: TableSchema, keys: Int) -> String {
        let conditions = schema.key.prefix(keys).enumerated().map { "\(quoted($0.element)) = ?\($0.offset + 2)" }
        return TableSQL(schema, history: nil).scan + " AND " + conditions.joined(separator: " AND ")
    }
}

/// A name as SQL takes it literally.
func quoted(_ name: String) -> String {
    var text = "\""
    for character in name.unicodeScalars {
        text.unicodeScalars.append(character)
        if character == "\"" { text.append("\"") }
    }
    return text + "\""
}

/// A text as an SQL literal.
func literal(_ text: String) -> String {
    var result = "'"
    for character in text.unicodeScalars {
        result.unicodeScalars.append(character)
        if character == "'" { result.append("'") }
    }
    return result + "'"
}
