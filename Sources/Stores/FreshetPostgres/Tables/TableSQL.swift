import FreshetCore

/// The statements that write one table; all work on the rows of one document.
struct TableSQL: Sendable {
    /// Address, hash, deletion and key columns of every row of a document.
    let scan: String
    /// ``scan`` for rows whose first key columns are among those given as arrays, a parameter for each.
    func scan(first count: Int) -> String {
        let pairs = keys.prefix(count).map { "s.\($0)" }.joined(separator: ", ")
        let arrays = (0..<count).map { "$\($0 + 2)::\(keyTypes[$0])[]" }.joined(separator: ", ")
        return scan + " AND (\(pairs)) IN (SELECT * FROM unnest(\(arrays)))"
    }

    /// Removes rows by address.
    let delete: String
    /// Marks rows by address as deleted: the addresses, the time, the fetch.
    let markDeleted: String
    /// Copies rows by address into the history: the addresses, the end of their time.
    let keepOld: String
    /// Removes all rows of a document.
    let deleteAll: String
    /// What of these is there already: the document's key, then values of `_once`.
    let findOnce: String
    /// Columns of an insert, in the order of ``RowPack``.
    let names: [String]
    private let table: String
    private let keys: [String]
    private let keyTypes: [String]
    private let types: [String]
    private let isAppend: Bool

    init(_ schema: TableSchema, history: String?) {
        table = quoted(schema.name)
        let columns = schema.columns.map { quoted($0.name) }
        keys = schema.key.map { quoted($0) }
        keyTypes = schema.key.map { name in schema.column(name).map { RowPack.type($0).name } ?? "text" }
        isAppend = schema.disposition == .append
        names =
            (isAppend ? ["_seq", "_once"] : []) + ["_row_hash", "_shape"] + columns
        types =
            (isAppend ? ["bigint", "bytea"] : []) + ["bigint", "bigint"] + schema.columns.map { RowPack.type($0).name }
        let state = (["s.ctid", "s._row_hash", "s._deleted_at IS NOT NULL"] + keys.map { "s.\($0)" })
            .joined(separator: ", ")
        scan = "SELECT \(state) FROM \(table) s WHERE s._key = $1"
        delete = "DELETE FROM \(table) WHERE ctid = ANY($1)"
        markDeleted = """
            UPDATE \(table) SET _deleted_at = \(Self.moment("$2")), _fetch_id = $3 WHERE ctid = ANY($1)
            """
        let kept = (TableDDL.historyProvenance + columns).joined(separator: ", ")
        keepOld = """
            INSERT INTO \(quoted(history ?? "")) (\(kept), _valid_from, _valid_to)
            SELECT \(kept), _fetched_at, coalesce(_deleted_at, \(Self.moment("$2"))) FROM \(table) WHERE ctid = ANY($1)
            """
        deleteAll = "DELETE FROM \(table) WHERE _key = $1"
        findOnce = """
            SELECT (SELECT coalesce(max(_seq), 0) FROM \(table)),
                ARRAY(SELECT _once FROM \(table) WHERE _key = $1 AND _once = ANY($2))
            """
    }

    /// A moment given in microseconds since 1970.
    static func moment(_ parameter: String) -> String {
        "(timestamptz '1970-01-01 00:00:00+00' + \(parameter)::bigint * interval '1 microsecond')"
    }

    /// Adds rows given as arrays: key, fetch, time and version first, then an array for each of the columns.
    ///
    /// `columns` are places in ``names``; `overwrites` says whether a row with the same key is overwritten.
    func insert(_ columns: [Int], overwrites: Bool) -> String {
        let chosen = columns.map { names[$0] }.joined(separator: ", ")
        let arrays = columns.enumerated().map { "$\($0.offset + 5)::\(types[$0.element])[]" }.joined(separator: ", ")
        let labels = columns.indices.map { "c\($0)" }.joined(separator: ", ")
        let sql = """
            INSERT INTO \(table) (_key, _fetch_id, _fetched_at, _version, \(chosen))
            SELECT $1::text, $2::bigint, \(Self.moment("$3")), $4::bigint, \(labels)
            FROM unnest(\(arrays)) AS u (\(labels))
            """
        guard overwrites, !isAppend else { return sql }
        let overwritten =
            ["_fetch_id", "_fetched_at", "_version", "_deleted_at"] + names.filter { !keys.contains($0) }
        let assignments = overwritten.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return "\(sql) ON CONFLICT (\((["_key"] + keys).joined(separator: ", "))) DO UPDATE SET \(assignments)"
    }

    /// `COPY` of whole rows in binary form.
    func copy(_ columns: [Int]) -> String {
        let chosen = columns.map { names[$0] }.joined(separator: ", ")
        return "COPY \(table) (_key, _fetch_id, _fetched_at, _version, \(chosen)) FROM STDIN (FORMAT binary)"
    }
}
