public import FreshetCore

extension PostgresStore {
    /// Takes a duty, or prolongs it, by the server's clock.
    public func hold(
        _ duty: String, holder: String, for span: Duration
    ) async throws(StoreError) -> DutyHold {
        let hold = try await writers.statement(repeatable: true) { connection in
            try connection.query(
                "SELECT holds, remaining FROM freshet_hold($1::text, $2::text, $3::bigint)",
                [.text(duty), .text(holder), .int(span.microseconds)]
            ).first { DutyHold(holder: $0.text(0), remaining: .microseconds($0.int64(1))) }
        }
        guard let hold else { throw .unavailable("nobody was told to hold the duty") }
        return hold
    }

    /// Gives up a duty, if this process holds it.
    public func release(_ duty: String, holder: String) async throws(StoreError) {
        _ = try await writers.statement(repeatable: true) { connection in
            try connection.execute(
                "DELETE FROM freshet_duties WHERE duty = $1 AND holder = $2", [.text(duty), .text(holder)])
        }
    }

    /// Documents whose state was written since a mark.
    ///
    /// A mark holds what could be seen when it was given; changes are what could not be seen then and can be seen now,
    /// whatever the order in which transactions began and ended.
    public func changes(since mark: ChangeMark?, limit: Int) async throws(StoreError) -> ChangePage {
        let place = mark.flatMap(ChangePlace.init)
        return try await readers.read { [datasets] connection in
            guard let place else {
                let now = try connection.query("SELECT pg_current_snapshot()::text").first { $0.text(0) } ?? ""
                return ChangePage(changes: [], mark: ChangePlace(seen: now).mark)
            }
            let rows = try connection.query(
                Self.changesSQL,
                [
                    .text(place.seen), .text(place.writer ?? place.firstUnseen), .int(place.document),
                    .int(max(1, limit)),
                ])
            return try Self.page(rows, after: place, limit: max(1, limit)) { try datasets.dataset($0, on: connection) }
        }
    }

    // The index gives what was written since the oldest transaction that was under way; the snapshot says what of it is news.
    private static let changesSQL = """
        SELECT pg_current_snapshot()::text, n.* FROM (SELECT 1) one LEFT JOIN LATERAL (
            SELECT d.written_by::text AS writer, d.id, d.dataset, d.key, \(DocumentColumns.list) FROM freshet_documents d
            WHERE d.written_by >= $2::text::xid8 AND (d.written_by, d.id) > ($2::text::xid8, $3::bigint)
                AND NOT pg_visible_in_snapshot(d.written_by, $1::text::pg_snapshot)
            ORDER BY d.written_by, d.id LIMIT $4) n ON true
        """

    private static func page(
        _ rows: PGResult, after place: ChangePlace, limit: Int, _ dataset: (Int64) throws -> DatasetID
    ) throws -> ChangePage {
        var changes: [(id: DocumentID, state: DocumentState)] = []
        var next = place
        for index in 0..<rows.count {
            let row = rows[index]
            if next.first == nil { next.first = row.text(0) }
            guard !row.isNull(2) else { continue }
            next.writer = row.text(1)
            next.document = row.int64(2)
            let id = DocumentID(dataset: try dataset(row.int64(3)), key: row.text(4))
            changes.append((id: id, state: row.documentState(from: 5)))
        }
        // After the last page it goes on from what the first could see: what was committed meanwhile may come twice.
        if changes.count < limit { next = ChangePlace(seen: next.first ?? place.seen) }
        return ChangePage(changes: changes, mark: next.mark)
    }
}

/// A place in the changes.
private struct ChangePlace {
    /// What could be seen when the last full round began, as PostgreSQL writes a snapshot.
    var seen: String
    /// What the first page of this round could see.
    var first: String?
    /// The transaction and document that the page before ended with.
    var writer: String?
    var document: Int64 = -1

    init(seen: String) { self.seen = seen }

    init?(_ mark: ChangeMark) {
        let parts = mark.detail.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let document = Int64(parts[3]) else { return nil }
        seen = parts[0]
        first = parts[1].isEmpty ? nil : parts[1]
        writer = parts[2].isEmpty ? nil : parts[2]
        self.document = document
    }

    /// The oldest transaction that was still under way.
    var firstUnseen: String { seen.split(separator: ":").first.map(String.init) ?? "0" }

    var mark: ChangeMark {
        ChangeMark(
            value: Int64(firstUnseen) ?? 0, detail: "\(seen);\(first ?? "");\(writer ?? "");\(document)")
    }
}
