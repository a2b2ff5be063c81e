public import FreshetCore

extension PostgresStore {
    /// Adds jobs.
    public func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult] {
        guard !requests.isEmpty else { return [] }
        let numbers = try await numbers(of: requests.map(\.document.dataset))
        // Doing it twice adds nothing: a document has one unfinished job.
        return try await writers.statement(repeatable: true) { connection in
            let rows = try connection.query(
                """
                SELECT place, job, is_new, raised FROM freshet_enqueue($1::bigint[], $2::text[], $3::bigint[], $4::text[],
                    $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint)
                """,
                [
                    .ints(requests.map { numbers[$0.document.dataset] }), .texts(requests.map(\.document.key)),
                    .ints(requests.map { Int64($0.priority.rawValue) }), .texts(requests.map(\.cause)),
                    .ints(requests.map { Int64($0.heat) }), .ints(requests.map { $0.notBefore?.microseconds }),
                    .ints(requests.map { $0.replacesDeadBefore?.microseconds }), .time(now),
                ])
            var results = [EnqueueResult](
                repeating: EnqueueResult(jobID: 0, isNew: false, raised: false), count: requests.count)
            for index in 0..<rows.count {
                let row = rows[index]
                results[row.int(0) - 1] = EnqueueResult(jobID: row.int64(1), isNew: row.bool(2), raised: row.bool(3))
            }
            return results
        }
    }

    /// Leases ready jobs.
    ///
    /// It survives the end of this process; a crash of the server itself may take it back, and the job is ready again.
    public func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob] {
        guard request.count > 0, !request.admitted.isEmpty else { return [] }
        return try await writers.statement(repeatable: false) { [datasets] connection in
            var (numbers, ceilings): ([Int64], [Int64]) = ([], [])
            for (dataset, ceiling) in request.admitted {
                guard let number = try datasets.number(of: dataset, on: connection) else { continue }
                numbers.append(number)
                ceilings.append(Int64(ceiling.rawValue))
            }
            guard !numbers.isEmpty else { return [] }
            let found = try connection.query(
                Self.leaseSQL,
                [
                    .ints(numbers), .ints(ceilings), .bool(request.oldestFirst), .int(request.count),
                    .int(request.leaseFor.microseconds), .time(now),
                ])
            return try found.map { row in
                LeasedJob(
                    job: try row.job { try datasets.dataset($0, on: connection) }, fence: row.int64(JobColumns.count))
            }.sorted { $0.fence < $1.fence }
        }
    }

    private static let leaseSQL = """
        SELECT \(JobColumns.list), fence
        FROM freshet_lease($1::bigint[], $2::bigint[], $3::boolean, $4::bigint, $5::bigint, $6::bigint)
        """

    /// Ends leased jobs outside a commit.
    public func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool] {
        var answers = [Bool](repeating: false, count: jobs.count)
        // A lease ends its job once: those that come again in one call are lost already, unless they are other leases.
        var rounds: [[Int]] = []
        var met: [Int64: Int] = [:]
        for (index, job) in jobs.enumerated() {
            let round = met[job.lease.job.id, default: 0]
            met[job.lease.job.id] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(index)
        }
        for round in rounds {
            var ends = JobEnds()
            for index in round { ends.add(jobs[index].lease, jobs[index].end, now: now) }
            let statement = ends.statement
            let places = try await writers.transaction { connection in
                try connection.query(statement.sql, statement.parameters).map { $0.int(0) }
            }
            for place in places { answers[round[place - 1]] = true }
        }
        return answers
    }

    /// Prolongs leases.
    public func heartbeat(
        _ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        try await hold(
            jobs,
            """
            UPDATE freshet_jobs j SET lease_until = $3
            FROM unnest($1::bigint[], $2::bigint[], $4::bigint[]) WITH ORDINALITY e(id, fence, attempts, place)
            WHERE j.id = e.id AND j.state = 2 AND j.fence = e.fence RETURNING e.place
            """, until: now + leaseFor)
    }

    /// Notes leases that were given elsewhere.
    public func claim(
        _ leases: [LeasedJob], leaseFor span: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        try await hold(
            leases,
            """
            UPDATE freshet_jobs j SET state = 2, fence = e.fence, lease_until = $3, attempts = greatest(j.attempts, e.attempts)
            FROM unnest($1::bigint[], $2::bigint[], $4::bigint[]) WITH ORDINALITY e(id, fence, attempts, place)
            WHERE j.id = e.id AND j.state < 3
                AND CASE WHEN j.state = 2 THEN j.fence = e.fence ELSE j.fence < e.fence END
            RETURNING e.place
            """, until: now + span)
    }

    private func hold(
        _ leases: [LeasedJob], _ sql: String, until: Timestamp
    ) async throws(StoreError) -> [Bool] {
        guard !leases.isEmpty else { return [] }
        let places = try await writers.statement(repeatable: true) { connection in
            try connection.query(
                sql,
                [
                    .ints(leases.map(\.job.id)), .ints(leases.map(\.fence)), .time(until),
                    .ints(leases.map { Int64($0.job.attempts) }),
                ]
            ).map { $0.int(0) }
        }
        var answers = [Bool](repeating: false, count: leases.count)
        for place in places { answers[place - 1] = true }
        return answers
    }

    /// Makes jobs ready again whose lease has run out.
    ///
    /// With `all`, those of every process are taken: only for a deployment of one process.
    public func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try await change(
            """
            UPDATE freshet_jobs SET state = 0, not_before = $1, lease_until = NULL WHERE id IN (
                SELECT id FROM freshet_jobs WHERE state = 2 AND lease_until <= $2 FOR UPDATE SKIP LOCKED)
            """, [.time(now), .int(all ? Int64.max : now.microseconds)])
    }

    /// Makes waiting jobs of a source (or of all) ready at `now` at the latest.
    public func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int {
        try await change(
            """
            UPDATE freshet_jobs SET state = 0, not_before = least(not_before, $2) WHERE id IN (
                SELECT j.id FROM freshet_jobs j WHERE j.state = 1 AND ($1::text IS NULL OR j.dataset IN (
                    SELECT id FROM freshet_datasets WHERE source = $1)) ORDER BY j.id FOR UPDATE)
            """, [.text(orNull: source), .time(now)])
    }

    /// Makes dead jobs ready with their tries reset.
    public func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int {
        try await change(
            """
            UPDATE freshet_jobs SET state = 0, attempts = 0, not_before = $1, finished_at = NULL WHERE id IN (
                SELECT id FROM freshet_jobs WHERE state = 3 AND ($2::bigint[] IS NULL OR id = ANY ($2)) ORDER BY id FOR UPDATE)
            """, [.time(now), ids.map { .ints($0) } ?? .null])
    }

    /// Removes unfinished or dead jobs that nobody holds.
    public func drop(ids: [Int64]?) async throws(StoreError) -> Int {
        guard let ids else { return try await change("DELETE FROM freshet_jobs WHERE state = 3", []) }
        return try await change(
            "DELETE FROM freshet_jobs WHERE id = ANY ($1::bigint[]) AND state IN (0, 1, 3)", [.ints(ids)])
    }

    /// Forgets finished jobs older than `before`.
    public func forgetDone(before: Timestamp) async throws(StoreError) -> Int {
        // In slices, so that no transaction grows with the queue's past.
        var forgotten = 0
        while true {
            let count = try await change(
                """
                DELETE FROM freshet_jobs WHERE id IN (
                    SELECT id FROM freshet_jobs WHERE state = 4 AND finished_at < $1 ORDER BY finished_at LIMIT 5000
                    FOR UPDATE SKIP LOCKED)
                """, [.time(before)])
            forgotten += count
            if count == 0 { return forgotten }
        }
    }

    /// Runs one statement and says how many rows it changed.
    ///
    /// It is a transaction whose end is found out, because doing it twice would give another number.
    func change(_ sql: String, _ parameters: [PGValue]) async throws(StoreError) -> Int {
        try await writers.transaction { connection in try connection.execute(sql, parameters) }
    }
}
