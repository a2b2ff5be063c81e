public import FreshetCore

extension PostgresStore: TableStore {
    /// The tables there are, in ascending order of their names.
    public func tables() async throws(StoreError) -> [TableSummary] {
        try await readers.snapshot { [tables] connection in
            let rejected = try connection.query(
                "SELECT table_name, count(*) FROM freshet_rejects GROUP BY 1"
            ).map { ($0.text(0), $0.int(1)) }
            let rejects = Dictionary(rejected, uniquingKeysWith: +)
            let indexes = try Self.indexes(on: connection)
            return try connection.query(
                """
                SELECT t.revision, t.schema, coalesce(sum(c.live), 0)::bigint, coalesce(sum(c.deleted), 0)::bigint,
                    max(c.written_at)
                FROM freshet_tables t LEFT JOIN freshet_table_counts c ON c.table_name = t.name
                GROUP BY t.name, t.revision, t.schema ORDER BY t.name
                """
            ).map { row in
                let layout = try tables.memory.layout(row.int64(0)) {
                    try SchemaText.decode(TableSchema.self, row.text(1))
                }
                let schema = layout.schema
                let key = schema.disposition == .append ? ["_key"] : ["_key"] + schema.key
                return TableSummary(
                    schema: schema, rows: row.int(2), deleted: row.int(3), rejected: rejects[schema.name] ?? 0,
                    writtenAt: row.time(4), indexes: [key] + (indexes[TableDDL.identifier(schema.name)] ?? []))
            }
        }
    }

    /// The declared indexes of every table, each its columns in order.
    private static func indexes(on connection: PGConnection) throws -> [String: [[String]]] {
        let rows = try connection.query(
            """
            SELECT t.relname::text, c.relname::text, a.attname::text FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relname LIKE 'freshet\\_ix\\_%' AND c.relnamespace = current_schema()::regnamespace
            ORDER BY 1, 2, a.attnum
            """
        ).map { (table: $0.text(0), index: $0.text(1), column: $0.text(2)) }
        var (found, last) = ([String: [[String]]](), "")
        for row in rows {
            if row.index == last, let count = found[row.table]?.count {
                found[row.table]?[count - 1].append(row.column)
            } else {
                found[row.table, default: []].append([row.column])
            }
            last = row.index
        }
        return found
    }

    /// The versions of a table's schema, newest first.
    public func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion] {
        try await readers.read { connection in
            try connection.query(
                """
                SELECT schema, at, cause, changes FROM freshet_schemas WHERE lower(table_name) = lower($1)
                ORDER BY version DESC
                """, [.text(table)]
            ).map { row in
                SchemaVersion(
                    schema: try SchemaText.decode(TableSchema.self, row.text(0)),
                    at: Timestamp(microseconds: row.int64(1)), cause: row.text(2),
                    changes: try SchemaText.decode([SchemaChange].self, row.text(3)))
            }
        }
    }

    /// Rows of one table in a stated order, a page at a time.
    public func rows(_ query: TableQuery) async throws(StoreError) -> TablePage {
        try await readers.read { [tables] connection in
            var tries = 0
            while true {
                tries += 1
                do {
                    return try connection.snapshot { connection in
                        let table = try ReadTable.find(query.table, on: connection, tables.memory)
                        return try RowQuery(query, table).run(on: connection)
                    }
                } catch let error as PGError where error.isStaleTable && tries < 3 {
                    // The table changed between the look at its schema and the look at its rows.
                    continue
                } catch let error as PGError where error.kind == .server && error.sqlState.hasPrefix("22") {
                    throw StoreError.refused(
                        "the question is refused: a value has a form that PostgreSQL does not take")
                }
            }
        }
    }

    /// Runs one read-only SQL statement over the tables and nothing else.
    public func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult {
        var limits = limits
        limits.time = min(limits.time, options.statementTimeout)
        let question = SQLQuestion(sql: sql, limits: limits, memory: tables.memory)
        return try await readers.snapshot { connection in try question.run(on: connection) }
    }

    /// Rejected rows of a table (or of all), newest first.
    public func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow] {
        try await readers.read { [datasets] connection in
            try connection.query(
                """
                SELECT table_name, dataset, key, version, place, reason, column_name, "row", at FROM freshet_rejects
                WHERE $1::text IS NULL OR table_name = lower($1) OR table_name = $1 ORDER BY id DESC LIMIT $2
                """, [.text(orNull: table), .int(max(0, limit))]
            ).map { row in
                let id = DocumentID(
                    dataset: try datasets.dataset(row.int64(1), on: connection), key: StoredText.original(row.raw(2)))
                return RejectedRow(
                    table: row.text(0), document: id, version: row.int(3), index: row.int(4), reason: row.text(5),
                    column: row.optionalText(6), row: StoredText.original(row.raw(7)),
                    at: Timestamp(microseconds: row.int64(8)))
            }
        }
    }

    /// Why the tables of datasets take no rows.
    public func tableStops() async throws(StoreError) -> [DatasetID: TableStop] {
        try await readers.read { [datasets] connection in
            let rows = try connection.query("SELECT dataset, kind, table_name, message FROM freshet_table_stops").map {
                row in
                (
                    try datasets.dataset(row.int64(0), on: connection),
                    TableStop(kind: row.text(1), table: row.text(2), message: row.text(3))
                )
            }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }

    // MARK: Writing

    /// What would become of these rows now; nothing is written.
    public func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome {
        let number = try await numbers(of: [id.dataset])[id.dataset] ?? 0
        return try await writers.transaction { [tables] connection in
            defer { tables.didEnd(committed: false, on: connection) }
            return try connection.savepoint(keeps: false) { connection in
                let version = try Self.lock(id, number, on: connection) ?? 0
                let target = RowTarget(id: id, dataset: number, version: version + 1, now: commit.fetchedAt)
                return try tables.write(commit, to: target, on: connection).outcome
            }
        }
    }

    /// Writes the rows of a stored document again, as a replay does.
    public func apply(
        _ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp
    ) async throws(StoreError) -> TableOutcome {
        let number = try await numbers(of: [id.dataset])[id.dataset] ?? 0
        return try await tableTransaction(now) { session in
            _ = try Self.lock(id, number, on: session.connection)
            let target = RowTarget(id: id, dataset: number, version: version, now: now)
            let result = try session.apply(commit, to: target)
            let mark: PGValue = result.outcome.stop == nil ? .int(commit.mark) : .null
            try session.connection.execute(
                "UPDATE freshet_documents SET tables_mark = $4 WHERE dataset = $1 AND key = $2 AND version = $3",
                [.int(number), .text(id.key), .int(version), mark])
            return (result.outcome, result.events)
        }
    }

    /// Goes back to an earlier version of a table's schema; a new version records it.
    public func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) async throws(StoreError) -> TableSchema {
        try await tableTransaction(now) { session in
            let (schema, event) = try session.rollback(table, to: version, discards: discards, now: now)
            return (schema, [event])
        }
    }

    /// Removes every table of a dataset, so that a replay can build them anew in a changed form.
    public func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError) {
        guard let number = try await numbers(of: [dataset])[dataset] else { return }
        try await tableTransaction(now) { session in
            try session.dropTables(of: number)
            return ((), [])
        }
    }

    /// Creates and verifies what declarations ask for besides rows.
    public func prepare(
        _ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp
    ) async throws(StoreError) -> [TableStop] {
        let numbers = try await numbers(of: datasets.filter { $0.tables != nil }.map(\.id))
        let numbered = datasets.compactMap { config in numbers[config.id].map { (config: config, number: $0) } }
        return try await tableTransaction(now) { session in
            try session.prepare(numbered, views: views, now: now)
        }
    }

    /// A transaction about tables, and the events that tell of it.
    private func tableTransaction<Value: Sendable>(
        _ now: Timestamp, _ body: @escaping @Sendable (TableSession) throws -> (Value, [NewEvent])
    ) async throws(StoreError) -> Value {
        try await writers.transaction { [tables, datasets] connection in
            // Whatever was remembered of this connection belongs to a transaction before.
            tables.didEnd(committed: false, on: connection)
            defer { tables.didEnd(committed: false, on: connection) }
            let (value, events) = try body(TableSession(connection, tables))
            var writes = EventWrites()
            _ = try writes.add(events, now: now, datasets)
            if writes.count > 0 { _ = try connection.pipeline([writes.statement]) }
            return value
        }
    }

    /// Locks a document against other writers.
    ///
    /// - Returns: The version of its current body, if there is one.
    private static func lock(_ id: DocumentID, _ dataset: Int64, on connection: PGConnection) throws -> Int? {
        try connection.query(
            "SELECT version FROM freshet_documents WHERE dataset = $1 AND key = $2 FOR UPDATE",
            [.int(dataset), .text(id.key)]
        ).first { $0.int(0) }
    }
}

extension PostgresStore: OutboxStore {
    /// The oldest entries of a warehouse, in order, at most `limit`.
    public func outbox(of destination: String, limit: Int) async throws(StoreError) -> [OutboxEntry] {
        try await readers.read { [datasets] connection in
            try connection.query(
                """
                SELECT id, table_name, dataset, key, fetch_id, at FROM freshet_outbox WHERE destination = $1
                ORDER BY id LIMIT $2
                """, [.text(destination), .int(max(0, limit))]
            ).map { row in
                let id = DocumentID(
                    dataset: try datasets.dataset(row.int64(2), on: connection), key: StoredText.original(row.raw(3)))
                return OutboxEntry(
                    id: row.int64(0), destination: destination, table: row.text(1), document: id,
                    fetchID: row.int64(4), at: Timestamp(microseconds: row.int64(5)))
            }
        }
    }

    /// Removes entries that the warehouse has confirmed.
    public func confirmOutbox(_ ids: [Int64]) async throws(StoreError) {
        guard !ids.isEmpty else { return }
        try await writers.statement(repeatable: true) { connection in
            _ = try connection.execute("DELETE FROM freshet_outbox WHERE id = ANY($1)", [.ints(ids)])
        }
    }

    /// Entries waiting and the oldest one's time, by warehouse.
    public func outboxDepth() async throws(StoreError) -> [String: (count: Int, oldest: Timestamp)] {
        try await readers.read { connection in
            let rows = try connection.query(
                "SELECT destination, count(*), min(at) FROM freshet_outbox GROUP BY destination"
            ).map { ($0.text(0), (count: $0.int(1), oldest: Timestamp(microseconds: $0.int64(2)))) }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }
}
