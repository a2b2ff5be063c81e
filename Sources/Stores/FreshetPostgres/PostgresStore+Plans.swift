public import FreshetCore

extension PostgresStore {
    /// Writes plans; an earlier plan of the same document is replaced.
    public func setPlans(_ plans: [KeyPlan]) async throws(StoreError) {
        guard !plans.isEmpty else { return }
        let numbers = try await numbers(of: plans.map(\.id.dataset))
        // The last plan of a document counts; one order of keys for every process.
        let last = Dictionary(plans.map { ($0.id, $0) }) { $1 }.values
            .map { (number: numbers[$0.id.dataset] ?? 0, plan: $0) }
            .sorted { ($0.number, $0.plan.id.key) < ($1.number, $1.plan.id.key) }
        _ = try await writers.statement(repeatable: true) { connection in
            try connection.execute(
                """
                INSERT INTO freshet_plans (dataset, key, due_at, priority, memory)
                SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[])
                ON CONFLICT (dataset, key) DO UPDATE
                    SET due_at = excluded.due_at, priority = excluded.priority, memory = excluded.memory
                """,
                [
                    .ints(last.map(\.number)), .texts(last.map(\.plan.id.key)),
                    .ints(last.map(\.plan.dueAt.microseconds)), .ints(last.map { Int64($0.plan.priority.rawValue) }),
                    .blobs(last.map(\.plan.memory)),
                ])
        }
    }

    /// The plans of documents, in the order asked for.
    public func plans(of ids: [DocumentID]) async throws(StoreError) -> [KeyPlan?] {
        guard !ids.isEmpty else { return [] }
        return try await readers.read { [datasets] connection in
            var numbers: [Int64?] = []
            for id in ids { numbers.append(try datasets.number(of: id.dataset, on: connection)) }
            let rows = try connection.query(
                """
                SELECT p.key, p.due_at, p.priority, p.memory, w.place
                FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY w(dataset, key, place)
                JOIN freshet_plans p ON p.dataset = w.dataset AND p.key = w.key
                """, [.ints(numbers), .texts(ids.map(\.key))])
            var found = [KeyPlan?](repeating: nil, count: ids.count)
            for index in 0..<rows.count {
                let place = rows[index].int(4) - 1
                found[place] = rows[index].plan(of: ids[place].dataset)
            }
            return found
        }
    }

    /// Plans of a dataset that are due, whose documents have no unfinished job; those with a dead letter last.
    public func duePlans(of dataset: DatasetID, by now: Timestamp, limit: Int) async throws(StoreError) -> [KeyPlan] {
        guard limit > 0 else { return [] }
        return try await ask(dataset) { connection, number in
            func due(_ sql: String, _ limit: Int) throws -> [KeyPlan] {
                try connection.query(sql, [.int(number), .time(now), .int(limit)]).map { $0.plan(of: dataset) }
            }
            let alive = try due(Self.dueSQL, limit)
            return alive.count < limit ? alive + (try due(Self.dueDeadSQL, limit - alive.count)) : alive
        } ?? []
    }

    // Each priority is read from its own part of the index: plans that are not due cost nothing.
    private static let dueSQL = """
        SELECT d.key, d.due_at, d.priority, d.memory FROM generate_series(0, 3) level CROSS JOIN LATERAL (
            SELECT p.key, p.due_at, p.priority, p.memory FROM freshet_plans p
            WHERE p.dataset = $1 AND p.priority = level AND p.due_at <= $2 AND NOT EXISTS (
                SELECT 1 FROM freshet_jobs j WHERE j.dataset = p.dataset AND j.key = p.key AND j.state < 4)
            ORDER BY p.due_at LIMIT $3) d
        ORDER BY d.priority, d.due_at, d.key LIMIT $3
        """

    private static let dueDeadSQL = """
        SELECT p.key, p.due_at, p.priority, p.memory FROM freshet_jobs j
        JOIN freshet_plans p ON p.dataset = j.dataset AND p.key = j.key
        WHERE j.state = 3 AND j.dataset = $1 AND p.due_at <= $2 ORDER BY p.priority, p.due_at, p.key LIMIT $3
        """

    /// When the next plan of a dataset falls due after `now`.
    public func nextPlan(of dataset: DatasetID, after now: Timestamp) async throws(StoreError) -> Timestamp? {
        try await ask(dataset) { connection, number in
            try connection.query(
                "SELECT min(due_at) FROM freshet_plans WHERE dataset = $1 AND due_at > $2", [.int(number), .time(now)]
            ).first { $0.time(0) } ?? nil
        } ?? nil
    }

    /// Every plan of a dataset in ascending order of keys (binary), after `after`, at most `limit`.
    public func allPlans(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeyPlan] {
        guard limit > 0 else { return [] }
        return try await ask(dataset) { connection, number in
            try connection.query(
                """
                SELECT key, due_at, priority, memory FROM freshet_plans
                WHERE dataset = $1 AND key >= coalesce($2::text, '') AND key IS DISTINCT FROM $2::text ORDER BY key LIMIT $3
                """, [.int(number), .text(orNull: after), .int(limit)]
            ).map { $0.plan(of: dataset) }
        } ?? []
    }
}

extension PGRow {
    fileprivate func plan(of dataset: DatasetID) -> KeyPlan {
        KeyPlan(
            id: DocumentID(dataset: dataset, key: text(0)), dueAt: Timestamp(microseconds: int64(1)),
            priority: Priority(rawValue: int(2)) ?? .low, memory: blob(3))
    }
}
