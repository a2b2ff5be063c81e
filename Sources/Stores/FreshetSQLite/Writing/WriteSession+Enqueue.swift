import FreshetCore

extension WriteSession {
    /// See `JobStore.enqueue(_:now:)`.
    func enqueue(_ requests: [EnqueueRequest], now: Timestamp) throws -> [EnqueueResult] {
        var results: [EnqueueResult] = []
        results.reserveCapacity(requests.count)
        for request in requests {
            let dataset = try number(of: request.document.dataset)
            if let id = try insert(request, dataset: dataset, now: now) {
                results.append(EnqueueResult(jobID: id, isNew: true, raised: false))
            } else {
                results.append(try meet(request, dataset: dataset, now: now))
            }
        }
        return results
    }

    /// Adds a job; `nil` when the document has an unfinished or dead one.
    private func insert(_ request: EnqueueRequest, dataset: Int64, now: Timestamp) throws -> Int64? {
        let statement = try statement(
            """
            INSERT INTO freshet_jobs (id, dataset, key, priority, cause, enqueued_at, not_before, attempts, state, heat)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9) ON CONFLICT (dataset, key) WHERE state < 4 DO NOTHING
            """)
        let notBefore = max(request.notBefore ?? now, now)
        let state: RefreshJob.State = notBefore > now ? .waiting : .ready
        let id = try peek(.job)
        statement.bind(id, at: 1)
        statement.bind(dataset, at: 2)
        statement.bind(request.document.key, at: 3)
        statement.bind(request.priority.rawValue, at: 4)
        statement.bind(request.cause, at: 5)
        statement.bind(now.microseconds, at: 6)
        statement.bind(notBefore.microseconds, at: 7)
        statement.bind(state.code, at: 8)
        statement.bind(request.heat, at: 9)
        try statement.run()
        guard statement.changes > 0 else { return nil }
        if state == .waiting { nextWaiting = min(nextWaiting, notBefore.microseconds) }
        return try next(.job)
    }

    /// Meets the job that stands in the way: raises it, wakes it, or replaces a dead one.
    private func meet(_ request: EnqueueRequest, dataset: Int64, now: Timestamp) throws -> EnqueueResult {
        guard let job = try standingJob(dataset, request.document.key) else {
            throw StoreError.unavailable("a job was neither added nor found")
        }
        let isPersonal = request.cause == "operator" || request.cause == "cli"
        if job.state == .dead {
            guard isPersonal || diedBefore(job.finishedAt, request.replacesDeadBefore) else {
                return EnqueueResult(jobID: job.id, isNew: false, raised: false)
            }
            let removal = try statement("DELETE FROM freshet_jobs WHERE id = ?")
            removal.bind(job.id, at: 1)
            try removal.run()
            guard let id = try insert(request, dataset: dataset, now: now) else {
                throw StoreError.unavailable("a dead job could not be replaced")
            }
            return EnqueueResult(jobID: id, isNew: true, raised: false)
        }
        let wakes = job.state == .waiting && isPersonal && request.notBefore == nil
        let (priority, heat) = (min(job.priority, request.priority), max(job.heat, request.heat))
        let raised = wakes || priority < job.priority
        if raised || heat > job.heat {
            let statement = try statement(
                """
                UPDATE freshet_jobs SET priority = ?2, heat = ?3, state = CASE WHEN ?4 THEN 0 ELSE state END,
                    not_before = CASE WHEN ?4 THEN ?5 ELSE not_before END WHERE id = ?1
                """)
            statement.bind(job.id, at: 1)
            statement.bind(priority.rawValue, at: 2)
            statement.bind(heat, at: 3)
            statement.bind(wakes ? 1 : 0, at: 4)
            statement.bind(now.microseconds, at: 5)
            try statement.run()
        }
        return EnqueueResult(jobID: job.id, isNew: false, raised: raised)
    }

    private struct StandingJob {
        var id: Int64
        var state: RefreshJob.State
        var priority: Priority
        var heat: Int
        var finishedAt: Timestamp?
    }

    private func diedBefore(_ death: Timestamp?, _ limit: Timestamp?) -> Bool {
        guard let death, let limit else { return false }
        return death < limit
    }

    private func standingJob(_ dataset: Int64, _ key: String) throws -> StandingJob? {
        let statement = try statement(
            "SELECT id, state, priority, heat, finished_at FROM freshet_jobs WHERE dataset = ? AND key = ? AND state < 4"
        )
        defer { statement.reset() }
        statement.bind(dataset, at: 1)
        statement.bind(key, at: 2)
        guard try statement.step() else { return nil }
        return StandingJob(
            id: statement.int64(0), state: RefreshJob.State(code: statement.int(1)),
            priority: Priority(rawValue: statement.int(2)) ?? .low, heat: statement.int(3),
            finishedAt: statement.timestamp(4))
    }
}
