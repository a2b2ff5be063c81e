public import FreshetCore

extension SQLiteStore: PlanStore {
    /// Writes plans.
    public func setPlans(_ plans: [KeyPlan]) async throws(StoreError) {
        guard !plans.isEmpty else { return }
        try await committer.write { session in
            for plan in plans {
                let statement = try session.statement(Self.setPlanSQL)
                statement.bind(try session.number(of: plan.id.dataset), at: 1)
                statement.bind(plan.id.key, at: 2)
                statement.bind(plan.priority.rawValue, at: 3)
                statement.bind(plan.dueAt.microseconds, at: 4)
                statement.bind(plan.memory, at: 5)
                try statement.run()
            }
        }
    }

    static let setPlanSQL = """
        INSERT INTO freshet_plans (dataset, key, priority, due_at, memory) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (dataset, key) DO UPDATE SET
            priority = excluded.priority, due_at = excluded.due_at, memory = excluded.memory
        """

    /// The plans of documents, in the order asked for.
    public func plans(of ids: [DocumentID]) async throws(StoreError) -> [KeyPlan?] {
        guard !ids.isEmpty else { return [] }
        let numbers = ids.map { datasets.number(of: $0.dataset) }
        return try await read(snapshot: true) { session in
            try zip(ids, numbers).map { id, number in
                guard let number else { return nil }
                return try session.first(Self.planSQL) { statement in
                    statement.bind(number, at: 1)
                    statement.bind(id.key, at: 2)
                } row: {
                    $0.plan(id.dataset)
                }
            }
        }
    }

    static let planSQL =
        "SELECT p.key, p.priority, p.due_at, p.memory FROM freshet_plans p WHERE p.dataset = ?1 AND p.key = ?2"

    /// Plans of a dataset that are due and whose documents have no unfinished job.
    public func duePlans(
        of dataset: DatasetID, by now: Timestamp, limit: Int
    ) async throws(StoreError) -> [KeyPlan] {
        guard let number = datasets.number(of: dataset), limit > 0 else { return [] }
        return try await read(snapshot: true) { session in
            func due(_ sql: String, _ limit: Int, _ priority: Priority? = nil) throws -> [KeyPlan] {
                try session.all(sql) { statement in
                    statement.bind(number, at: 1)
                    statement.bind(now.microseconds, at: 2)
                    statement.bind(limit, at: 3)
                    if let priority { statement.bind(priority.rawValue, at: 4) }
                } row: {
                    $0.plan(dataset)
                }
            }
            var found: [KeyPlan] = []
            for priority in Priority.allCases where found.count < limit {
                found += try due(Self.duePlansSQL, limit - found.count, priority)
            }
            if found.count < limit { found += try due(Self.dueDeadPlansSQL, limit - found.count) }
            return found
        }
    }

    static let duePlansSQL = """
        SELECT p.key, p.priority, p.due_at, p.memory FROM freshet_plans p
        WHERE p.dataset = ?1 AND p.priority = ?4 AND p.due_at <= ?2
            AND NOT EXISTS (
                SELECT 1 FROM freshet_jobs j WHERE j.dataset = p.dataset AND j.key = p.key AND j.state < 4)
        ORDER BY p.due_at LIMIT ?3
        """

    // From the dead letters to their plans, so that it costs nothing where none has died.
    static let dueDeadPlansSQL = """
        SELECT p.key, p.priority, p.due_at, p.memory FROM freshet_jobs j
        CROSS JOIN freshet_plans p ON p.dataset = j.dataset AND p.key = j.key
        WHERE j.state = 3 AND j.dataset = ?1 AND p.due_at <= ?2
        ORDER BY j.finished_at LIMIT ?3
        """

    /// When the next plan of a dataset falls due.
    public func nextPlan(of dataset: DatasetID, after now: Timestamp) async throws(StoreError) -> Timestamp? {
        guard let number = datasets.number(of: dataset) else { return nil }
        return try await read(snapshot: true) { session in
            var earliest: Timestamp?
            for priority in Priority.allCases {
                let found = try session.first(Self.nextPlanSQL) { statement in
                    statement.bind(number, at: 1)
                    statement.bind(priority.rawValue, at: 2)
                    statement.bind(now.microseconds, at: 3)
                } row: {
                    $0.timestamp(0)
                }
                if let found = found ?? nil { earliest = min(earliest ?? found, found) }
            }
            return earliest
        }
    }

    static let nextPlanSQL =
        "SELECT min(p.due_at) FROM freshet_plans p WHERE p.dataset = ?1 AND p.priority = ?2 AND p.due_at > ?3"

    /// Every plan of a dataset in ascending order of keys.
    public func allPlans(
        of dataset: DatasetID, after: String?, limit: Int
    ) async throws(StoreError) -> [KeyPlan] {
        guard let number = datasets.number(of: dataset), limit > 0 else { return [] }
        return try await read { session in
            try session.all(Self.allPlansSQL) { statement in
                statement.bind(number, at: 1)
                statement.bind(after, at: 2)
                statement.bind(limit, at: 3)
            } row: {
                $0.plan(dataset)
            }
        }
    }

    static let allPlansSQL = """
        SELECT p.key, p.priority, p.due_at, p.memory FROM freshet_plans p
        WHERE p.dataset = ?1 AND p.key >= coalesce(?2, '') AND p.key IS NOT ?2 ORDER BY p.key LIMIT ?3
        """
}

extension RawStatement {
    fileprivate func plan(_ dataset: DatasetID) -> KeyPlan {
        KeyPlan(
            id: DocumentID(dataset: dataset, key: text(0)), dueAt: Timestamp(microseconds: int64(2)),
            priority: Priority(rawValue: int(1)) ?? .low, memory: blob(3))
    }
}
