public import FreshetCore

extension SQLiteStore {
    /// The state and current body of a document.
    public func document(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        guard let dataset = datasets.number(of: id.dataset) else { return nil }
        return try await read { session in
            try session.first(Self.documentSQL) { statement in
                statement.bind(dataset, at: 1)
                statement.bind(id.key, at: 2)
            } row: { row in
                StoredDocument(id: id, state: row.documentState(from: 1), body: row.blob(0))
            }
        }
    }

    static let documentSQL = """
        SELECT v.body, \(DocumentColumns.list) FROM freshet_documents d
        LEFT JOIN freshet_versions v ON v.document_id = d.id AND v.version = d.version
        WHERE d.dataset = ? AND d.key = ?
        """

    /// Weighs and writes the outcome of a refresh in one transaction.
    public func commit(_ commit: RefreshCommit) async throws(StoreError) -> CommitResult {
        var bytes = if case .content(let content) = commit.outcome { content.body.count } else { 0 }
        if let tables = commit.tables { bytes += tables.rows.document.count + tables.rows.scratch.count }
        return try await committer.write(bytes: bytes) { try $0.commit(commit) }
    }

    /// The keys of a dataset in ascending order (binary), after `after`, at most `limit` (1...1000).
    public func keys(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeySummary] {
        guard let number = datasets.number(of: dataset), limit > 0 else { return [] }
        return try await read { session in
            try session.all(Self.keysSQL) { statement in
                statement.bind(number, at: 1)
                statement.bind(after, at: 2)
                statement.bind(min(limit, 1_000), at: 3)
            } row: { row in
                KeySummary(key: row.text(0), state: row.documentState(from: 2), bytes: row.int(1))
            }
        }
    }

    // Every key is greater than or equal to the empty text, so "no cursor" needs no query of its own.
    static let keysSQL = """
        SELECT d.key, d.bytes, \(DocumentColumns.list) FROM freshet_documents d
        WHERE d.dataset = ?1 AND d.key >= coalesce(?2, '') AND d.key IS NOT ?2 ORDER BY d.key LIMIT ?3
        """

    /// Versions of a document, newest first.
    public func versions(
        of id: DocumentID, since: Timestamp?, until: Timestamp?, limit: Int
    ) async throws(StoreError) -> [StoredVersion] {
        guard let dataset = datasets.number(of: id.dataset), limit > 0 else { return [] }
        return try await read { session in
            try session.all(Self.versionsSQL) { statement in
                statement.bind(dataset, at: 1)
                statement.bind(id.key, at: 2)
                statement.bind(since?.microseconds ?? .min, at: 3)
                statement.bind(until?.microseconds, at: 4)
                statement.bind(limit, at: 5)
            } row: {
                $0.version()
            }
        }
    }

    static let versionsSQL = """
        SELECT v.version, v.changed_at, v.ended_at, v.origin, v.body FROM freshet_documents d
        CROSS JOIN freshet_versions v ON v.document_id = d.id
        WHERE d.dataset = ?1 AND d.key = ?2 AND v.changed_at >= ?3 AND (?4 IS NULL OR v.changed_at < ?4)
        ORDER BY v.version DESC LIMIT ?5
        """

    /// The version that stood at a moment.
    public func version(of id: DocumentID, asOf: Timestamp) async throws(StoreError) -> StoredVersion? {
        guard let dataset = datasets.number(of: id.dataset) else { return nil }
        let found = try await read { session in
            try session.first(Self.asOfSQL) { statement in
                statement.bind(dataset, at: 1)
                statement.bind(id.key, at: 2)
                statement.bind(asOf.microseconds, at: 3)
            } row: {
                $0.version()
            }
        }
        // The version that followed has been removed, or this one ended before the moment asked for.
        guard let found, found.endedAt.map({ $0 > asOf }) ?? true else { return nil }
        return found
    }

    static let asOfSQL = """
        SELECT v.version, v.changed_at, v.ended_at, v.origin, v.body FROM freshet_documents d
        CROSS JOIN freshet_versions v ON v.document_id = d.id
        WHERE d.dataset = ?1 AND d.key = ?2 AND v.changed_at <= ?3 ORDER BY v.version DESC LIMIT 1
        """

    /// How many documents of each dataset are live, stale, missing and gone at a moment.
    public func census(at now: Timestamp) async throws(StoreError) -> [DatasetID: DatasetCensus] {
        try await read { session in
            let rows = try session.all(Self.censusSQL) { statement in
                statement.bind(now.microseconds, at: 1)
            } row: { row in
                var census = DatasetCensus()
                (census.live, census.stale) = (row.int(1), row.int(2))
                (census.missing, census.gone, census.unknown) = (row.int(3), row.int(4), row.int(5))
                census.bytes = row.int(6)
                census.oldest = row.timestamp(7)
                return (try session.dataset(row.int64(0)), census)
            }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    static let censusSQL = """
        SELECT dataset, count(*) FILTER (WHERE presence = 1),
            count(*) FILTER (WHERE presence = 1
                AND (fresh_until IS NULL OR fresh_until <= ?1 OR not_found_count > 0)),
            count(*) FILTER (WHERE presence = 2), count(*) FILTER (WHERE presence = 3),
            count(*) FILTER (WHERE presence = 0), sum(bytes), min(last_updated) FILTER (WHERE presence = 1)
        FROM freshet_documents GROUP BY dataset
        """

    /// Removes superseded versions that ended before `before`, at most `limit`.
    public func removeVersions(
        of dataset: DatasetID, endedBefore before: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        try await committer.write { try $0.removeVersions(of: dataset, endedBefore: before, limit: limit) }
    }

    /// Keys whose refresh is due.
    public func dueKeys(
        of dataset: DatasetID, checkedBefore: Timestamp, readSince: Timestamp?, limit: Int
    ) async throws(StoreError) -> [DueKey] {
        guard let number = datasets.number(of: dataset), limit > 0 else { return [] }
        return try await read { session in
            func due(_ sql: String, _ limit: Int) throws -> [DueKey] {
                try session.all(sql) { statement in
                    statement.bind(number, at: 1)
                    statement.bind(checkedBefore.microseconds, at: 2)
                    statement.bind(readSince, at: 3)
                    statement.bind(limit, at: 4)
                } row: { row in
                    DueKey(key: row.text(0), checkedAt: row.timestamp(1), heat: row.int(2))
                }
            }
            let fresh = try due(Self.dueSQL, limit)
            return fresh.count < limit ? fresh + (try due(Self.dueDeadSQL, limit - fresh.count)) : fresh
        }
    }

    // `state < 4` is the condition of the partial index: any job that is not done, dead ones included.
    static let dueSQL = """
        SELECT d.key, d.checked_at, d.heat FROM freshet_documents d
        WHERE d.dataset = ?1 AND d.presence IN (1, 3) AND d.checked_at < ?2 AND (?3 IS NULL OR d.last_read_at >= ?3)
            AND NOT EXISTS (
                SELECT 1 FROM freshet_jobs j WHERE j.dataset = d.dataset AND j.key = d.key AND j.state < 4)
        ORDER BY d.checked_at LIMIT ?4
        """

    // From the dead letters to their documents, so that it costs nothing where none has died.
    static let dueDeadSQL = """
        SELECT d.key, d.checked_at, d.heat FROM freshet_jobs j
        CROSS JOIN freshet_documents d ON d.dataset = j.dataset AND d.key = j.key
        WHERE j.state = 3 AND j.dataset = ?1
            AND d.presence IN (1, 3) AND d.checked_at < ?2 AND (?3 IS NULL OR d.last_read_at >= ?3)
        ORDER BY j.finished_at LIMIT ?4
        """

    /// Writes the event of each live document that went stale and was not told of.
    public func tellStale(
        at now: Timestamp, limit: Int, event: @escaping @Sendable (DocumentID, DocumentState) -> NewEvent?
    ) async throws(StoreError) -> [Event] {
        // Mostly there is nothing to tell: then no writer is bothered.
        let isDue = try await read { session in
            try session.first(Self.anyLapsedSQL) {
                $0.bind(now.microseconds, at: 1)
            } row: { _ in
                true
            }
        }
        guard isDue == true, limit > 0 else { return [] }
        return try await committer.write { try $0.tellStale(at: now, limit: limit, event: event) }
    }

    static let anyLapsedSQL = """
        SELECT 1 FROM freshet_documents WHERE presence = 1 AND staleness_told = 0 AND fresh_until <= ? LIMIT 1
        """

    /// Adds reads to documents and moves their last read.
    public func recordReads(
        _ reads: [(id: DocumentID, count: Int, last: Timestamp)]
    ) async throws(StoreError) {
        guard !reads.isEmpty else { return }
        try await committer.write { try $0.recordReads(reads) }
    }
}

extension RawStatement {
    fileprivate func version() -> StoredVersion {
        StoredVersion(
            version: int(0), changedAt: Timestamp(microseconds: int64(1)), endedAt: timestamp(2), body: blob(4),
            origin: Origin(code: int(3)))
    }
}
