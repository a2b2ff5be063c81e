/// A store that several processes work on at once, such as PostgreSQL.
///
/// Besides what every ``Store`` does, it says which process does what only one may do, tells each what the others changed,
/// and keeps the limits that all share. Every conformer runs `ClusterContract`.
public protocol ClusterStore: Store, PlanStore {
    /// Takes a duty, or prolongs it; whose it is until when is decided by the store's own clock.
    ///
    /// - Parameters:
    ///   - duty: What only one process may do at a time, such as `schedules`.
    ///   - holder: The process that asks; see ``ClusterMember``.
    ///   - span: How long it holds without being prolonged.
    /// - Returns: Who holds it now.
    /// - Throws: ``StoreError`` when the store cannot be asked; nobody should take the duty for theirs then.
    func hold(_ duty: String, holder: String, for span: Duration) async throws(StoreError) -> DutyHold

    /// Gives up a duty, if this process holds it.
    func release(_ duty: String, holder: String) async throws(StoreError)

    /// Documents whose state was written since a mark, in no particular order; some may come twice, none is left out.
    ///
    /// - Parameters:
    ///   - mark: What the last call returned; `nil` begins here and now, with no changes.
    ///   - limit: Changes in one page, at least 1; a page that is full has more behind it.
    /// - Returns: The changes and the mark to go on from.
    /// - Throws: ``StoreError`` when the store cannot be asked; the mark stays good.
    func changes(since mark: ChangeMark?, limit: Int) async throws(StoreError) -> ChangePage

    /// Notes leases that were given elsewhere, so that nobody leases those jobs here: the queue in front of this store is gone.
    ///
    /// - Returns: For each whether it is held here now; `false` when the job is finished or in other hands.
    func claim(_ leases: [LeasedJob], leaseFor span: Duration, now: Timestamp) async throws(StoreError) -> [Bool]

    /// Unfinished jobs (ready, waiting, leased) in ascending order of their ids, after `id`, at most `limit`.
    func unfinishedJobs(after id: Int64, limit: Int) async throws(StoreError) -> [RefreshJob]

    /// Limits that all processes of this store share.
    var limits: any SharedLimits { get }
}

/// Names one process of a deployment.
public struct ClusterMember: Sendable, Hashable {
    /// Unique for as long as the process lives: host, process id and a random part.
    public var name: String

    /// Names a process.
    public init(name: String) { self.name = name }
}

/// Who does what only one may do.
public struct DutyHold: Sendable, Hashable {
    /// The process that holds it.
    public var holder: String
    /// How long it still holds.
    public var remaining: Duration

    /// Creates a hold.
    public init(holder: String, remaining: Duration) { (self.holder, self.remaining) = (holder, remaining) }
}

/// A place in the changes of a store; its meaning is the store's own.
public struct ChangeMark: Sendable, Hashable {
    /// As the store wrote it.
    public var value: Int64
    /// What else the store needs to find the place again.
    public var detail: String

    /// Creates a mark.
    public init(value: Int64, detail: String = "") { (self.value, self.detail) = (value, detail) }
}

/// What changed since a mark.
public struct ChangePage: Sendable {
    /// The documents with their states as they are now.
    public var changes: [(id: DocumentID, state: DocumentState)]
    /// Where to go on.
    public var mark: ChangeMark

    /// Creates a page.
    public init(changes: [(id: DocumentID, state: DocumentState)], mark: ChangeMark) {
        (self.changes, self.mark) = (changes, mark)
    }
}
