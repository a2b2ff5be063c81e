public import FreshetCore

/// Why a document is as it is.
public struct WhyReport: Sendable {
    /// The document.
    public var id: DocumentID
    /// One sentence that names the cause.
    public var verdict: String
    /// A short stable word for the cause: `fresh`, `never-asked`, `queued`, `running`, `not-due`, `key-parked`, `breaker-open`,
    /// `quota`, `maintenance`, `stopped`, `upstream-404`, `gone`, `dead-letter`, `failed`, `not-asked-since`, `auto-refresh-off`.
    public var cause: String
    /// The state; `nil` when the document was never asked for.
    public var state: DocumentState?
    /// The unfinished or dead job.
    public var job: RefreshJob?
    /// Ready jobs ahead of it.
    public var queuePosition: Int?
    /// When it is expected to run, if that can be said.
    public var nextRun: Timestamp?
    /// Why it is refreshed when it is, where that depends on what is known of the key.
    public var plan: PlanExplanation?
    /// What the budget says for this dataset at the job's (or the dataset's) priority; `nil` when a call could go now.
    public var budgetBlock: String?
    /// The source's budgets, keys, breaker and maintenance.
    public var source: SourceStatus?

    /// Creates a report.
    public init(id: DocumentID, verdict: String, cause: String) {
        (self.id, self.verdict, self.cause) = (id, verdict, cause)
    }
}

/// Sources, datasets and queue at a glance.
public struct StatusReport: Sendable {
    /// When it was made.
    public var at: Timestamp
    /// When the process started.
    public var startedAt: Timestamp
    /// By name.
    public var sources: [SourceStatus] = []
    /// By id.
    public var datasets: [(id: DatasetID, census: DatasetCensus)] = []
    /// How the last refreshes by this process went, of the datasets that had any.
    public var attempts: [DatasetID: DatasetAttempts] = [:]
    /// What the last rows of datasets with tables were like, and why they take none, by id.
    public var tables: [DatasetTables] = []
    /// Rows that wait for warehouses: entries, and since when, by name.
    public var outbox: [(destination: String, waiting: Int, oldest: Timestamp?)] = []
    /// How each webhook stands.
    public var webhooks: [WebhookStatus] = []
    /// How fresh datasets with adaptive refreshing were when they were read, by id.
    public var freshness: [DatasetFreshness] = []
    /// All sources together.
    public var queue = QueueDepth()
    /// Why the store cannot be written right now; `nil` when it can.
    public var storeProblem: String?
    /// The deployment, when there are several processes.
    public var cluster: ClusterReport?
    /// Whether stale reads and schedules enqueue refreshes.
    public var autoRefresh = true

    /// Creates an empty report.
    public init(at: Timestamp, startedAt: Timestamp) { (self.at, self.startedAt) = (at, startedAt) }
}

/// How the last refreshes of a dataset went.
public struct DatasetAttempts: Sendable, Hashable {
    /// The last success.
    public var lastSuccess: Timestamp?
    /// The last failure.
    public var lastFailure: FailureNote?

    /// Creates a record of nothing.
    public init() {}
}

/// A deployment of several processes at a glance, as this one sees it.
public struct ClusterReport: Sendable {
    /// This process's name.
    public var member: String
    /// What this process does.
    public var role: ProcessRole
    /// The processes that gave a sign of life lately.
    public var members: [MemberRecord] = []
    /// Where jobs are leased: `store`, `line` or `nowhere`.
    public var queue = "store"
    /// Why the store cannot be asked; `nil` when it can.
    public var storeProblem: String?
    /// Why the coordinator is not used; `nil` when it is, or there is none.
    public var coordinatorProblem: String?

    /// Creates a report.
    public init(member: String, role: ProcessRole) { (self.member, self.role) = (member, role) }
}

/// The tables of one dataset at a glance.
public struct DatasetTables: Sendable {
    /// The dataset.
    public var id: DatasetID
    /// Why they take no rows; `nil` when they do.
    public var stop: TableStop?
    /// What the last rows were like, by table; empty before the first refresh since the start.
    public var quality: [TableQuality]

    /// Creates a record.
    public init(id: DatasetID, stop: TableStop?, quality: [TableQuality]) {
        (self.id, self.stop, self.quality) = (id, stop, quality)
    }
}

/// One source at a glance.
public struct SourceStatus: Sendable {
    /// Whether refreshes go.
    public enum Health: String, Sendable {
        /// Calls go.
        case ok
        /// Calls go on some keys only, or pause for quota.
        case limited
        /// No calls: breaker, maintenance, all keys out, or stopped.
        case down
    }

    /// The source.
    public var name: String
    /// Whether refreshes go.
    public var health = Health.ok
    /// A sentence when they do not.
    public var reason: String?
    /// A short stable word for what `reason` says: `breaker-open`, `maintenance`, `stopped`, `key-parked`, `key-disabled`,
    /// `quota`; `nil` while all is well.
    public var condition: String?
    /// Since when, where that is known.
    public var since: Timestamp?
    /// When Freshet tries again by itself; `nil` when only a person can end it.
    public var until: Timestamp?
    /// Each limit and key with what is left.
    public var budgets: [BudgetLine] = []
    /// Each key.
    public var keys: [KeyLine] = []
    /// `closed`, `open`, `half-open`.
    public var breaker = "closed"
    /// Since when it is in maintenance.
    public var maintenanceSince: Timestamp?
    /// Calls under way.
    public var inFlight = 0
    /// The last success.
    public var lastSuccess: Timestamp?
    /// The last failure.
    public var lastFailure: FailureNote?

    /// Creates a status.
    public init(name: String) { self.name = name }
}

/// One window of one limit.
public struct BudgetLine: Sendable {
    /// `key`, `account`, `ip`, `endpoint`.
    public var scope: String
    /// The key id, account, or dataset it counts; empty for a shared one.
    public var subject: String
    /// Calls allowed.
    public var calls: Int
    /// The window.
    public var per: Duration
    /// Calls counted in the window now.
    public var used: Int

    /// Creates a line.
    public init(scope: String, subject: String, calls: Int, per: Duration, used: Int) {
        (self.scope, self.subject, self.calls, self.per, self.used) = (scope, subject, calls, per, used)
    }
}

/// One key of a source.
public struct KeyLine: Sendable {
    /// The opaque id.
    public var id: String
    /// `ok`, `parked`, `disabled`.
    public var state: String
    /// Why it is not `ok`.
    public var reason: String?
    /// When it returns.
    public var returnsAt: Timestamp?
    /// Calls sent with it since start.
    public var calls: Int

    /// Creates a line.
    public init(id: String, state: String, reason: String? = nil, returnsAt: Timestamp? = nil, calls: Int = 0) {
        (self.id, self.state, self.reason, self.returnsAt, self.calls) = (id, state, reason, returnsAt, calls)
    }
}
