public import FreshetCore

extension SQLiteStore {
    /// The tables there are, in ascending order of their names.
    public func tables() async throws(StoreError) -> [TableSummary] {
        try await read(snapshot: true) { [schemas] session in
            let rejected = try session.all(
                "SELECT lower(table_name), count(*) FROM freshet_rejects GROUP BY 1"
            ) { ($0.text(0), $0.int(1)) }
            let rejects = Dictionary(rejected, uniquingKeysWith: +)
            let sql = "SELECT revision, schema, live, deleted, written_at FROM freshet_tables ORDER BY name"
            let summaries = try session.all(sql) { row in
                let text = row.text(1)
                let schema = try schemas.schema(row.int64(0)) { try WriteSession.decode(TableSchema.self, text) }
                return TableSummary(
                    schema: schema, rows: row.int(2), deleted: row.int(3),
                    rejected: rejects[schema.name.lowercased()] ?? 0, writtenAt: row.timestamp(4))
            }
            return try summaries.map { summary in
                var summary = summary
                let key = summary.schema.disposition == .append ? ["_key"] : ["_key"] + summary.schema.key
                summary.indexes = [key] + (try Self.indexes(of: summary.schema.name, session))
                return summary
            }
        }
    }

    private static func indexes(of table: String, _ session: ReadSession) throws -> [[String]] {
        let rows = try session.all(
            """
            SELECT l.name, i.name FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i
            WHERE l.name LIKE 'freshet\\_ix\\_%' ESCAPE '\\' ORDER BY l.name, i.seqno
            """
        ) {
            $0.bind(table, at: 1)
        } row: {
            ($0.text(0), $0.text(1))
        }
        var (names, columns) = ([String](), [[String]]())
        for (name, column) in rows {
            if names.last == name {
                columns[columns.count - 1].append(column)
            } else {
                names.append(name)
                columns.append([column])
            }
        }
        return columns
    }

    /// The versions of a table's schema, newest first.
    public func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion] {
        try await read { session in
            try session.all(
                "SELECT schema, at, cause, changes FROM freshet_schemas WHERE table_name = ?1 ORDER BY version DESC"
            ) {
                $0.bind(table, at: 1)
            } row: { row in
                SchemaVersion(
                    schema: try WriteSession.decode(TableSchema.self, row.text(0)),
                    at: Timestamp(microseconds: row.int64(1)), cause: row.text(2),
                    changes: try WriteSession.decode([SchemaChange].self, row.text(3)))
            }
        }
    }

    /// Rows of one table in a stated order, a page at a time.
    public func rows(_ query: TableQuery) async throws(StoreError) -> TablePage {
        try await read(snapshot: true) { [schemas] session in
            let table = try ReadTable.find(query.table, session, schemas)
            return try RowQuery(query, table).run(session)
        }
    }

    /// Rejected rows of a table (or of all), newest first.
    public func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow] {
        try await read { session in
            try session.all(
                """
                SELECT table_name, dataset, key, version, place, reason, column_name, row, at FROM freshet_rejects
                WHERE ?1 IS NULL OR table_name = ?1 ORDER BY id DESC LIMIT ?2
                """
            ) {
                $0.bind(table, at: 1)
                $0.bind(max(0, limit), at: 2)
            } row: { row in
                RejectedRow(
                    table: row.text(0),
                    document: DocumentID(dataset: try session.dataset(row.int64(1)), key: row.text(2)),
                    version: row.int(3), index: row.int(4), reason: row.text(5), column: row.optionalText(6),
                    row: row.text(7), at: Timestamp(microseconds: row.int64(8)))
            }
        }
    }

    /// Why the tables of datasets take no rows.
    public func tableStops() async throws(StoreError) -> [DatasetID: TableStop] {
        try await read { session in
            let rows = try session.all("SELECT dataset, kind, table_name, message FROM freshet_table_stops") { row in
                (
                    try session.dataset(row.int64(0)),
                    TableStop(kind: row.text(1), table: row.text(2), message: row.text(3))
                )
            }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }

    // MARK: Writing

    /// What would become of these rows now; nothing is written.
    public func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome {
        try await committer.write { session in
            try session.trial {
                let dataset = try session.number(of: id.dataset)
                let version = try session.version(of: id, dataset) ?? 0
                let target = TableTarget(id: id, dataset: dataset, version: version + 1, now: commit.fetchedAt)
                return try session.apply(commit, to: target).outcome
            }
        }
    }

    /// Writes the rows of a stored document again, as a replay does.
    public func apply(
        _ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp
    ) async throws(StoreError) -> TableOutcome {
        try await committer.write(bytes: commit.rows.document.count) { session in
            let dataset = try session.number(of: id.dataset)
            let target = TableTarget(id: id, dataset: dataset, version: version, now: now)
            let result = try session.apply(commit, to: target)
            try session.mark(id, dataset, version: version, result.outcome.stop == nil ? commit.mark : nil)
            _ = try session.append(result.events, now: now)
            return result.outcome
        }
    }

    /// Goes back to an earlier version of a table's schema; a new version records it.
    public func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) async throws(StoreError) -> TableSchema {
        try await committer.write { session in
            let (schema, event) = try session.rollback(table, to: version, discards: discards, now: now)
            _ = try session.append([event], now: now)
            return schema
        }
    }

    /// Removes every table of a dataset, so that a replay can build them anew in a changed form.
    public func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError) {
        try await committer.write { try $0.dropTables(of: dataset) }
    }

    /// Creates and verifies what declarations ask for besides rows.
    public func prepare(
        _ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp
    ) async throws(StoreError) -> [TableStop] {
        try await committer.write { session in
            let (stops, events) = try session.prepare(datasets, views: views, now: now)
            _ = try session.append(events, now: now)
            return stops
        }
    }
}

extension SQLiteStore {
    /// The oldest entries of a warehouse, in order, at most `limit`.
    public func outbox(of destination: String, limit: Int) async throws(StoreError) -> [OutboxEntry] {
        try await read { session in
            try session.all(
                """
                SELECT id, table_name, dataset, key, fetch_id, at FROM freshet_outbox WHERE destination = ?1
                ORDER BY id LIMIT ?2
                """
            ) {
                $0.bind(destination, at: 1)
                $0.bind(max(0, limit), at: 2)
            } row: { row in
                OutboxEntry(
                    id: row.int64(0), destination: destination, table: row.text(1),
                    document: DocumentID(dataset: try session.dataset(row.int64(2)), key: row.text(3)),
                    fetchID: row.int64(4), at: Timestamp(microseconds: row.int64(5)))
            }
        }
    }

    /// Removes entries that the warehouse has confirmed.
    public func confirmOutbox(_ ids: [Int64]) async throws(StoreError) {
        guard !ids.isEmpty else { return }
        try await committer.write { session in
            let statement = try session.statement("DELETE FROM freshet_outbox WHERE id = ?1")
            for id in ids {
                statement.bind(id, at: 1)
                try statement.run()
            }
        }
    }

    /// Entries waiting and the oldest one's time, by warehouse.
    public func outboxDepth() async throws(StoreError) -> [String: (count: Int, oldest: Timestamp)] {
        try await read { session in
            let rows = try session.all(
                "SELECT destination, count(*), min(at) FROM freshet_outbox GROUP BY destination"
            ) { row in
                (row.text(0), (count: row.int(1), oldest: Timestamp(microseconds: row.int64(2))))
            }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }
}
