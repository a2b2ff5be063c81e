public import FreshetCore

extension PostgresStore {
    /// Merges the jobs of a backup, all or nothing.
    public func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore {
        let wanted = jobs.filter { $0.state != .done }
        guard !wanted.isEmpty else { return JobRestore() }
        let numbers = try await numbers(of: wanted.map(\.document.dataset))
        return try await writers.transaction { connection in
            var result = JobRestore()
            let added = try Self.insert(wanted, numbers, now, on: connection)
            result.added = added.count
            let met = wanted.indices.filter { !added.contains($0) }.map { wanted[$0] }
            let raised = try Self.raise(met.filter { $0.state != .dead }, numbers, on: connection)
            result.raised = raised
            result.kept = met.count - raised
            return result
        }
    }

    /// Adds the jobs whose documents have none; their places.
    private static func insert(
        _ jobs: [RefreshJob], _ numbers: [DatasetID: Int64], _ now: Timestamp, on connection: PGConnection
    ) throws -> Set<Int> {
        func state(_ job: RefreshJob) -> RefreshJob.State {
            job.state == .dead ? .dead : job.notBefore > now ? .waiting : .ready
        }
        let parameters: [PGValue] =
            [
                .ints(jobs.map { numbers[$0.document.dataset] }), .texts(jobs.map(\.document.key)),
                .ints(jobs.map { Int64($0.priority.rawValue) }), .texts(jobs.map(\.cause)),
                .ints(jobs.map(\.enqueuedAt.microseconds)), .ints(jobs.map(\.notBefore.microseconds)),
                .ints(jobs.map { Int64($0.attempts) }), .ints(jobs.map { Int64(state($0).code) }),
                .ints(jobs.map { Int64($0.heat) }), .ints(jobs.map { $0.finishedAt?.microseconds }),
            ] + FailureColumns.arrays(jobs.map(\.lastError))
        let rows = try connection.query(
            """
            WITH wishes AS (
                SELECT b.*, nextval(pg_get_serial_sequence('freshet_jobs', 'id')) AS id
                FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                    $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::bigint[],
                    $15::bigint[]) WITH ORDINALITY
                    b(dataset, key, priority, cause, enqueued, moment, attempts, state, heat, finished,
                        kind, message, at, status, count, place)),
            added AS (
                INSERT INTO freshet_jobs (id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat,
                    finished_at, error_kind, error_message, error_at, error_status, error_count)
                SELECT id, dataset, key, priority, cause, enqueued, moment, attempts, state, heat, finished,
                    kind, message, at, status, count FROM wishes ORDER BY dataset, key
                ON CONFLICT (dataset, key) WHERE state < 4 DO NOTHING RETURNING id)
            SELECT w.place FROM wishes w JOIN added a ON a.id = w.id
            """, parameters)
        return Set(rows.map { $0.int(0) - 1 })
    }

    /// Raises priority and heat of unfinished jobs; how many became more urgent.
    private static func raise(
        _ jobs: [RefreshJob], _ numbers: [DatasetID: Int64], on connection: PGConnection
    ) throws -> Int {
        guard !jobs.isEmpty else { return 0 }
        return try connection.query(
            """
            WITH met AS (
                SELECT j.id, j.priority AS before, b.priority, b.heat
                FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) b(dataset, key, priority, heat)
                JOIN freshet_jobs j ON j.dataset = b.dataset AND j.key = b.key AND j.state < 4 AND j.state < 3
                WHERE j.priority > b.priority OR j.heat < b.heat ORDER BY j.id FOR UPDATE OF j),
            raised AS (
                UPDATE freshet_jobs j SET priority = least(j.priority, m.priority), heat = greatest(j.heat, m.heat)
                FROM met m WHERE j.id = m.id RETURNING m.before > m.priority AS is_urgent)
            SELECT count(*) FILTER (WHERE is_urgent) FROM raised
            """,
            [
                .ints(jobs.map { numbers[$0.document.dataset] }), .texts(jobs.map(\.document.key)),
                .ints(jobs.map { Int64($0.priority.rawValue) }), .ints(jobs.map { Int64($0.heat) }),
            ]
        ).first { $0.int(0) } ?? 0
    }
}
