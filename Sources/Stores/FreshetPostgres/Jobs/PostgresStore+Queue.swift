public import FreshetCore

extension PostgresStore {
    /// When the next waiting job of these datasets falls due.
    public func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp? {
        guard !datasets.isEmpty else { return nil }
        return try await readers.read { [known = self.datasets] connection in
            var numbers: [Int64] = []
            for dataset in datasets {
                if let number = try known.number(of: dataset, on: connection) { numbers.append(number) }
            }
            return try connection.query(
                """
                SELECT min(j.not_before) FROM unnest($1::bigint[]) d CROSS JOIN LATERAL (
                    SELECT not_before FROM freshet_jobs WHERE state = 1 AND dataset = d ORDER BY not_before LIMIT 1) j
                """, [.ints(numbers)]
            ).first { $0.time(0) } ?? nil
        }
    }

    /// A job by id, finished ones included while they are kept.
    public func job(_ id: Int64) async throws(StoreError) -> RefreshJob? {
        try await jobs("WHERE id = $1", [.int(id)]).first
    }

    /// The unfinished or dead job of a document.
    public func job(for id: DocumentID) async throws(StoreError) -> RefreshJob? {
        try await ask(id.dataset) { [datasets] connection, number in
            try connection.query(
                "SELECT \(JobColumns.list) FROM freshet_jobs WHERE dataset = $1 AND key = $2 AND state < 4",
                [.int(number), .text(id.key)]
            ).first { row in try row.job { try datasets.dataset($0, on: connection) } }
        } ?? nil
    }

    /// How many ready jobs of the same source would be leased before this one.
    public func position(of jobID: Int64) async throws(StoreError) -> Int? {
        try await readers.read { connection in
            try connection.query(
                """
                SELECT (SELECT coalesce(sum(ahead), 0)::bigint FROM freshet_datasets d CROSS JOIN LATERAL (
                    SELECT (SELECT count(*) FROM freshet_jobs a
                            WHERE a.state = 0 AND a.dataset = d.id AND a.priority < j.priority)
                        + (SELECT count(*) FROM freshet_jobs a
                            WHERE a.state = 0 AND a.dataset = d.id AND a.priority = j.priority AND a.heat > j.heat)
                        + (SELECT count(*) FROM freshet_jobs a
                            WHERE a.state = 0 AND a.dataset = d.id AND a.priority = j.priority AND a.heat = j.heat
                                AND a.id < j.id) AS ahead) c
                    WHERE d.source = s.source)
                FROM freshet_jobs j JOIN freshet_datasets s ON s.id = j.dataset WHERE j.id = $1 AND j.state = 0
                """, [.int(jobID)]
            ).first { $0.int(0) }
        }
    }

    /// Jobs in a state, in lease order (dead and done: newest first).
    public func jobs(
        in state: RefreshJob.State, source: String?, limit: Int
    ) async throws(StoreError) -> [RefreshJob] {
        guard limit > 0 else { return [] }
        let parameters: [PGValue] = [.text(orNull: source), .int(limit)]
        let ofSource = "($1::text IS NULL OR dataset IN (SELECT id FROM freshet_datasets WHERE source = $1))"
        let order = "ORDER BY priority, heat DESC, id LIMIT $2"
        switch state {
        case .ready: return try await readyJobs(parameters)
        case .waiting: return try await jobs("WHERE state = 1 AND \(ofSource) \(order)", parameters)
        case .leased: return try await jobs("WHERE state = 2 AND \(ofSource) \(order)", parameters)
        case .dead:
            return try await jobs(
                "WHERE state = 3 AND \(ofSource) ORDER BY finished_at DESC, id DESC LIMIT $2", parameters)
        case .done:
            return try await jobs(
                "WHERE state = 4 AND \(ofSource) ORDER BY finished_at DESC, id DESC LIMIT $2", parameters)
        }
    }

    /// Ready jobs in lease order; each dataset and priority is read from its index, so a deep queue costs nothing.
    private func readyJobs(_ parameters: [PGValue]) async throws(StoreError) -> [RefreshJob] {
        let columns = JobColumns.names.map { "j.\($0)" }.joined(separator: ", ")
        return try await jobs(
            select: """
                SELECT \(columns) FROM freshet_datasets d CROSS JOIN generate_series(0, 3) p CROSS JOIN LATERAL (
                    SELECT * FROM freshet_jobs WHERE state = 0 AND dataset = d.id AND priority = p
                    ORDER BY heat DESC, id LIMIT $2) j
                WHERE $1::text IS NULL OR d.source = $1 ORDER BY j.priority, j.heat DESC, j.id LIMIT $2
                """, parameters)
    }

    /// Unfinished jobs in ascending order of their ids.
    public func unfinishedJobs(after id: Int64, limit: Int) async throws(StoreError) -> [RefreshJob] {
        guard limit > 0 else { return [] }
        return try await jobs("WHERE state < 3 AND id > $1 ORDER BY id LIMIT $2", [.int(id), .int(limit)])
    }

    private func jobs(_ condition: String, _ parameters: [PGValue]) async throws(StoreError) -> [RefreshJob] {
        try await jobs(select: "SELECT \(JobColumns.list) FROM freshet_jobs \(condition)", parameters)
    }

    private func jobs(select: String, _ parameters: [PGValue]) async throws(StoreError) -> [RefreshJob] {
        try await readers.read { [datasets] connection in
            try connection.query(select, parameters).map { row in
                try row.job { try datasets.dataset($0, on: connection) }
            }
        }
    }

    /// How many jobs stand where.
    public func depth(source: String?) async throws(StoreError) -> QueueDepth {
        try await readers.read { connection in
            let rows = try connection.query(Self.depthSQL, [.text(orNull: source)])
            var depth = QueueDepth()
            for index in 0..<rows.count {
                let row = rows[index]
                let state = RefreshJob.State(code: row.int(0))
                let priority = Priority(rawValue: row.int(1)) ?? .low
                depth.counts[state, default: [:]][priority, default: 0] += row.int(2)
                if state == .ready, let oldest = row.time(3) { depth.oldestReady[priority] = oldest }
            }
            return depth
        }
    }

    private static let depthSQL = """
        SELECT state, priority, count(*), min(not_before) FILTER (WHERE state = 0) FROM freshet_jobs
        WHERE $1::text IS NULL OR dataset IN (SELECT id FROM freshet_datasets WHERE source = $1)
        GROUP BY state, priority
        """
}
