import FreshetCore

/// A document's row as the writer needs it.
struct DocumentRow {
    var id: Int64?
    var state = DocumentState()
    var bytes = 0
}

extension WriteSession {
    /// See `DocumentStore.commit(_:)`.
    func commit(_ commit: RefreshCommit) throws -> CommitResult {
        // The fence first: a refused commit must not have written anything.
        if let job = commit.job {
            guard try end(job.lease, with: job.end, now: commit.at) else {
                throw StoreError.fenced(jobID: job.lease.job.id)
            }
        }
        let dataset = try number(of: commit.id.dataset)
        var row = try documentRow(dataset, commit.id.key)
        let before = row.state
        let effect = row.state.apply(commit.outcome, at: commit.at)
        let body: [UInt8]? =
            if case .content(let content) = commit.outcome, effect != .stateOnly { content.body } else { nil }
        if let body { row.bytes = body.count }
        let confirmed = commit.outcome.isConfirmation && row.state.lastUpdated == commit.at
        let tables = try writeTables(commit, effect, from: before, to: &row.state, dataset: dataset)
        try save(&row, dataset: dataset, key: commit.id.key, isConfirmed: confirmed)
        if let id = row.id, let body {
            switch effect {
            case .stateOnly: break
            case .replaceBody: try replaceBody(of: id, version: row.state.version, with: body)
            case .newVersion:
                try begin(row.state, of: id, dataset: dataset, body: body, after: before, commit)
            }
        }
        let events =
            (effect == .newVersion ? commit.eventsOnChange : []) + commit.events + (tables?.events ?? [])
        return CommitResult(
            state: row.state, effect: effect, events: try append(events, now: commit.at), tables: tables?.outcome)
    }

    /// Writes the rows of the content that the document now has; `nil` when there is nothing to write.
    private func writeTables(
        _ commit: RefreshCommit, _ effect: DocumentEffect, from before: DocumentState, to state: inout DocumentState,
        dataset: Int64
    ) throws -> TableResult? {
        guard case .content(let content) = commit.outcome else { return nil }
        // Filler that lost against real data is not the document's content.
        guard state.origin == content.origin else { return nil }
        guard let tables = commit.tables else {
            if effect != .stateOnly { state.tablesMark = nil }
            return nil
        }
        let isDue =
            effect != .stateOnly || before.tablesMark != tables.mark
            || tables.specs.contains { $0.disposition == .append && $0.idempotency == .fetch }
        guard isDue else { return TableResult() }
        let target = TableTarget(id: commit.id, dataset: dataset, version: state.version, now: commit.at)
        let result = try apply(tables, to: target)
        state.tablesMark = result.outcome.stop == nil ? tables.mark : nil
        return result
    }

    private func documentRow(_ dataset: Int64, _ key: String) throws -> DocumentRow {
        let statement = try statement(Self.documentRowSQL)
        defer { statement.reset() }
        statement.bind(dataset, at: 1)
        statement.bind(key, at: 2)
        guard try statement.step() else { return DocumentRow() }
        return DocumentRow(
            id: statement.int64(0), state: statement.documentState(from: 2), bytes: statement.int(1))
    }

    private static let documentRowSQL =
        "SELECT d.id, d.bytes, \(DocumentColumns.list) FROM freshet_documents d WHERE d.dataset = ? AND d.key = ?"

    private func save(_ row: inout DocumentRow, dataset: Int64, key: String, isConfirmed: Bool) throws {
        let first = DocumentColumns.count
        if let id = row.id {
            let statement = try statement(isConfirmed ? Self.confirmSQL : Self.updateSQL)
            statement.bind(row.state, from: 1)
            statement.bind(row.bytes, at: first + 1)
            statement.bind(id, at: first + 2)
            try statement.run()
        } else {
            let statement = try statement(Self.insertSQL)
            defer { statement.reset() }
            statement.bind(row.state, from: 1)
            statement.bind(row.bytes, at: first + 1)
            statement.bind(dataset, at: first + 2)
            statement.bind(key, at: first + 3)
            if try statement.step() { row.id = statement.int64(0) }
        }
    }

    private static let insertSQL = """
        INSERT INTO freshet_documents
            (\(DocumentColumns.names.joined(separator: ", ")), bytes, dataset, key, staleness_told)
        VALUES (\(Array(repeating: "?", count: DocumentColumns.names.count + 3).joined(separator: ", ")), 0) RETURNING id
        """
    private static let assignments =
        (DocumentColumns.names + ["bytes"]).map { $0 + " = ?" }.joined(separator: ", ")
    private static let updateSQL = "UPDATE freshet_documents SET \(assignments) WHERE id = ?"
    private static let confirmSQL =
        "UPDATE freshet_documents SET \(assignments), heat = 0, staleness_told = 0 WHERE id = ?"

    private func replaceBody(of id: Int64, version: Int, with body: [UInt8]) throws {
        let statement = try statement("UPDATE freshet_versions SET body = ?1 WHERE document_id = ?2 AND version = ?3")
        statement.bind(id, at: 2)
        statement.bind(version, at: 3)
        try statement.run(blob: body, at: 1)
    }

    /// Writes a new current version; the previous one becomes history, or its row is used again when none is kept.
    private func begin(
        _ state: DocumentState, of id: Int64, dataset: Int64, body: [UInt8], after before: DocumentState,
        _ commit: RefreshCommit
    ) throws {
        let statement: RawStatement
        if before.version > 0, !commit.keepsHistory, !commit.keepsPrevious {
            statement = try self.statement(
                """
                UPDATE freshet_versions SET version = ?2, changed_at = ?4, origin = ?5, body = ?6
                WHERE document_id = ?1 AND version = ?7
                """)
            statement.bind(before.version, at: 7)
        } else {
            if before.version > 0 {
                let ending = try self.statement(
                    "UPDATE freshet_versions SET ended_at = ?3 WHERE document_id = ?1 AND version = ?2")
                ending.bind(id, at: 1)
                ending.bind(before.version, at: 2)
                ending.bind(state.changedAt, at: 3)
                try ending.run()
                if !commit.keepsHistory { try forgetVersions(of: id, before: before.version) }
            }
            statement = try self.statement(
                """
                INSERT INTO freshet_versions (document_id, version, dataset, changed_at, origin, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """)
            statement.bind(dataset, at: 3)
        }
        statement.bind(id, at: 1)
        statement.bind(state.version, at: 2)
        statement.bind(state.changedAt, at: 4)
        statement.bind(state.origin.code, at: 5)
        try statement.run(blob: body, at: 6)
    }

    private func forgetVersions(of id: Int64, before version: Int) throws {
        let statement = try statement("DELETE FROM freshet_versions WHERE document_id = ?1 AND version < ?2")
        statement.bind(id, at: 1)
        statement.bind(version, at: 2)
        try statement.run()
    }

    /// See `DocumentStore.recordReads(_:)`.
    func recordReads(_ reads: [(id: DocumentID, count: Int, last: Timestamp)]) throws {
        let statement = try statement(
            """
            UPDATE freshet_documents SET heat = heat + ?1, last_read_at = max(coalesce(last_read_at, ?2), ?2)
            WHERE dataset = ?3 AND key = ?4
            """)
        for read in reads {
            guard let dataset = known(read.id.dataset) else { continue }
            statement.bind(read.count, at: 1)
            statement.bind(read.last.microseconds, at: 2)
            statement.bind(dataset, at: 3)
            statement.bind(read.id.key, at: 4)
            try statement.run()
        }
    }

    /// See `DocumentStore.removeVersions(of:endedBefore:limit:)`.
    func removeVersions(of dataset: DatasetID, endedBefore before: Timestamp, limit: Int) throws -> Int {
        guard let number = known(dataset), limit > 0 else { return 0 }
        let statement = try statement(
            """
            DELETE FROM freshet_versions WHERE rowid IN (
                SELECT rowid FROM freshet_versions WHERE ended_at IS NOT NULL AND dataset = ?1 AND ended_at < ?2
                ORDER BY ended_at LIMIT ?3)
            """)
        statement.bind(number, at: 1)
        statement.bind(before.microseconds, at: 2)
        statement.bind(limit, at: 3)
        try statement.run()
        return statement.changes
    }
}

extension RefreshOutcome {
    /// Whether upstream gave or confirmed content.
    var isConfirmation: Bool {
        switch self {
        case .content, .notModified: true
        case .notFound, .failed: false
        }
    }
}
