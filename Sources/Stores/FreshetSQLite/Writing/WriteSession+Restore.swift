import FreshetCore

extension WriteSession {
    /// See `JobStore.restore(_:now:)`.
    func restore(_ jobs: [RefreshJob], now: Timestamp) throws -> JobRestore {
        var result = JobRestore()
        for job in jobs where job.state != .done {
            let dataset = try number(of: job.document.dataset)
            if try insert(job, dataset: dataset, now: now) {
                result.added += 1
            } else if job.state != .dead, try raise(job, dataset: dataset) {
                result.raised += 1
            } else {
                result.kept += 1
            }
        }
        return result
    }

    /// Adds a job as it was; `false` when the document has an unfinished or dead one.
    private func insert(_ job: RefreshJob, dataset: Int64, now: Timestamp) throws -> Bool {
        let statement = try statement(
            """
            INSERT INTO freshet_jobs (id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat, finished_at,
                error_kind, error_message, error_at, error_status, error_count)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            ON CONFLICT (dataset, key) WHERE state < 4 DO NOTHING
            """)
        let state: RefreshJob.State = job.state == .dead ? .dead : job.notBefore > now ? .waiting : .ready
        statement.bind(try peek(.job), at: 1)
        statement.bind(dataset, at: 2)
        statement.bind(job.document.key, at: 3)
        statement.bind(job.priority.rawValue, at: 4)
        statement.bind(job.cause, at: 5)
        statement.bind(job.enqueuedAt.microseconds, at: 6)
        statement.bind(job.notBefore.microseconds, at: 7)
        statement.bind(job.attempts, at: 8)
        statement.bind(state.code, at: 9)
        statement.bind(job.heat, at: 10)
        statement.bind(job.finishedAt, at: 11)
        statement.bind(job.lastError, from: 12)
        try statement.run()
        guard statement.changes > 0 else { return false }
        if state == .waiting { nextWaiting = min(nextWaiting, job.notBefore.microseconds) }
        _ = try next(.job)
        return true
    }

    /// Raises priority and heat of a document's unfinished job; whether it became more urgent.
    private func raise(_ job: RefreshJob, dataset: Int64) throws -> Bool {
        let heat = try statement(
            "UPDATE freshet_jobs SET heat = ?3 WHERE dataset = ?1 AND key = ?2 AND state < 4 AND state < 3 AND heat < ?3"
        )
        heat.bind(dataset, at: 1)
        heat.bind(job.document.key, at: 2)
        heat.bind(job.heat, at: 3)
        try heat.run()
        let priority = try statement(
            "UPDATE freshet_jobs SET priority = ?3 WHERE dataset = ?1 AND key = ?2 AND state < 4 AND state < 3 AND priority > ?3"
        )
        priority.bind(dataset, at: 1)
        priority.bind(job.document.key, at: 2)
        priority.bind(job.priority.rawValue, at: 3)
        try priority.run()
        return priority.changes > 0
    }
}
