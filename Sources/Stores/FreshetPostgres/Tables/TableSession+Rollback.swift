import FreshetCore

extension TableSession {
    /// What a rollback would lose in one column.
    private struct Loss {
        var column: String
        var condition: String
        var count: Int
        /// Whether the rows do not fit the earlier schema at all, so that they go to the rejects.
        var movesRows: Bool

        var words: String { "\(count) in \(column)" }
    }

    /// See `TableStore.rollback(_:to:discards:now:)`.
    func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) throws -> (TableSchema, NewEvent) {
        try holdMark()
        guard let record = book.record(named: table) else { throw StoreError.refused("there is no table \(table)") }
        let present = record.schema
        guard version < present.version, let wanted = try schema(of: present.name, version: version) else {
            throw StoreError.refused(
                "\(present.name) has no earlier version \(version); `freshet schema show \(present.name)` lists them")
        }
        guard wanted.key == present.key, wanted.disposition == present.disposition || wanted.disposition != .append
        else {
            throw StoreError.refused(
                "version \(version) of \(present.name) identifies rows in another way; build the tables anew with "
                    + "`freshet replay \(present.dataset) --rebuild`")
        }
        // Nobody writes rows between the look at what would be lost and the change.
        try connection.script("LOCK TABLE \(quoted(present.name)) IN ACCESS EXCLUSIVE MODE")
        var next = wanted
        next.version = present.version + 1
        next.declarations = present.declarations
        let dropped = present.columns.filter { wanted.column($0.name) == nil }
        let withheld = dropped.filter { $0.variantOf == nil }.map(\.path)
        next.withheld = present.withheld.filter { path in !wanted.columns.contains { $0.path == path } } + withheld
        let losses = try losses(from: record, dropped, to: wanted)
        if !losses.isEmpty {
            guard discards else {
                let words = losses.map(\.words).joined(separator: "; ")
                throw StoreError.refused(
                    "going back to version \(version) of \(present.name) would lose values: \(words); nothing was changed; "
                        + "say --discard to go back all the same (the documents keep what the rows lose)")
            }
            for loss in losses where loss.movesRows { try moveToRejects(record, loss, now) }
            if let history = record.history { try forgetHistory(history, losses.filter(\.movesRows)) }
        }
        let changes: [SchemaChange] = [.rolledBack(to: version)]
        let cause = SchemaCause(text: "rollback", at: now)
        let changed = try change(record, of: record.dataset, to: next, changes, cause)
        try publishChanges()
        return (changed.schema, .schemaChanged(changed.schema, changes, nil))
    }

    private func schema(of table: String, version: Int) throws -> TableSchema? {
        try connection.query(
            "SELECT schema FROM freshet_schemas WHERE table_name = $1 AND version = $2", [.text(table), .int(version)]
        ).first { try SchemaText.decode(TableSchema.self, $0.text(0)) }
    }

    private func losses(from record: TableRecord, _ dropped: [ColumnSchema], to wanted: TableSchema) throws -> [Loss] {
        var losses: [Loss] = []
        func look(_ column: ColumnSchema, _ condition: String, movesRows: Bool) throws {
            let sql = "SELECT count(*) FROM \(quoted(record.schema.name)) WHERE \(condition)"
            let count = try connection.queryText(sql).first { $0.int(0) } ?? 0
            if count > 0 {
                losses.append(Loss(column: column.name, condition: condition, count: count, movesRows: movesRows))
            }
        }
        for column in dropped {
            try look(column, "\(quoted(column.name)) IS NOT NULL", movesRows: column.variantOf != nil)
        }
        for column in record.schema.columns {
            guard let earlier = wanted.column(column.name) else { continue }
            let name = quoted(column.name)
            if earlier.type == .integer, column.type == .decimal {
                // A number with a point is no whole number, even where nothing stands behind the point.
                let whole = "scale(\(name)) = 0 AND \(name) BETWEEN \(Int64.min) AND \(Int64.max)"
                try look(column, "NOT (\(whole))", movesRows: true)
            } else if earlier.type != column.type {
                try look(column, "\(name) IS NOT NULL", movesRows: true)
            } else if column.type == .timestamp, earlier.digits < column.digits {
                let unit = [0: "second", 3: "milliseconds"][earlier.digits] ?? "microseconds"
                let (first, length) = (21 + earlier.digits, column.digits - earlier.digits)
                let zeros = String(repeating: "0", count: length)
                let condition =
                    column.digits <= 6
                    ? "date_trunc('\(unit)', \(name)) <> \(name)"
                    : "substr(\(name), \(first), \(length)) <> '\(zeros)'"
                try look(column, condition, movesRows: true)
            }
        }
        return losses
    }

    /// Moves rows that do not fit an earlier schema, and the child rows below them, out of the tables.
    private func moveToRejects(_ record: TableRecord, _ loss: Loss, _ now: Timestamp) throws {
        let schema = record.schema
        let names = ["_key", "_version", "_deleted_at IS NOT NULL"] + schema.columns.map { quoted($0.name) }
        let rows = try connection.query(
            "SELECT \(names.joined(separator: ", ")) FROM \(quoted(schema.name)) WHERE \(loss.condition)")
        var (keys, versions, texts, deleted) = ([String?](), [Int64?](), [String?](), 0)
        for index in 0..<rows.count {
            let row = rows[index]
            keys.append(row.text(0))
            versions.append(row.int64(1))
            texts.append(StoredText.stored(Self.object(row, schema)))
            if row.bool(2) { deleted += 1 }
        }
        try connection.execute(
            """
            INSERT INTO freshet_rejects (table_name, dataset, key, version, place, reason, column_name, "row", at)
            SELECT $1, $2, u.k, u.v, u.n - 1, 'type', $3, u.o, $4
            FROM unnest($5::text[], $6::bigint[], $7::text[]) WITH ORDINALITY AS u (k, v, o, n) ORDER BY u.n
            """,
            [
                .text(schema.name), .int(record.dataset), .text(loss.column), .int(now.microseconds), .texts(keys),
                .ints(versions), .texts(texts),
            ])
        for child in book.records(of: record.dataset)
        where child.schema.path.count > schema.path.count && child.schema.path.starts(with: schema.path) {
            try removeBelow(record, loss, child, now)
        }
        try connection.script("DELETE FROM \(quoted(schema.name)) WHERE \(loss.condition)")
        try count([(schema.name, deleted - rows.count, -deleted)], at: now)
    }

    /// Superseded rows that do not fit an earlier schema are lost with it.
    private func forgetHistory(_ history: String, _ losses: [Loss]) throws {
        for loss in losses { try connection.script("DELETE FROM \(quoted(history)) WHERE \(loss.condition)") }
    }

    private func removeBelow(_ record: TableRecord, _ loss: Loss, _ child: TableRecord, _ now: Timestamp) throws {
        let keys = record.schema.key
        guard !keys.isEmpty, child.schema.key.count > keys.count else { return }
        let pairs = zip(child.schema.key, keys).map { "c.\(quoted($0)) = p.\(quoted($1))" }.joined(separator: " AND ")
        let sql = """
            WITH gone AS (
                DELETE FROM \(quoted(child.schema.name)) AS c WHERE EXISTS (
                    SELECT 1 FROM \(quoted(record.schema.name)) p
                    WHERE p._key = c._key AND \(pairs) AND (\(loss.condition)))
                RETURNING c._deleted_at
            ) SELECT count(*), count(_deleted_at) FROM gone
            """
        let found = try connection.query(sql).first { (all: $0.int(0), deleted: $0.int(1)) }
        let counts = found ?? (all: 0, deleted: 0)
        guard counts.all > 0 else { return }
        try count([(child.schema.name, counts.deleted - counts.all, -counts.deleted)], at: now)
    }

    /// A row as a JSON object of its columns that have a value.
    private static func object(_ row: PGRow, _ schema: TableSchema) -> String {
        var parts: [String] = []
        for (index, column) in schema.columns.enumerated() {
            let value: String? =
                switch row.value(index + 3, column) {
                case .null: nil
                case .integer(let value): String(value)
                case .decimal(let text), .json(let text): text
                case .float(let value): "\(value)"
                case .boolean(let value): "\(value)"
                case .text(let text): jsonText(text)
                case .timestamp(let seconds, let nanoseconds):
                    jsonText(StoredTime.text(seconds: seconds, nanoseconds: nanoseconds, digits: column.digits))
                case .date(let days): jsonText(TimeText.printDate(days: days))
                }
            if let value { parts.append("\(jsonText(column.name)):\(value)") }
        }
        return "{\(parts.joined(separator: ","))}"
    }
}
