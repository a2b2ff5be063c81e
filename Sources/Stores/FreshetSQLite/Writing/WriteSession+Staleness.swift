import FreshetCore

extension WriteSession {
    /// See `DocumentStore.tellStale(at:limit:event:)`.
    func tellStale(
        at now: Timestamp, limit: Int, event: (DocumentID, DocumentState) -> NewEvent?
    ) throws -> [Event] {
        let lapsed = try statement(Self.lapsedSQL)
        lapsed.bind(now.microseconds, at: 1)
        lapsed.bind(limit, at: 2)
        var (ids, events): ([Int64], [NewEvent]) = ([], [])
        do {
            defer { lapsed.reset() }
            while try lapsed.step() {
                let id = DocumentID(dataset: try self.dataset(lapsed.int64(1)), key: lapsed.text(2))
                ids.append(lapsed.int64(0))
                if let event = event(id, lapsed.documentState(from: 3)) { events.append(event) }
            }
        }
        let tell = try statement("UPDATE freshet_documents SET staleness_told = 1 WHERE id = ?")
        for id in ids {
            tell.bind(id, at: 1)
            try tell.run()
        }
        return try append(events, now: now)
    }

    // The conditions are those of the partial index.
    private static let lapsedSQL = """
        SELECT d.id, d.dataset, d.key, \(DocumentColumns.list) FROM freshet_documents d
        WHERE d.presence = 1 AND d.staleness_told = 0 AND d.fresh_until <= ? ORDER BY d.fresh_until LIMIT ?
        """
}
