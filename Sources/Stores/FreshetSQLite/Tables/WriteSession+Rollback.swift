import FreshetCore

extension WriteSession {
    /// See `TableStore.rollback(_:to:discards:now:)`.
    func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) throws -> (TableSchema, NewEvent) {
        guard let record = try tables().record(named: table) else {
            throw StoreError.refused("there is no table \(table)")
        }
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
        }
        let cause = SchemaCause(text: "rollback", at: now)
        let changes: [SchemaChange] = [.rolledBack(to: version)]
        let changed = try change(tables().record(named: table), of: record.dataset, to: next, changes, cause)
        return (changed.schema, .schemaChanged(changed.schema, changes, nil))
    }

    private func schema(of table: String, version: Int) throws -> TableSchema? {
        let statement = try statement("SELECT schema FROM freshet_schemas WHERE table_name = ?1 AND version = ?2")
        defer { statement.reset() }
        statement.bind(table, at: 1)
        statement.bind(version, at: 2)
        return try statement.step() ? Self.decode(TableSchema.self, statement.text(0)) : nil
    }

    /// What a rollback would lose in one column.
    private struct Loss {
        var column: String
        var condition: String
        var count: Int
        /// Whether the rows do not fit the earlier schema at all, so that they go to the rejects.
        var movesRows: Bool

        var words: String { "\(count) in \(column)" }
    }

    private func losses(from record: TableRecord, _ dropped: [ColumnSchema], to wanted: TableSchema) throws -> [Loss] {
        var losses: [Loss] = []
        func look(_ column: ColumnSchema, _ condition: String, movesRows: Bool) throws {
            let sql = "SELECT count(*) FROM \(quoted(record.schema.name)) WHERE \(condition)"
            let statement = try statement(sql)
            defer { statement.reset() }
            let count = try statement.step() ? statement.int(0) : 0
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
                try look(column, "typeof(\(name)) NOT IN ('integer', 'null')", movesRows: true)
            } else if earlier.type != column.type {
                try look(column, "\(name) IS NOT NULL", movesRows: true)
            } else if column.type == .timestamp, earlier.digits < column.digits {
                let first = earlier.digits == 0 ? 21 : 21 + earlier.digits
                let length = column.digits - earlier.digits
                let zeros = String(repeating: "0", count: length)
                try look(column, "substr(\(name), \(first), \(length)) <> '\(zeros)'", movesRows: true)
            }
        }
        return losses
    }

    /// Moves rows that do not fit an earlier schema, and the child rows below them, out of the tables.
    private func moveToRejects(_ record: TableRecord, _ loss: Loss, _ now: Timestamp) throws {
        let schema = record.schema
        let names = ["_key", "_version"] + schema.columns.map { quoted($0.name) }
        let rows = try statement(
            "SELECT \(names.joined(separator: ", ")), _deleted_at IS NOT NULL FROM \(quoted(schema.name)) "
                + "WHERE \(loss.condition)")
        let insert = try statement(
            """
            INSERT INTO freshet_rejects (table_name, dataset, key, version, place, reason, column_name, row, at)
            VALUES (?1, ?2, ?3, ?4, ?5, 'type', ?6, ?7, ?8)
            """)
        var (place, deleted) = (0, 0)
        do {
            defer { rows.reset() }
            while try rows.step() {
                insert.bind(schema.name, at: 1)
                insert.bind(record.dataset, at: 2)
                insert.bind(rows.text(0), at: 3)
                insert.bind(rows.int(1), at: 4)
                insert.bind(place, at: 5)
                insert.bind(loss.column, at: 6)
                insert.bind(Self.object(rows, schema), at: 7)
                insert.bind(now.microseconds, at: 8)
                try insert.run()
                place += 1
                deleted += rows.int(CInt(names.count))
            }
        }
        for child in try tables().records(of: record.dataset)
        where child.schema.path.count > schema.path.count && child.schema.path.starts(with: schema.path) {
            try removeBelow(record, loss, child)
        }
        try execute("DELETE FROM \(quoted(schema.name)) WHERE \(loss.condition)")
        try count(schema.name, live: deleted - place, deleted: -deleted)
    }

    private func removeBelow(_ record: TableRecord, _ loss: Loss, _ child: TableRecord) throws {
        let keys = record.schema.key
        guard !keys.isEmpty, child.schema.key.count > keys.count else { return }
        let pairs = zip(child.schema.key, keys).map { "c.\(quoted($0)) = p.\(quoted($1))" }.joined(separator: " AND ")
        let condition = """
            EXISTS (SELECT 1 FROM \(quoted(record.schema.name)) p WHERE p._key = c._key AND \(pairs) AND (\(loss.condition)))
            """
        let counting = try statement(
            """
            SELECT count(*), count(_deleted_at) FROM \(quoted(child.schema.name)) c WHERE \(condition)
            """)
        var counts = (all: 0, deleted: 0)
        do {
            defer { counting.reset() }
            if try counting.step() { counts = (counting.int(0), counting.int(1)) }
        }
        try execute("DELETE FROM \(quoted(child.schema.name)) AS c WHERE \(condition)")
        try count(child.schema.name, live: counts.deleted - counts.all, deleted: -counts.deleted)
    }

    private func count(_ table: String, live: Int, deleted: Int) throws {
        let statement = try statement(
            "UPDATE freshet_tables SET live = live + ?2, deleted = deleted + ?3 WHERE name = ?1")
        statement.bind(table, at: 1)
        statement.bind(live, at: 2)
        statement.bind(deleted, at: 3)
        try statement.run()
    }

    /// A row as a JSON object of its columns that have a value.
    private static func object(_ rows: RawStatement, _ schema: TableSchema) -> String {
        var parts: [String] = []
        for (index, column) in schema.columns.enumerated() {
            let value: String? =
                switch rows.tableValue(CInt(index + 2), column.type) {
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
