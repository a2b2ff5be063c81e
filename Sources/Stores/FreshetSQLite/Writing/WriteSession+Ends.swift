import FreshetCore

extension WriteSession {
    /// Ends a leased job; `false` (and nothing written) when the lease was lost.
    func end(_ lease: LeasedJob, with end: JobEnd, now: Timestamp) throws -> Bool {
        if case .done = end { return try finish(lease, now: now) }
        let statement = try statement(
            """
            UPDATE freshet_jobs SET state = ?3, not_before = coalesce(?4, not_before), attempts = max(attempts - ?5, 0),
                finished_at = ?6, lease_until = NULL, error_kind = coalesce(?7, error_kind),
                error_message = CASE WHEN ?7 IS NULL THEN error_message ELSE ?8 END,
                error_at = CASE WHEN ?7 IS NULL THEN error_at ELSE ?9 END,
                error_status = CASE WHEN ?7 IS NULL THEN error_status ELSE ?10 END,
                error_count = CASE WHEN ?7 IS NULL THEN error_count ELSE ?11 END
            WHERE id = ?1 AND state = 2 AND fence = ?2
            """)
        statement.bind(lease.job.id, at: 1)
        statement.bind(lease.fence, at: 2)
        let (next, until, takenBack, error) = Self.consequences(of: end, now: now)
        statement.bind(next.code, at: 3)
        statement.bind(until, at: 4)
        statement.bind(takenBack, at: 5)
        statement.bind(next == .dead ? now : nil, at: 6)
        statement.bind(error, from: 7)
        try statement.run()
        guard statement.changes > 0 else { return false }
        if next == .waiting, let until { nextWaiting = min(nextWaiting, until.microseconds) }
        return true
    }

    private func finish(_ lease: LeasedJob, now: Timestamp) throws -> Bool {
        let statement = try statement(
            """
            UPDATE freshet_jobs SET state = 4, finished_at = ?3, lease_until = NULL, error_kind = NULL, error_message = NULL,
                error_at = NULL, error_status = NULL, error_count = NULL
            WHERE id = ?1 AND state = 2 AND fence = ?2
            """)
        statement.bind(lease.job.id, at: 1)
        statement.bind(lease.fence, at: 2)
        statement.bind(now.microseconds, at: 3)
        try statement.run()
        return statement.changes > 0
    }

    /// The state that follows, from when on, the tries that are given back, and the note that is kept.
    private static func consequences(
        of end: JobEnd, now: Timestamp
    ) -> (state: RefreshJob.State, until: Timestamp?, takenBack: Int, error: FailureNote?) {
        switch end {
        case .done: (.done, nil, 0, nil)
        case .retry(let moment, let error): (moment > now ? .waiting : .ready, moment, 0, error)
        case .park(let moment, let reason): (moment > now ? .waiting : .ready, moment, 1, reason)
        case .dead(let error): (.dead, nil, 0, error)
        }
    }

    /// See `JobStore.heartbeat(_:leaseFor:now:)`.
    func heartbeat(_ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp) throws -> [Bool] {
        let statement = try statement(
            "UPDATE freshet_jobs SET lease_until = ?3 WHERE id = ?1 AND state = 2 AND fence = ?2")
        let until = now + leaseFor
        return try jobs.map { lease in
            statement.bind(lease.job.id, at: 1)
            statement.bind(lease.fence, at: 2)
            statement.bind(until.microseconds, at: 3)
            try statement.run()
            return statement.changes > 0
        }
    }

    /// See `JobStore.recoverLeases(all:now:)`.
    func recoverLeases(all: Bool, now: Timestamp) throws -> Int {
        let statement = try statement(
            """
            UPDATE freshet_jobs SET state = 0, not_before = ?1, lease_until = NULL WHERE state = 2 AND lease_until <= ?2
            """)
        statement.bind(now.microseconds, at: 1)
        statement.bind(all ? Int64.max : now.microseconds, at: 2)
        try statement.run()
        return statement.changes
    }

    /// See `JobStore.wake(source:now:)`.
    func wake(source: String?, now: Timestamp) throws -> Int {
        let statement = try statement(
            "UPDATE freshet_jobs SET state = 0, not_before = min(not_before, ?2) WHERE state = 1 AND dataset = ?1")
        var woken = 0
        for number in numbers(source: source) {
            statement.bind(number, at: 1)
            statement.bind(now.microseconds, at: 2)
            try statement.run()
            woken += statement.changes
        }
        return woken
    }

    /// See `JobStore.retryDead(ids:now:)`.
    func retryDead(ids: [Int64]?, now: Timestamp) throws -> Int {
        let assignments = "UPDATE freshet_jobs SET state = 0, attempts = 0, not_before = ?1, finished_at = NULL"
        guard let ids else {
            let statement = try statement("\(assignments) WHERE state = 3")
            statement.bind(now.microseconds, at: 1)
            try statement.run()
            return statement.changes
        }
        let statement = try statement("\(assignments) WHERE id = ?2 AND state = 3")
        return try ids.reduce(0) { count, id in
            statement.bind(now.microseconds, at: 1)
            statement.bind(id, at: 2)
            try statement.run()
            return count + statement.changes
        }
    }

    /// See `JobStore.drop(ids:)`.
    func drop(ids: [Int64]?) throws -> Int {
        guard let ids else {
            let statement = try statement("DELETE FROM freshet_jobs WHERE state = 3")
            try statement.run()
            return statement.changes
        }
        let statement = try statement("DELETE FROM freshet_jobs WHERE id = ? AND state IN (0, 1, 3)")
        return try ids.reduce(0) { count, id in
            statement.bind(id, at: 1)
            try statement.run()
            return count + statement.changes
        }
    }

    /// Forgets at most `limit` finished jobs.
    func forgetDone(before: Timestamp, limit: Int) throws -> Int {
        let statement = try statement(
            """
            DELETE FROM freshet_jobs WHERE id IN (
                SELECT id FROM freshet_jobs WHERE state = 4 AND finished_at < ? ORDER BY finished_at LIMIT ?)
            """)
        statement.bind(before.microseconds, at: 1)
        statement.bind(limit, at: 2)
        try statement.run()
        return statement.changes
    }
}
