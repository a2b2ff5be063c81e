/// When each key is due next, as an adaptive policy decided it; a capability that a store declares.
///
/// Every conformer runs `PlanContract`.
public protocol PlanStore: Sendable {
    /// Writes plans; an earlier plan of the same document is replaced.
    func setPlans(_ plans: [KeyPlan]) async throws(StoreError)

    /// The plans of documents, in the order asked for; `nil` for those that have none.
    func plans(of ids: [DocumentID]) async throws(StoreError) -> [KeyPlan?]

    /// Plans of a dataset that are due by `now`, at most `limit` (at least 1), whose documents have no unfinished job.
    ///
    /// The most urgent come first, then those longest due; documents with a dead letter come after all others.
    func duePlans(of dataset: DatasetID, by now: Timestamp, limit: Int) async throws(StoreError) -> [KeyPlan]

    /// When the next plan of a dataset falls due after `now`; `nil` when none does.
    func nextPlan(of dataset: DatasetID, after now: Timestamp) async throws(StoreError) -> Timestamp?

    /// Every plan of a dataset in ascending order of keys (binary), after `after`, at most `limit`.
    func allPlans(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeyPlan]
}

/// When a document is due next, and what the policy knows of it.
public struct KeyPlan: Sendable, Hashable {
    /// The document.
    public var id: DocumentID
    /// When it is due.
    public var dueAt: Timestamp
    /// How urgent it is then.
    public var priority: Priority
    /// What the policy remembers, in its own form.
    public var memory: [UInt8]

    /// Creates a plan.
    public init(id: DocumentID, dueAt: Timestamp, priority: Priority, memory: [UInt8]) {
        self.id = id
        self.dueAt = dueAt
        self.priority = priority
        self.memory = memory
    }
}
