public import FreshetCore

extension PostgresStore {
    /// The state and current body of a document.
    public func document(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        try await ask(id.dataset) { connection, dataset in
            try connection.query(Self.documentSQL, [.int(dataset), .text(id.key)]).first {
                StoredDocument(id: id, state: $0.documentState(from: 1), body: $0.blob(0))
            }
        } ?? nil
    }

    private static let documentSQL = """
        SELECT v.body, \(DocumentColumns.list) FROM freshet_documents d
        LEFT JOIN freshet_versions v ON v.document_id = d.id AND v.version = d.version
        WHERE d.dataset = $1 AND d.key = $2
        """

    /// Weighs and writes the outcome of a refresh in one transaction.
    public func commit(_ commit: RefreshCommit) async throws(StoreError) -> CommitResult {
        let events = commit.events + commit.eventsOnChange
        _ = try await numbers(of: [commit.id.dataset] + events.compactMap { $0.document?.dataset })
        return try await committer.commit(commit)
    }

    /// The keys of a dataset in ascending order (binary), after `after`, at most `limit` (1...1000).
    public func keys(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeySummary] {
        guard limit > 0 else { return [] }
        return try await ask(dataset) { connection, number in
            try connection.query(
                Self.keysSQL, [.int(number), .text(orNull: after), .int(min(limit, 1_000))]
            ).map { KeySummary(key: $0.text(0), state: $0.documentState(from: 2), bytes: $0.int(1)) }
        } ?? []
    }

    // Every key is greater than or equal to the empty text, so "no cursor" needs no query of its own.
    private static let keysSQL = """
        SELECT d.key, d.bytes, \(DocumentColumns.list) FROM freshet_documents d
        WHERE d.dataset = $1 AND d.key >= coalesce($2::text, '') AND d.key IS DISTINCT FROM $2::text ORDER BY d.key LIMIT $3
        """

    /// Versions of a document, newest first.
    public func versions(
        of id: DocumentID, since: Timestamp?, until: Timestamp?, limit: Int
    ) async throws(StoreError) -> [StoredVersion] {
        guard limit > 0 else { return [] }
        return try await ask(id.dataset) { connection, dataset in
            try connection.query(
                Self.versionsSQL,
                [.int(dataset), .text(id.key), .int(since?.microseconds ?? .min), .time(until), .int(limit)]
            ).map { $0.version() }
        } ?? []
    }

    private static let versionsSQL = """
        SELECT v.version, v.changed_at, v.ended_at, v.origin, v.body FROM freshet_documents d
        JOIN freshet_versions v ON v.document_id = d.id
        WHERE d.dataset = $1 AND d.key = $2 AND v.changed_at >= $3 AND ($4::bigint IS NULL OR v.changed_at < $4)
        ORDER BY v.version DESC LIMIT $5
        """

    /// The version that stood at a moment.
    public func version(of id: DocumentID, asOf: Timestamp) async throws(StoreError) -> StoredVersion? {
        let found = try await ask(id.dataset) { connection, dataset in
            try connection.query(Self.asOfSQL, [.int(dataset), .text(id.key), .time(asOf)]).first { $0.version() }
        }
        // The version that followed has been removed, or this one ended before the moment asked for.
        guard case .some(.some(let version)) = found, version.endedAt.map({ $0 > asOf }) ?? true else { return nil }
        return version
    }

    private static let asOfSQL = """
        SELECT v.version, v.changed_at, v.ended_at, v.origin, v.body FROM freshet_documents d
        JOIN freshet_versions v ON v.document_id = d.id
        WHERE d.dataset = $1 AND d.key = $2 AND v.changed_at <= $3 ORDER BY v.version DESC LIMIT 1
        """

    /// How many documents of each dataset are live, stale, missing and gone at a moment.
    public func census(at now: Timestamp) async throws(StoreError) -> [DatasetID: DatasetCensus] {
        try await readers.read { [datasets] connection in
            let rows = try connection.query(Self.censusSQL, [.time(now)]).map { row in
                var census = DatasetCensus()
                (census.live, census.stale) = (row.int(1), row.int(2))
                (census.missing, census.gone, census.unknown) = (row.int(3), row.int(4), row.int(5))
                census.bytes = row.int(6)
                census.oldest = row.time(7)
                return (number: row.int64(0), census: census)
            }
            var found: [DatasetID: DatasetCensus] = [:]
            for row in rows { found[try datasets.dataset(row.number, on: connection)] = row.census }
            return found
        }
    }

    private static let censusSQL = """
        SELECT dataset, count(*) FILTER (WHERE presence = 1),
            count(*) FILTER (WHERE presence = 1
                AND (fresh_until IS NULL OR fresh_until <= $1 OR not_found_count > 0)),
            count(*) FILTER (WHERE presence = 2), count(*) FILTER (WHERE presence = 3),
            count(*) FILTER (WHERE presence = 0), sum(bytes)::bigint, min(last_updated) FILTER (WHERE presence = 1)
        FROM freshet_documents GROUP BY dataset
        """

    /// Removes superseded versions that ended before `before`, at most `limit`.
    public func removeVersions(
        of dataset: DatasetID, endedBefore before: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try await writers.statement(repeatable: true) { [datasets] connection in
            guard let number = try datasets.number(of: dataset, on: connection) else { return 0 }
            return try connection.execute(
                """
                DELETE FROM freshet_versions WHERE (document_id, version) IN (
                    SELECT document_id, version FROM freshet_versions
                    WHERE ended_at IS NOT NULL AND dataset = $1 AND ended_at < $2 ORDER BY ended_at LIMIT $3)
                """, [.int(number), .time(before), .int(limit)])
        }
    }

    /// Keys whose refresh is due.
    public func dueKeys(
        of dataset: DatasetID, checkedBefore: Timestamp, readSince: Timestamp?, limit: Int
    ) async throws(StoreError) -> [DueKey] {
        guard limit > 0 else { return [] }
        return try await ask(dataset) { connection, number in
            func due(_ sql: String, _ limit: Int) throws -> [DueKey] {
                try connection.query(sql, [.int(number), .time(checkedBefore), .time(readSince), .int(limit)]).map {
                    DueKey(key: $0.text(0), checkedAt: $0.time(1), heat: $0.int(2))
                }
            }
            let fresh = try due(Self.dueSQL, limit)
            return fresh.count < limit ? fresh + (try due(Self.dueDeadSQL, limit - fresh.count)) : fresh
        } ?? []
    }

    private static let dueSQL = """
        SELECT d.key, d.checked_at, d.heat FROM freshet_documents d
        WHERE d.dataset = $1 AND d.presence IN (1, 3) AND d.checked_at < $2
            AND ($3::bigint IS NULL OR d.last_read_at >= $3)
            AND NOT EXISTS (
                SELECT 1 FROM freshet_jobs j WHERE j.dataset = d.dataset AND j.key = d.key AND j.state < 4)
        ORDER BY d.checked_at LIMIT $4
        """

    // From the dead letters to their documents, so that it costs nothing where none has died.
    private static let dueDeadSQL = """
        SELECT d.key, d.checked_at, d.heat FROM freshet_jobs j
        JOIN freshet_documents d ON d.dataset = j.dataset AND d.key = j.key
        WHERE j.state = 3 AND j.dataset = $1 AND d.presence IN (1, 3) AND d.checked_at < $2
            AND ($3::bigint IS NULL OR d.last_read_at >= $3)
        ORDER BY j.finished_at LIMIT $4
        """

    /// Writes the event of each live document that went stale and was not told of.
    public func tellStale(
        at now: Timestamp, limit: Int, event: @escaping @Sendable (DocumentID, DocumentState) -> NewEvent?
    ) async throws(StoreError) -> [Event] {
        // Mostly there is nothing to tell: then nothing is locked.
        let isDue = try await readers.read { connection in
            try connection.query(Self.anyLapsedSQL, [.time(now)]).count > 0
        }
        guard isDue, limit > 0 else { return [] }
        return try await writers.transaction { [datasets] connection in
            var lapsed = try connection.query(Self.lapsedSQL, [.time(now), .int(limit)]).map { row in
                let dataset = try datasets.dataset(row.int64(0), on: connection)
                return (id: DocumentID(dataset: dataset, key: row.text(1)), state: row.documentState(from: 2))
            }
            lapsed.sort { ($0.state.freshUntil ?? now) < ($1.state.freshUntil ?? now) }
            let events = lapsed.compactMap { event($0.id, $0.state) }
            return try EventRows.append(events, now: now, datasets, on: connection)
        }
    }

    private static let anyLapsedSQL = """
        SELECT 1 FROM freshet_documents WHERE presence = 1 AND NOT staleness_told AND fresh_until <= $1 LIMIT 1
        """

    // A document that is being written at the moment is told of the next time, if it is stale then.
    private static let lapsedSQL = """
        WITH lapsed AS (
            SELECT id FROM freshet_documents WHERE presence = 1 AND NOT staleness_told AND fresh_until <= $1
            ORDER BY fresh_until LIMIT $2 FOR UPDATE SKIP LOCKED)
        UPDATE freshet_documents d SET staleness_told = true FROM lapsed WHERE d.id = lapsed.id
        RETURNING d.dataset, d.key, \(DocumentColumns.list)
        """

    /// Adds reads to documents and moves their last read.
    public func recordReads(
        _ reads: [(id: DocumentID, count: Int, last: Timestamp)]
    ) async throws(StoreError) {
        guard !reads.isEmpty else { return }
        // One row of each document, in one order for every process.
        var sums: [DocumentID: (count: Int, last: Timestamp)] = [:]
        for read in reads {
            let sum = sums[read.id] ?? (0, read.last)
            sums[read.id] = (sum.count + read.count, max(sum.last, read.last))
        }
        let all = sums.sorted { ($0.key.dataset.description, $0.key.key) < ($1.key.dataset.description, $1.key.key) }
        try await writers.transaction { [datasets] connection in
            var numbers: [Int64?] = []
            for read in all { numbers.append(try datasets.number(of: read.key.dataset, on: connection)) }
            try connection.execute(
                Self.readsSQL,
                [
                    .ints(numbers), .texts(all.map(\.key.key)), .ints(all.map { Int64($0.value.count) }),
                    .ints(all.map { $0.value.last.microseconds }),
                ])
        }
    }

    private static let readsSQL = """
        WITH held AS (
            SELECT d.id, r.count, r.last FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[])
                r(dataset, key, count, last)
            JOIN freshet_documents d ON d.dataset = r.dataset AND d.key = r.key
            ORDER BY d.dataset, d.key FOR UPDATE OF d)
        UPDATE freshet_documents d SET heat = d.heat + h.count, last_read_at = greatest(d.last_read_at, h.last)
        FROM held h WHERE d.id = h.id
        """

    /// Reads with the number of a dataset; `nil` when it has none.
    func ask<Value: Sendable>(
        _ dataset: DatasetID, _ body: @escaping @Sendable (PGConnection, Int64) throws -> Value
    ) async throws(StoreError) -> Value? {
        try await readers.read { [datasets] connection in
            guard let number = try datasets.number(of: dataset, on: connection) else { return nil }
            return try body(connection, number)
        }
    }
}

extension PGRow {
    fileprivate func version() -> StoredVersion {
        StoredVersion(
            version: int(0), changedAt: Timestamp(microseconds: int64(1)), endedAt: time(2), body: blob(4),
            origin: Origin(code: int(3)))
    }
}
