public import FreshetCore

// Documents.
extension MemoryStore {
    /// The state and current body of a document.
    public func document(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        try with { state in
            state.documents[id].map { StoredDocument(id: id, state: $0.state, body: $0.body) }
        }
    }

    /// Weighs and writes the outcome of a refresh in one transaction.
    public func commit(_ commit: RefreshCommit) async throws(StoreError) -> CommitResult {
        try with { (state) throws(StoreError) in
            if let job = commit.job, !state.queue.end(job.lease, with: job.end, now: commit.at) {
                throw .fenced(jobID: job.lease.job.id)
            }
            let (document, effect) = state.documents.apply(commit)
            state.cluster.changed(commit.id)
            let events = (effect == .newVersion ? commit.eventsOnChange : []) + commit.events
            return CommitResult(
                state: document, effect: effect, events: state.events.append(events, now: commit.at))
        }
    }

    /// The keys of a dataset in ascending order (binary), after `after`, at most `limit` (1...1000).
    public func keys(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeySummary] {
        try with { $0.documents.keys(of: dataset, after: after, limit: limit) }
    }

    /// Versions of a document, newest first.
    public func versions(
        of id: DocumentID, since: Timestamp?, until: Timestamp?, limit: Int
    ) async throws(StoreError) -> [StoredVersion] {
        try with { state in
            let all = state.documents[id]?.versions ?? []
            let inside = all.reversed().filter { version in
                since.map { version.changedAt >= $0 } ?? true && until.map { version.changedAt < $0 } ?? true
            }
            return Array(inside.prefix(max(0, limit)))
        }
    }

    /// The version that stood at a moment.
    public func version(of id: DocumentID, asOf: Timestamp) async throws(StoreError) -> StoredVersion? {
        try with { state in
            let found = state.documents[id]?.versions.last { $0.changedAt <= asOf }
            guard let found, found.endedAt.map({ $0 > asOf }) ?? true else { return nil }
            return found
        }
    }

    /// How many documents of each dataset are live, stale, missing and gone at a moment.
    public func census(at now: Timestamp) async throws(StoreError) -> [DatasetID: DatasetCensus] {
        try with { $0.documents.census(at: now) }
    }

    /// Removes superseded versions that ended before `before`, at most `limit`.
    public func removeVersions(
        of dataset: DatasetID, endedBefore before: Timestamp, limit: Int
    ) async throws(StoreError) -> Int {
        try with { $0.documents.removeVersions(of: dataset, endedBefore: before, limit: limit) }
    }

    /// Keys whose refresh is due.
    public func dueKeys(
        of dataset: DatasetID, checkedBefore: Timestamp, readSince: Timestamp?, limit: Int
    ) async throws(StoreError) -> [DueKey] {
        try with { state in
            state.documents.dueKeys(
                of: dataset, checkedBefore: checkedBefore, readSince: readSince, limit: limit,
                job: state.queue.job(for:))
        }
    }

    /// Writes the event of each live document that went stale and was not told of.
    public func tellStale(
        at now: Timestamp, limit: Int, event: @escaping @Sendable (DocumentID, DocumentState) -> NewEvent?
    ) async throws(StoreError) -> [Event] {
        try with { state in
            let stale = state.documents.takeStale(at: now, limit: limit)
            return state.events.append(stale.compactMap { event($0.id, $0.state) }, now: now)
        }
    }

    /// Adds reads to documents and moves their last read.
    public func recordReads(
        _ reads: [(id: DocumentID, count: Int, last: Timestamp)]
    ) async throws(StoreError) {
        try with { state in
            for read in reads { state.documents.record(read.id, count: read.count, last: read.last) }
        }
    }
}

// Jobs.
extension MemoryStore {
    /// Adds jobs.
    public func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult] {
        try with { state in requests.map { state.queue.enqueue($0, now: now) } }
    }

    /// Merges the jobs of a backup.
    public func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore {
        try with { $0.queue.restore(jobs, now: now) }
    }

    /// Leases ready jobs.
    public func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob] {
        try with { $0.queue.lease(request, now: now) }
    }

    /// Ends leased jobs outside a commit.
    public func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool] {
        try with { state in jobs.map { state.queue.end($0.lease, with: $0.end, now: now) } }
    }

    /// Ends jobs, adds wishes and leases the next jobs, at one stroke.
    public func cycle(
        ends: [(lease: LeasedJob, end: JobEnd)], wishes: [EnqueueRequest], lease request: LeaseRequest?, now: Timestamp
    ) async throws(StoreError) -> JobCycle {
        try with { state in
            JobCycle(
                ends: ends.map { state.queue.end($0.lease, with: $0.end, now: now) },
                wishes: wishes.map { state.queue.enqueue($0, now: now) },
                leases: request.map { state.queue.lease($0, now: now) } ?? [])
        }
    }

    /// Prolongs leases.
    public func heartbeat(
        _ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        try with { state in jobs.map { state.queue.heartbeat($0, until: now + leaseFor) } }
    }

    /// Makes jobs ready again whose lease has run out.
    public func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try with { $0.queue.recoverLeases(all: all, now: now) }
    }

    /// Makes waiting jobs of a source (or of all) ready at `now` at the latest.
    public func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int {
        try with { $0.queue.wake(source: source, now: now) }
    }

    /// When the next waiting job of these datasets falls due.
    public func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp? {
        try with { $0.queue.nextWaiting(of: datasets) }
    }

    /// A job by id, finished ones included while they are kept.
    public func job(_ id: Int64) async throws(StoreError) -> RefreshJob? { try with { $0.queue.job(id) } }

    /// The unfinished or dead job of a document.
    public func job(for id: DocumentID) async throws(StoreError) -> RefreshJob? { try with { $0.queue.job(for: id) } }

    /// How many ready jobs of the same source would be leased before this one.
    public func position(of jobID: Int64) async throws(StoreError) -> Int? {
        try with { $0.queue.position(of: jobID) }
    }

    /// Jobs in a state, in lease order (dead and done.
    public func jobs(
        in state: RefreshJob.State, source: String?, limit: Int
    ) async throws(StoreError) -> [RefreshJob] {
        try with { $0.queue.jobs(in: state, source: source, limit: limit) }
    }

    /// How many jobs stand where.
    public func depth(source: String?) async throws(StoreError) -> QueueDepth {
        try with { $0.queue.depth(source: source) }
    }

    /// Makes dead jobs ready with their tries reset.
    public func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int {
        try with { $0.queue.retryDead(ids: ids, now: now) }
    }

    /// Removes unfinished or dead jobs that nobody holds.
    public func drop(ids: [Int64]?) async throws(StoreError) -> Int { try with { $0.queue.drop(ids: ids) } }

    /// Forgets finished jobs older than `before`.
    public func forgetDone(before: Timestamp) async throws(StoreError) -> Int {
        try with { $0.queue.forgetDone(before: before) }
    }
}

// Events, values, tokens.
extension MemoryStore {
    /// Names this log.
    public func eventEpoch() async throws(StoreError) -> String { try with { $0.events.epoch } }

    /// Writes events that belong to no refresh.
    public func append(_ events: [NewEvent], now: Timestamp) async throws(StoreError) -> [Event] {
        try with { $0.events.append(events, now: now) }
    }

    /// Events after an offset, in order, at most `limit`.
    public func events(
        after offset: Int64, limit: Int
    ) async throws(StoreError) -> (events: [Event], oldest: Int64?) {
        try with { $0.events.events(after: offset, limit: limit) }
    }

    /// Removes events written before `before`, at most `limit`.
    public func removeEvents(before: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try with { $0.events.remove(before: before, limit: limit) }
    }

    /// The value under a name.
    public func value(_ name: String) async throws(StoreError) -> [UInt8]? { try with { $0.values[name] } }

    /// Sets or (with `nil`) removes a value.
    public func setValue(_ value: [UInt8]?, for name: String) async throws(StoreError) {
        try with { $0.values[name] = value }
    }

    /// Sets or removes a value if it is still what the caller has seen.
    public func swapValue(_ seen: [UInt8]?, with value: [UInt8]?, for name: String) async throws(StoreError) -> Bool {
        try with { state in
            guard state.values[name] == seen else { return false }
            state.values[name] = value
            return true
        }
    }

    /// Values whose names begin with `prefix`, in ascending order of the names.
    public func values(
        prefix: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, value: [UInt8])] {
        try with { state in
            state.values.filter { name, _ in
                name.utf8.starts(with: prefix.utf8)
                    && after.map { $0.utf8.lexicographicallyPrecedes(name.utf8) } ?? true
            }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.prefix(max(0, limit))
                .map { (name: $0.key, value: $0.value) }
        }
    }

    /// Adds a token.
    public func addToken(_ token: TokenRecord) async throws(StoreError) {
        try with { (state) throws(StoreError) in
            guard !state.tokens.contains(where: { $0.id == token.id }) else {
                throw .cannotWrite("a token with this id exists")
            }
            state.tokens.append(token)
        }
    }

    /// Every token, oldest first, revoked ones included.
    public func tokens() async throws(StoreError) -> [TokenRecord] {
        try with { state in
            // Insertion order stands in for equal times: the sort is stable.
            state.tokens.enumerated().sorted { ($0.element.createdAt, $0.offset) < ($1.element.createdAt, $1.offset) }
                .map(\.element)
        }
    }

    /// Revokes a token by its id.
    public func revokeToken(id: String, now: Timestamp) async throws(StoreError) -> Bool {
        try with { state in
            guard let index = state.tokens.firstIndex(where: { $0.id == id && $0.revokedAt == nil }) else {
                return false
            }
            state.tokens[index].revokedAt = now
            return true
        }
    }
}
