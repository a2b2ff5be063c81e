import FreshetCore

extension WriteSession {
    /// Waiting jobs that one lease makes ready at most, per dataset and priority: a flood that falls due at once (the end
    /// of a quota) must not hold up the writer.
    private static let promotionLimit = 1_000

    /// See `JobStore.lease(_:now:)`.
    func lease(_ request: LeaseRequest, now: Timestamp) throws -> [LeasedJob] {
        guard request.count > 0, !request.admitted.isEmpty else { return [] }
        try promoteWaiting(now: now)
        let admitted = request.admitted.compactMap { dataset, ceiling in
            known(dataset).map { (number: $0, ceiling: ceiling) }
        }
        var chosen: [Head] = []
        if request.oldestFirst {
            let levels = admitted.flatMap { entry in
                Priority.allCases.filter { $0 <= entry.ceiling }.map { (entry.number, $0) }
            }
            chosen = try heads(of: levels, sql: Self.oldestSQL, count: request.count)
        } else {
            for priority in Priority.allCases where chosen.count < request.count {
                let levels = admitted.filter { priority <= $0.ceiling }.map { ($0.number, priority) }
                chosen += try heads(of: levels, sql: Self.hottestSQL, count: request.count - chosen.count)
            }
        }
        let until = now + request.leaseFor
        return try chosen.map { try take($0.id, until: until) }
    }

    /// A job at the head of a dataset's priority; the smaller `order`, then the smaller id goes first.
    struct Head {
        var order: Int64
        var id: Int64
    }

    static let hottestSQL = """
        SELECT -heat, id FROM freshet_jobs WHERE state = 0 AND dataset = ? AND priority = ? ORDER BY heat DESC, id LIMIT ?
        """
    static let oldestSQL = """
        SELECT not_before, id FROM freshet_jobs WHERE state = 0 AND dataset = ? AND priority = ? ORDER BY not_before, id LIMIT ?
        """

    private func heads(of levels: [(dataset: Int64, priority: Priority)], sql: String, count: Int) throws -> [Head] {
        var found: [Head] = []
        let statement = try statement(sql)
        for level in levels {
            defer { statement.reset() }
            statement.bind(level.dataset, at: 1)
            statement.bind(level.priority.rawValue, at: 2)
            statement.bind(count, at: 3)
            while try statement.step() { found.append(Head(order: statement.int64(0), id: statement.int64(1))) }
        }
        guard levels.count > 1 else { return found }
        found.sort { ($0.order, $0.id) < ($1.order, $1.id) }
        return Array(found.prefix(count))
    }

    private func take(_ id: Int64, until: Timestamp) throws -> LeasedJob {
        var job = try ready(id)
        let fence = try next(.fence)
        // Not RETURNING, which makes a table of its own for each row.
        let statement = try statement(
            "UPDATE freshet_jobs SET state = 2, attempts = attempts + 1, fence = ?2, lease_until = ?3 WHERE id = ?1")
        statement.bind(id, at: 1)
        statement.bind(fence, at: 2)
        statement.bind(until.microseconds, at: 3)
        try statement.run()
        job.state = .leased
        job.attempts += 1
        return LeasedJob(job: job, fence: fence)
    }

    private func ready(_ id: Int64) throws -> RefreshJob {
        let statement = try statement(Self.readySQL)
        defer { statement.reset() }
        statement.bind(id, at: 1)
        guard try statement.step() else { throw StoreError.corrupt("an index of the queue names a job that is gone") }
        return try statement.job(dataset)
    }

    private static let readySQL = "SELECT \(JobColumns.list) FROM freshet_jobs WHERE id = ?1"

    // MARK: Waiting jobs

    /// Makes the waiting jobs ready whose time has come.
    private func promoteWaiting(now: Timestamp) throws {
        guard nextWaiting <= now.microseconds else { return }
        let numbers = numbers(source: nil)
        let statement = try statement(Self.promoteSQL)
        for number in numbers {
            for priority in Priority.allCases {
                statement.bind(number, at: 1)
                statement.bind(priority.rawValue, at: 2)
                statement.bind(now.microseconds, at: 3)
                statement.bind(Self.promotionLimit, at: 4)
                try statement.run()
            }
        }
        nextWaiting = .max
        for number in numbers {
            if let next = try earliestWaiting(number) { nextWaiting = min(nextWaiting, next) }
        }
    }

    static let promoteSQL = """
        UPDATE freshet_jobs SET state = 0 WHERE id IN (
            SELECT id FROM freshet_jobs WHERE state = 1 AND dataset = ?1 AND priority = ?2 AND not_before <= ?3
            ORDER BY not_before LIMIT ?4)
        """

    private func earliestWaiting(_ dataset: Int64) throws -> Int64? {
        let statement = try statement(Self.earliestSQL)
        var earliest: Int64?
        for priority in Priority.allCases {
            defer { statement.reset() }
            statement.bind(dataset, at: 1)
            statement.bind(priority.rawValue, at: 2)
            if try statement.step(), let found = statement.optionalInt64(0) {
                earliest = min(earliest ?? found, found)
            }
        }
        return earliest
    }

    static let earliestSQL = "SELECT min(not_before) FROM freshet_jobs WHERE state = 1 AND dataset = ? AND priority = ?"
}
