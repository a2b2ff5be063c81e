public import FreshetCore

/// Plans of an adaptive policy.
struct PlanShelf {
    private var plans: [DatasetID: [String: KeyPlan]] = [:]

    subscript(id: DocumentID) -> KeyPlan? {
        get { plans[id.dataset]?[id.key] }
        set { plans[id.dataset, default: [:]][id.key] = newValue }
    }

    func due(
        of dataset: DatasetID, by now: Timestamp, limit: Int, job: (DocumentID) -> RefreshJob?
    ) -> [KeyPlan] {
        let due = (plans[dataset] ?? [:]).values.filter { $0.dueAt <= now }.compactMap {
            plan -> (plan: KeyPlan, isDead: Bool)? in
            let job = job(plan.id)
            guard job.map({ $0.state == .dead }) ?? true else { return nil }
            return (plan, job != nil)
        }
        return due.sorted { a, b in
            if a.isDead != b.isDead { return b.isDead }
            return (a.plan.priority, a.plan.dueAt) < (b.plan.priority, b.plan.dueAt)
        }.prefix(max(0, limit)).map(\.plan)
    }

    func next(of dataset: DatasetID, after now: Timestamp) -> Timestamp? {
        (plans[dataset] ?? [:]).values.filter { $0.dueAt > now }.map(\.dueAt).min()
    }

    func all(of dataset: DatasetID, after: String?, limit: Int) -> [KeyPlan] {
        Array(
            (plans[dataset] ?? [:]).values.filter { plan in after.map { precedes($0, plan.id.key) } ?? true }
                .sorted { precedes($0.id.key, $1.id.key) }.prefix(max(0, limit)))
    }
}

extension MemoryStore: PlanStore {
    /// Writes plans.
    public func setPlans(_ plans: [KeyPlan]) async throws(StoreError) {
        try with { state in for plan in plans { state.plans[plan.id] = plan } }
    }

    /// The plans of documents, in the order asked for.
    public func plans(of ids: [DocumentID]) async throws(StoreError) -> [KeyPlan?] {
        try with { state in ids.map { state.plans[$0] } }
    }

    /// Plans of a dataset that are due and whose documents have no unfinished job.
    public func duePlans(
        of dataset: DatasetID, by now: Timestamp, limit: Int
    ) async throws(StoreError) -> [KeyPlan] {
        try with { $0.plans.due(of: dataset, by: now, limit: limit, job: $0.queue.job(for:)) }
    }

    /// When the next plan of a dataset falls due.
    public func nextPlan(of dataset: DatasetID, after now: Timestamp) async throws(StoreError) -> Timestamp? {
        try with { $0.plans.next(of: dataset, after: now) }
    }

    /// Every plan of a dataset in ascending order of keys.
    public func allPlans(
        of dataset: DatasetID, after: String?, limit: Int
    ) async throws(StoreError) -> [KeyPlan] {
        try with { $0.plans.all(of: dataset, after: after, limit: limit) }
    }
}
