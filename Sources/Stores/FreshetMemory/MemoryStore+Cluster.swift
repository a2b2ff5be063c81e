public import FreshetCore

/// What changed in which order, and who does what.
struct ClusterShelf {
    private(set) var lastChange: Int64 = 0
    private var changes: [DocumentID: Int64] = [:]
    private var duties: [String: (holder: String, until: Duration)] = [:]

    mutating func changed(_ id: DocumentID) {
        lastChange += 1
        changes[id] = lastChange
    }

    func changed(after mark: Int64, limit: Int) -> [(id: DocumentID, number: Int64)] {
        changes.filter { $0.value > mark }.sorted { $0.value < $1.value }.prefix(max(1, limit))
            .map { (id: $0.key, number: $0.value) }
    }

    mutating func hold(_ duty: String, holder: String, for span: Duration, now: Duration) -> DutyHold {
        if let held = duties[duty], held.holder != holder, held.until > now {
            return DutyHold(holder: held.holder, remaining: held.until - now)
        }
        duties[duty] = (holder, now + span)
        return DutyHold(holder: holder, remaining: span)
    }

    mutating func release(_ duty: String, holder: String) {
        if duties[duty]?.holder == holder { duties[duty] = nil }
    }
}

/// Several engines of one process may share a store in memory, as processes share a database.
extension MemoryStore: ClusterStore {
    /// Limits that all who hold this store share.
    public var limits: any SharedLimits { sharedLimits }

    /// Takes a duty, or prolongs it.
    public func hold(_ duty: String, holder: String, for span: Duration) async throws(StoreError) -> DutyHold {
        let now = clock()
        return try with { $0.cluster.hold(duty, holder: holder, for: span, now: now) }
    }

    /// Gives up a duty, if this process holds it.
    public func release(_ duty: String, holder: String) async throws(StoreError) {
        try with { $0.cluster.release(duty, holder: holder) }
    }

    /// Documents whose state was written since a mark.
    public func changes(since mark: ChangeMark?, limit: Int) async throws(StoreError) -> ChangePage {
        try with { state in
            guard let mark else { return ChangePage(changes: [], mark: ChangeMark(value: state.cluster.lastChange)) }
            let found = state.cluster.changed(after: mark.value, limit: limit)
            return ChangePage(
                changes: found.compactMap { change in
                    state.documents[change.id].map { (id: change.id, state: $0.state) }
                },
                mark: ChangeMark(value: found.last?.number ?? mark.value))
        }
    }

    /// Notes leases that were given elsewhere.
    public func claim(
        _ leases: [LeasedJob], leaseFor span: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        try with { state in leases.map { state.queue.claim($0, until: now + span) } }
    }

    /// Unfinished jobs in ascending order of their ids.
    public func unfinishedJobs(after id: Int64, limit: Int) async throws(StoreError) -> [RefreshJob] {
        try with { $0.queue.unfinished(after: id, limit: limit) }
    }
}

extension JobShelf {
    mutating func claim(_ lease: LeasedJob, until: Timestamp) -> Bool {
        if holds(lease) { return heartbeat(lease, until: until) }
        guard accepts(lease) else { return false }
        take(lease, until: until)
        return true
    }

    func unfinished(after id: Int64, limit: Int) -> [RefreshJob] {
        let unfinished = [RefreshJob.State.ready, .waiting, .leased].flatMap { jobs(in: $0, source: nil, limit: .max) }
        return Array(unfinished.filter { $0.id > id }.sorted { $0.id < $1.id }.prefix(max(0, limit)))
    }
}
