/// One refresh that is to be done, as the queue keeps it.
///
/// There is at most one unfinished job per document.
public struct RefreshJob: Sendable, Hashable {
    /// Where a job stands.
    public enum State: String, Sendable, CaseIterable {
        /// May be leased now.
        case ready
        /// Not before ``RefreshJob/notBefore``: back-off, or a schedule ahead of its time.
        case waiting
        /// Held by a worker.
        case leased
        /// Given up on; listed until retried or dropped.
        case dead
        /// Finished.
        case done
    }

    /// Unique and ascending within a store.
    public var id: Int64
    /// What to refresh.
    public var document: DocumentID
    /// How soon.
    public var priority: Priority
    /// Why it was asked for: `read`, `cold`, `schedule`, `operator`, `retry`, `cli`.
    public var cause: String
    /// When it was first asked for.
    public var enqueuedAt: Timestamp
    /// Not before this moment.
    public var notBefore: Timestamp
    /// Tries so far, the running one included.
    public var attempts: Int
    /// Where it stands.
    public var state: State
    /// Reads that wanted this document when it was enqueued or raised; orders jobs inside a priority.
    public var heat: Int
    /// Why the last try failed.
    public var lastError: FailureNote?
    /// When it finished or died.
    public var finishedAt: Timestamp?

    /// Creates a job record.
    public init(
        id: Int64, document: DocumentID, priority: Priority, cause: String, enqueuedAt: Timestamp,
        notBefore: Timestamp, attempts: Int = 0, state: State, heat: Int = 0, lastError: FailureNote? = nil,
        finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.document = document
        self.priority = priority
        self.cause = cause
        self.enqueuedAt = enqueuedAt
        self.notBefore = notBefore
        self.attempts = attempts
        self.state = state
        self.heat = heat
        self.lastError = lastError
        self.finishedAt = finishedAt
    }
}

/// A job in a worker's hands.
public struct LeasedJob: Sendable, Hashable {
    /// The job as it stood when leased; `attempts` counts this try.
    public var job: RefreshJob
    /// Rises with every lease of any job; a write with an older token than the job's is refused.
    public var fence: Int64

    /// Creates a leased job.
    public init(job: RefreshJob, fence: Int64) { (self.job, self.fence) = (job, fence) }
}

/// A wish to have a document refreshed.
public struct EnqueueRequest: Sendable, Hashable {
    /// What to refresh.
    public var document: DocumentID
    /// How soon.
    public var priority: Priority
    /// Why: `read`, `cold`, `schedule`, `operator`, `cli`.
    public var cause: String
    /// Reads that wanted it lately.
    public var heat: Int
    /// Not before this moment; `nil` means at once.
    public var notBefore: Timestamp?
    /// A dead job of the document that died before this moment makes room for a new one; `nil` leaves dead jobs alone.
    public var replacesDeadBefore: Timestamp?

    /// Creates a wish.
    public init(
        document: DocumentID, priority: Priority, cause: String, heat: Int = 0, notBefore: Timestamp? = nil,
        replacesDeadBefore: Timestamp? = nil
    ) {
        self.document = document
        self.priority = priority
        self.cause = cause
        self.heat = heat
        self.notBefore = notBefore
        self.replacesDeadBefore = replacesDeadBefore
    }
}

/// What became of a wish.
public struct EnqueueResult: Sendable, Hashable {
    /// The job that will serve it, new or already there.
    public var jobID: Int64
    /// Whether a job was made for it.
    public var isNew: Bool
    /// Whether an existing job became more urgent.
    public var raised: Bool

    /// Creates a result.
    public init(jobID: Int64, isNew: Bool, raised: Bool) {
        (self.jobID, self.isNew, self.raised) = (jobID, isNew, raised)
    }
}

/// What came of a cycle of the queue.
public struct JobCycle: Sendable, Hashable {
    /// For each end, whether the lease was still held.
    public var ends: [Bool]
    /// For each wish, what became of it.
    public var wishes: [EnqueueResult]
    /// The jobs that were leased.
    public var leases: [LeasedJob]

    /// Creates a result.
    public init(ends: [Bool] = [], wishes: [EnqueueResult] = [], leases: [LeasedJob] = []) {
        (self.ends, self.wishes, self.leases) = (ends, wishes, leases)
    }
}

/// Which jobs a worker can take now.
public struct LeaseRequest: Sendable, Hashable {
    /// For each dataset that has budget, the least urgent priority that may go; datasets left out are not leased.
    public var admitted: [DatasetID: Priority]
    /// Take the job that has waited longest among the admitted ones, whatever its priority.
    public var oldestFirst: Bool
    /// At most so many.
    public var count: Int
    /// How long the lease holds without a heartbeat.
    public var leaseFor: Duration

    /// Creates a request.
    public init(admitted: [DatasetID: Priority], oldestFirst: Bool = false, count: Int, leaseFor: Duration) {
        self.admitted = admitted
        self.oldestFirst = oldestFirst
        self.count = count
        self.leaseFor = leaseFor
    }
}

/// How a leased job ends.
public enum JobEnd: Sendable, Hashable {
    /// Finished.
    case done
    /// Try again at this moment; counts as a try.
    case retry(at: Timestamp, error: FailureNote)
    /// Wait until this moment without it counting as a try: quota, maintenance, a parked key, shutdown.
    case park(until: Timestamp, reason: FailureNote?)
    /// Given up on.
    case dead(FailureNote)
}

/// What became of the jobs of a backup.
public struct JobRestore: Sendable, Hashable {
    /// Jobs that were added.
    public var added = 0
    /// Jobs that were there, and became more urgent.
    public var raised = 0
    /// Jobs that were there, and stay as they are.
    public var kept = 0

    /// Creates a result without any.
    public init() {}
}

/// How many jobs stand where.
public struct QueueDepth: Sendable, Hashable {
    /// Jobs by state and priority.
    public var counts: [RefreshJob.State: [Priority: Int]] = [:]
    /// When the longest waiting ready job of a priority became ready.
    public var oldestReady: [Priority: Timestamp] = [:]

    /// Creates an empty depth.
    public init() {}

    /// Jobs in a state, of any priority.
    public func total(_ state: RefreshJob.State) -> Int { counts[state]?.values.reduce(0, +) ?? 0 }
}
