import FreshetCore

/// What is written once for all tables of a document, after their rows.
struct DocumentWork {
    let target: RowTarget
    let commit: TableCommit
    var fetch = TableFetch(id: 0, key: "", version: 0, moment: Timestamp(microseconds: 0))
    /// The declared tables by name: their child tables may come after other declared tables.
    var roots: [String: (fitted: FittedRows, isGuarded: Bool)] = [:]
    /// What becomes of the counts of rows: table, live, deleted.
    var counts: [(table: String, live: Int, deleted: Int)] = []
    var outbox: [(destination: String, table: String)] = []
    fileprivate var rejects: [(table: String, reject: RowReject)] = []
    /// Tables whose earlier rejects of this document go, of any version or of this one.
    fileprivate var cleared: (all: [String], version: [String]) = ([], [])

    init(target: RowTarget, commit: TableCommit) { (self.target, self.commit) = (target, commit) }

    /// Adds refused rows, in place of those that the document had refused before.
    mutating func add(_ rejects: [RowReject], to table: String, keepsEarlier: Bool) {
        if keepsEarlier { cleared.version.append(table) } else { cleared.all.append(table) }
        self.rejects += rejects.map { (table, $0) }
    }
}

extension TableSession {
    /// Writes rejects, counts and the outbox of a document.
    func finish(_ work: DocumentWork) throws {
        try connection.execute(
            """
            WITH stop AS (DELETE FROM freshet_table_stops WHERE dataset = $1)
            DELETE FROM freshet_rejects WHERE dataset = $1 AND key = $2 AND md5(key) = md5($2)
                AND (table_name = ANY($3) OR (table_name = ANY($4) AND version = $5))
            """,
            [
                .int(work.target.dataset), .text(StoredText.stored(work.target.id.key)), .texts(work.cleared.all),
                .texts(work.cleared.version), .int(work.target.version),
            ])
        try write(work.rejects, work.target)
        try count(work.counts, at: work.target.now)
        guard !work.outbox.isEmpty else { return }
        try connection.execute(
            """
            INSERT INTO freshet_outbox (destination, table_name, dataset, key, fetch_id, at)
            SELECT d, t, $3, $4, $5, $6 FROM unnest($1::text[], $2::text[]) AS u (d, t)
            """,
            [
                .texts(work.outbox.map(\.destination)), .texts(work.outbox.map(\.table)), .int(work.target.dataset),
                .text(StoredText.stored(work.target.id.key)), .int(work.fetch.id), .int(work.target.now.microseconds),
            ])
    }

    private func write(_ rejects: [(table: String, reject: RowReject)], _ target: RowTarget) throws {
        guard !rejects.isEmpty else { return }
        try connection.execute(
            """
            INSERT INTO freshet_rejects (dataset, key, version, at, table_name, place, reason, column_name, "row")
            SELECT $1, $2, $3, $4, u.t, u.p, u.r, u.c, u.o
            FROM unnest($5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[]) AS u (t, p, r, c, o)
            """,
            [
                .int(target.dataset), .text(StoredText.stored(target.id.key)), .int(target.version),
                .int(target.now.microseconds), .texts(rejects.map(\.table)),
                .ints(rejects.map { Int64($0.reject.index) }),
                .texts(rejects.map(\.reject.reason)), .texts(rejects.map(\.reject.column)),
                .texts(rejects.map { StoredText.stored($0.reject.row) }),
            ])
    }

    /// Adds to the counts of tables.
    ///
    /// Each session of the server has parts of its own, so that transactions seldom wait for each other.
    func count(_ changes: [(table: String, live: Int, deleted: Int)], at now: Timestamp) throws {
        guard !changes.isEmpty else { return }
        let sorted = changes.sorted { $0.table < $1.table }
        try connection.execute(
            """
            INSERT INTO freshet_table_counts AS c (table_name, slot, live, deleted, written_at)
            SELECT t, pg_backend_pid() % 1024, sum(l), sum(d), $4
            FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u (t, l, d) GROUP BY t ORDER BY t
            ON CONFLICT (table_name, slot) DO UPDATE SET live = c.live + excluded.live,
                deleted = c.deleted + excluded.deleted, written_at = greatest(c.written_at, excluded.written_at)
            """,
            [
                .texts(sorted.map(\.table)), .ints(sorted.map { Int64($0.live) }),
                .ints(sorted.map { Int64($0.deleted) }), .int(now.microseconds),
            ])
    }

    // MARK: Stops

    /// Keeps a stop; `false` when it is known already.
    func remember(_ stop: TableStop, of dataset: Int64, at now: Timestamp) throws -> Bool {
        let written = try connection.execute(
            """
            INSERT INTO freshet_table_stops AS s (dataset, kind, table_name, message, at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (dataset) DO UPDATE SET kind = $2, table_name = $3, message = $4, at = $5
            WHERE s.message <> $4
            """,
            [.int(dataset), .text(stop.kind), .text(stop.table), .text(stop.message), .int(now.microseconds)])
        return written > 0
    }
}
