public import FreshetCore

extension SQLiteStore {
    /// So many jobs are a brief call.
    private static let few = 8

    /// Adds jobs.
    public func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult] {
        guard !requests.isEmpty else { return [] }
        return try await committer.write(isBrief: requests.count <= Self.few) { try $0.enqueue(requests, now: now) }
    }

    /// Merges the jobs of a backup.
    public func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore {
        guard !jobs.isEmpty else { return JobRestore() }
        return try await committer.write { try $0.restore(jobs, now: now) }
    }

    /// Leases ready jobs.
    public func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob] {
        try await committer.write(isBrief: request.count <= Self.few) { try $0.lease(request, now: now) }
    }

    /// Ends leased jobs outside a commit.
    public func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool] {
        guard !jobs.isEmpty else { return [] }
        return try await committer.write(isBrief: jobs.count <= Self.few) { session in
            try jobs.map { try session.end($0.lease, with: $0.end, now: now) }
        }
    }

    /// Ends jobs, adds wishes and leases the next jobs, in one transaction.
    public func cycle(
        ends: [(lease: LeasedJob, end: JobEnd)], wishes: [EnqueueRequest], lease request: LeaseRequest?, now: Timestamp
    ) async throws(StoreError) -> JobCycle {
        let count = max(ends.count, wishes.count, request?.count ?? 0)
        return try await committer.write(isBrief: count <= Self.few) { session in
            JobCycle(
                ends: try ends.map { try session.end($0.lease, with: $0.end, now: now) },
                wishes: try session.enqueue(wishes, now: now),
                leases: try request.map { try session.lease($0, now: now) } ?? [])
        }
    }

    /// Prolongs leases.
    public func heartbeat(
        _ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        guard !jobs.isEmpty else { return [] }
        return try await committer.write { try $0.heartbeat(jobs, leaseFor: leaseFor, now: now) }
    }

    /// Makes jobs ready again whose lease has run out.
    public func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try await committer.write { try $0.recoverLeases(all: all, now: now) }
    }

    /// Makes waiting jobs of a source (or of all) ready at `now` at the latest.
    public func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int {
        try await committer.write { try $0.wake(source: source, now: now) }
    }

    /// When the next waiting job of these datasets falls due.
    public func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp? {
        let numbers = datasets.compactMap { self.datasets.number(of: $0) }
        guard !numbers.isEmpty else { return nil }
        return try await read(snapshot: true) { session in
            var earliest: Timestamp?
            for number in numbers {
                for priority in Priority.allCases {
                    let found = try session.first(WriteSession.earliestSQL) { statement in
                        statement.bind(number, at: 1)
                        statement.bind(priority.rawValue, at: 2)
                    } row: {
                        $0.timestamp(0)
                    }
                    if let found = found ?? nil { earliest = min(earliest ?? found, found) }
                }
            }
            return earliest
        }
    }

    /// A job by id, finished ones included while they are kept.
    public func job(_ id: Int64) async throws(StoreError) -> RefreshJob? {
        try await read { session in try session.job(id) }
    }

    /// The unfinished or dead job of a document.
    public func job(for id: DocumentID) async throws(StoreError) -> RefreshJob? {
        guard let dataset = datasets.number(of: id.dataset) else { return nil }
        return try await read { session in
            try session.first("SELECT \(JobColumns.list) FROM freshet_jobs WHERE dataset = ? AND key = ? AND state < 4")
            {
                $0.bind(dataset, at: 1)
                $0.bind(id.key, at: 2)
            } row: {
                try $0.job(session.dataset)
            }
        }
    }

    /// How many ready jobs of the same source would be leased before this one.
    public func position(of jobID: Int64) async throws(StoreError) -> Int? {
        try await read(snapshot: true) { session in
            guard let job = try session.job(jobID), job.state == .ready else { return nil }
            var ahead = 0
            for dataset in session.datasets.numbers(source: job.document.dataset.source) {
                for priority in Priority.allCases where priority < job.priority {
                    ahead +=
                        try session.first(Self.countAboveSQL) {
                            $0.bind(dataset, at: 1)
                            $0.bind(priority.rawValue, at: 2)
                        } row: {
                            $0.int(0)
                        } ?? 0
                }
                ahead +=
                    try session.first(Self.countBesideSQL) {
                        $0.bind(dataset, at: 1)
                        $0.bind(job.priority.rawValue, at: 2)
                        $0.bind(job.heat, at: 3)
                        $0.bind(job.id, at: 4)
                    } row: {
                        $0.int(0)
                    } ?? 0
            }
            return ahead
        }
    }

    static let countAboveSQL = "SELECT count(*) FROM freshet_jobs WHERE state = 0 AND dataset = ? AND priority = ?"
    static let countBesideSQL = """
        SELECT (SELECT count(*) FROM freshet_jobs WHERE state = 0 AND dataset = ?1 AND priority = ?2 AND heat > ?3)
            + (SELECT count(*) FROM freshet_jobs WHERE state = 0 AND dataset = ?1 AND priority = ?2 AND heat = ?3 AND id < ?4)
        """

    /// Jobs in a state, in lease order (dead and done.
    public func jobs(
        in state: RefreshJob.State, source: String?, limit: Int
    ) async throws(StoreError) -> [RefreshJob] {
        guard limit > 0 else { return [] }
        return try await read(snapshot: true) { session in
            let numbers = session.datasets.numbers(source: source)
            switch state {
            case .ready: return try session.readyJobs(of: numbers, limit: limit)
            case .dead, .done:
                let known = Set(numbers)
                return try session.finishedJobs(state, of: source == nil ? nil : known, limit: limit)
            case .waiting, .leased: return try session.jobs(in: state, of: Set(numbers), limit: limit)
            }
        }
    }

    /// How many jobs stand where.
    public func depth(source: String?) async throws(StoreError) -> QueueDepth {
        try await read { session in
            let known = source.map { Set(session.datasets.numbers(source: $0)) }
            var depth = QueueDepth()
            let statement = try session.statement(Self.depthSQL)
            defer { statement.reset() }
            while try statement.step() {
                if let known, !known.contains(statement.int64(1)) { continue }
                let state = RefreshJob.State(code: statement.int(0))
                let priority = Priority(rawValue: statement.int(2)) ?? .low
                depth.counts[state, default: [:]][priority, default: 0] += statement.int(3)
                if state == .ready, let oldest = statement.timestamp(4) {
                    depth.oldestReady[priority] = min(depth.oldestReady[priority] ?? oldest, oldest)
                }
            }
            return depth
        }
    }

    // One part per partial index; the planner would read the whole table for a plain GROUP BY.
    static let depthSQL = """
        SELECT 0, dataset, priority, count(*), min(not_before) FROM freshet_jobs WHERE state = 0 GROUP BY dataset, priority
        UNION ALL SELECT 1, dataset, priority, count(*), NULL FROM freshet_jobs WHERE state = 1 GROUP BY dataset, priority
        UNION ALL SELECT 2, dataset, priority, count(*), NULL FROM freshet_jobs WHERE state = 2 GROUP BY dataset, priority
        UNION ALL SELECT 3, dataset, priority, count(*), NULL FROM freshet_jobs WHERE state = 3 GROUP BY dataset, priority
        UNION ALL SELECT 4, dataset, priority, count(*), NULL FROM freshet_jobs WHERE state = 4 GROUP BY dataset, priority
        """

    /// Makes dead jobs ready with their tries reset.
    public func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int {
        try await committer.write { try $0.retryDead(ids: ids, now: now) }
    }

    /// Removes unfinished or dead jobs that nobody holds.
    public func drop(ids: [Int64]?) async throws(StoreError) -> Int {
        try await committer.write { try $0.drop(ids: ids) }
    }

    /// Forgets finished jobs older than `before`.
    public func forgetDone(before: Timestamp) async throws(StoreError) -> Int {
        // In slices, so that other writers are not held up by a million of them.
        var forgotten = 0
        while true {
            let count = try await committer.write { try $0.forgetDone(before: before, limit: Self.forgetSlice) }
            forgotten += count
            if count < Self.forgetSlice { return forgotten }
        }
    }

    private static let forgetSlice = 2_000
}

extension ReadSession {
    func job(_ id: Int64) throws -> RefreshJob? {
        try first("SELECT \(JobColumns.list) FROM freshet_jobs WHERE id = ?") {
            $0.bind(id, at: 1)
        } row: {
            try $0.job(dataset)
        }
    }

    /// Ready jobs in lease order; each dataset and priority is read from its index, so a deep queue costs nothing.
    func readyJobs(of numbers: [Int64], limit: Int) throws -> [RefreshJob] {
        var jobs: [RefreshJob] = []
        for priority in Priority.allCases where jobs.count < limit {
            var level: [RefreshJob] = []
            for number in numbers {
                level += try all(Self.readySQL) {
                    $0.bind(number, at: 1)
                    $0.bind(priority.rawValue, at: 2)
                    $0.bind(limit - jobs.count, at: 3)
                } row: {
                    try $0.job(dataset)
                }
            }
            level.sort { ($1.heat, $0.id) < ($0.heat, $1.id) }
            jobs += level.prefix(limit - jobs.count)
        }
        return jobs
    }

    static let readySQL = """
        SELECT \(JobColumns.list) FROM freshet_jobs WHERE state = 0 AND dataset = ? AND priority = ?
        ORDER BY heat DESC, id LIMIT ?
        """

    /// Waiting or leased jobs in lease order; there are few of them.
    func jobs(in state: RefreshJob.State, of numbers: Set<Int64>, limit: Int) throws -> [RefreshJob] {
        let condition = state == .waiting ? "state = 1" : "state = 2"
        return try jobs(
            "SELECT \(JobColumns.list) FROM freshet_jobs WHERE \(condition) ORDER BY priority, heat DESC, id",
            of: numbers,
            limit: limit)
    }

    /// Dead or done jobs, newest first.
    func finishedJobs(_ state: RefreshJob.State, of numbers: Set<Int64>?, limit: Int) throws -> [RefreshJob] {
        let condition = state == .dead ? "state = 3" : "state = 4"
        return try jobs(
            "SELECT \(JobColumns.list) FROM freshet_jobs WHERE \(condition) ORDER BY finished_at DESC, id DESC",
            of: numbers,
            limit: limit)
    }

    private func jobs(_ sql: String, of numbers: Set<Int64>?, limit: Int) throws -> [RefreshJob] {
        let statement = try statement(sql)
        defer { statement.reset() }
        var jobs: [RefreshJob] = []
        while jobs.count < limit, try statement.step() {
            if let numbers, !numbers.contains(statement.int64(1)) { continue }
            jobs.append(try statement.job(dataset))
        }
        return jobs
    }
}
