import FreshetCore

/// Why a schema changes.
struct SchemaCause {
    /// A document's address, `declaration`, or `rollback`.
    var text: String
    var at: Timestamp
    /// The specification that the table follows; `nil` leaves indexes and checks as they are.
    var spec: TableSpec?
}

extension TableSession {
    // MARK: Changes

    /// Makes or changes a table and records the new version of its schema; the mark must be held.
    func change(
        _ old: TableRecord?, of dataset: Int64, to schema: TableSchema, _ changes: [SchemaChange], _ cause: SchemaCause
    ) throws -> TableRecord {
        var schema = schema
        if old == nil { schema.version = try lastVersion(of: schema.name) + 1 }
        var history = old?.history
        if schema.keepsHistory, history == nil { history = free("\(schema.name)__history") }
        let checks: [String]
        if let old {
            checks = try alter(old, to: schema, cause)
        } else {
            checks = TableDDL.checks(schema.path.count == 1 ? cause.spec?.checks ?? [] : [], schema)
            try connection.script(TableDDL.create(schema, as: schema.name, checks: checks))
        }
        if let history, old?.history == nil {
            try connection.script(
                "\(TableDDL.createHistory(schema, as: history)); \(TableDDL.historyIndex(schema, history))")
        }
        let revision = try connection.query("SELECT nextval('freshet_revisions')").first { $0.int64(0) } ?? 0
        let record = TableRecord(
            dataset: dataset, revision: revision, layout: TableLayout(schema), history: history,
            checks: checks.joined(separator: "\n"), hasTakenRows: old?.hasTakenRows ?? false)
        try save(record)
        try saveVersion(schema, changes, cause)
        book.set(record)
        hasChanges = true
        if schema.path.count == 1, let spec = cause.spec { try settleIndexes(of: record, spec) }
        return record
    }

    /// The first of `name`, `name_2`, … that nothing has.
    private func free(_ name: String) -> String {
        guard book.isTaken(name.lowercased()) else { return name }
        var number = 2
        while book.isTaken("\(name)_\(number)".lowercased()) { number += 1 }
        return "\(name)_\(number)"
    }

    /// Changes a table that exists, and the table of its history with it.
    ///
    /// - Returns: The CHECK conditions that the table has then.
    private func alter(_ old: TableRecord, to schema: TableSchema, _ cause: SchemaCause) throws -> [String] {
        let present = old.checks.isEmpty ? [] : old.checks.split(separator: "\n").map(String.init)
        var checks = present
        if let spec = cause.spec, schema.path.count == 1 {
            checks = try spec.checks.filter { try holds($0, in: old) }.flatMap { TableDDL.checks([$0], schema) }
        }
        var actions: [String] = []
        var isRetyped = false
        for column in schema.columns {
            if let before = old.schema.column(column.name) {
                guard let action = TableDDL.retype(before, to: column) else { continue }
                actions.append(action)
                isRetyped = true
            } else {
                actions.append("ADD COLUMN \(TableDDL.column(column, isKey: false))")
            }
        }
        for column in old.schema.columns where schema.column(column.name) == nil {
            actions.append("DROP COLUMN \(quoted(column.name))")
            isRetyped = true
        }
        // PostgreSQL keeps views from losing what they show: they are made again for the changed table.
        let views = isRetyped ? try dropViews(of: [schema.name, old.history].compactMap(\.self)) : []
        if checks != present || isRetyped { try dropChecks(of: schema.name) }
        if !actions.isEmpty {
            for table in [schema.name] + (old.history.map { [$0] } ?? []) {
                try connection.script("ALTER TABLE \(quoted(table)) \(actions.joined(separator: ", "))")
            }
        }
        if checks != present || isRetyped, !checks.isEmpty {
            let added = checks.map { "ADD CHECK (\($0))" }.joined(separator: ", ")
            try connection.script("ALTER TABLE \(quoted(schema.name)) \(added)")
        }
        try restore(views)
        return checks
    }

    private func dropChecks(of table: String) throws {
        let names = try connection.query(
            "SELECT conname::text FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'c'",
            [.text(quoted(table))]
        ).map { $0.text(0) }
        guard !names.isEmpty else { return }
        let actions = names.map { "DROP CONSTRAINT \(quoted($0))" }.joined(separator: ", ")
        try connection.script("ALTER TABLE \(quoted(table)) \(actions)")
    }

    /// Whether no row of a table breaks a condition.
    func holds(_ check: RowCheck, in record: TableRecord) throws -> Bool {
        guard let condition = TableDDL.checks([check], record.schema).first else { return true }
        let sql = "SELECT 1 FROM \(quoted(record.schema.name)) WHERE NOT (\(condition)) LIMIT 1"
        return try connection.queryText(sql).count == 0
    }

    // MARK: Records

    func save(_ record: TableRecord) throws {
        try connection.execute(
            """
            INSERT INTO freshet_tables (name, dataset, path, revision, schema, history, checks)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (name) DO UPDATE SET revision = $4, schema = $5, history = $6, checks = $7
            """,
            [
                .text(record.schema.name), .int(record.dataset), .text(try SchemaText.encode(record.schema.path)),
                .int(record.revision), .text(try SchemaText.encode(record.schema)), .text(orNull: record.history),
                .text(record.checks),
            ])
    }

    /// The newest version under a table's name; a table that was dropped and made again goes on counting.
    private func lastVersion(of table: String) throws -> Int {
        try connection.query(
            "SELECT coalesce(max(version), 0) FROM freshet_schemas WHERE table_name = $1", [.text(table)]
        ).first { $0.int(0) } ?? 0
    }

    private func saveVersion(_ schema: TableSchema, _ changes: [SchemaChange], _ cause: SchemaCause) throws {
        try connection.execute(
            """
            INSERT INTO freshet_schemas (table_name, version, at, cause, changes, schema) VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .text(schema.name), .int(schema.version), .int(cause.at.microseconds), .text(cause.text),
                .text(try SchemaText.encode(changes)), .text(try SchemaText.encode(schema)),
            ])
    }

    // MARK: Indexes

    /// Names of indexes by declaration that a table has.
    private func declaredIndexes(of table: String) throws -> [String] {
        try connection.query(
            """
            SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = $1::text::regclass AND c.relname LIKE 'freshet\\_ix\\_%' ORDER BY 1
            """, [.text(quoted(table))]
        ).map { $0.text(0) }
    }

    /// Makes the declared indexes whose columns exist, and removes those that are declared no more.
    func settleIndexes(of record: TableRecord, _ spec: TableSpec) throws {
        let table = record.schema.name
        let known = { (name: String) in record.schema.column(name) != nil || TableSchema.provenance.contains(name) }
        var wanted = spec.indexes.filter { $0.allSatisfy(known) }
        // What a warehouse has still to hear of is asked for by fetch.
        let byFetch = ["_key", "_fetch_id"]
        if !spec.destinations.isEmpty, record.schema.disposition == .append, !wanted.contains(byFetch) {
            wanted.append(byFetch)
        }
        let names = Set(wanted.map { TableDDL.indexName(table, $0) })
        let present = try declaredIndexes(of: table)
        for name in present where !names.contains(name) { try connection.script("DROP INDEX \(quoted(name))") }
        for columns in wanted where !present.contains(TableDDL.indexName(table, columns)) {
            try connection.script(TableDDL.createIndex(table, columns))
        }
    }
}
