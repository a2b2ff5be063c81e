/// The durable side of a mirror: documents with history, queue, events, budgets, tokens.
///
/// Every conformer runs `StoreContract`. Every call is atomic and, once it returns, survives `kill -9`. Calls may come from
/// any task at once; writers may group several calls into one commit, each still all or nothing.
public protocol Store: DocumentStore, JobStore, EventStore, StateStore, TokenStore {
    /// Finishes what is under way and closes; later calls throw ``StoreError/unavailable(_:)``.
    func close() async
}

/// Documents and their versions.
public protocol DocumentStore: Sendable {
    /// The state and current body of a document; `nil` when it was never asked for.
    func document(_ id: DocumentID) async throws(StoreError) -> StoredDocument?

    /// Weighs and writes the outcome of a refresh in one transaction: state, body, history, events, end of the job.
    ///
    /// - Throws: ``StoreError/fenced(jobID:)`` when the job's lease was lost; nothing is written then.
    func commit(_ commit: RefreshCommit) async throws(StoreError) -> CommitResult

    /// The keys of a dataset in ascending order (binary), after `after`, at most `limit` (1...1000).
    func keys(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeySummary]

    /// Versions of a document, newest first: with `changed_at` in `since..<until`, at most `limit`.
    func versions(
        of id: DocumentID, since: Timestamp?, until: Timestamp?, limit: Int
    ) async throws(StoreError) -> [StoredVersion]

    /// The version that stood at a moment; `nil` before the first and when retention has removed it.
    func version(of id: DocumentID, asOf: Timestamp) async throws(StoreError) -> StoredVersion?

    /// How many documents of each dataset are live, stale, missing and gone at a moment.
    func census(at now: Timestamp) async throws(StoreError) -> [DatasetID: DatasetCensus]

    /// Removes superseded versions that ended before `before`, at most `limit`; the current version always stays.
    ///
    /// - Returns: How many were removed.
    func removeVersions(of dataset: DatasetID, endedBefore before: Timestamp, limit: Int) async throws(StoreError)
        -> Int

    /// Keys whose refresh is due: live or gone, `checked_at` before `checkedBefore`, without an unfinished job, oldest first.
    ///
    /// Keys with a dead letter come after all others, those that died first before later ones: a dead letter may still be
    /// resting, and however many rest, they cannot keep the others from being found within `limit`.
    ///
    /// `readSince`: only keys that a client read at or after this moment; `nil` means every key.
    func dueKeys(
        of dataset: DatasetID, checkedBefore: Timestamp, readSince: Timestamp?, limit: Int
    ) async throws(StoreError) -> [DueKey]

    /// Writes the event of each live document that went stale and was not told of since upstream last confirmed it.
    ///
    /// Events and the note that they were told are one transaction: each document is told of once, whoever asks.
    /// - Parameters:
    ///   - now: Documents whose ``DocumentState/freshUntil`` is not after it are stale.
    ///   - limit: At most so many, those first that went stale first.
    ///   - event: What to write about a document; `nil` counts it as told of and writes nothing.
    /// - Returns: The events in the order of the log; none when there is nothing to tell now.
    /// - Throws: ``StoreError``; nothing was written then.
    func tellStale(
        at now: Timestamp, limit: Int, event: @escaping @Sendable (DocumentID, DocumentState) -> NewEvent?
    ) async throws(StoreError) -> [Event]

    /// Adds reads to documents and moves their last read; unknown documents are ignored.
    func recordReads(_ reads: [(id: DocumentID, count: Int, last: Timestamp)]) async throws(StoreError)
}

/// The durable refresh queue.
///
/// Times given as `now` are the caller's; the store has no clock of its own.
public protocol JobStore: Sendable {
    /// Adds jobs. A document with an unfinished job gets no second one: the job's priority and heat can only rise, its
    /// tries are kept; a waiting job becomes ready at once only when the wish has no `notBefore` and `cause` is `operator`
    /// or `cli` (a person asked). A dead job of the document is removed and a new one made for those causes, and for
    /// others when it died before `replacesDeadBefore`; otherwise the dead job is returned untouched.
    func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult]

    /// Leases ready jobs: by priority, then heat (hottest first), then age; waiting jobs whose time has come are ready.
    func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob]

    /// Ends leased jobs outside a commit. Jobs whose fence is old are left alone and reported as `false`.
    func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool]

    /// Ends jobs, adds wishes and leases the next jobs, in this order: what a worker does between two jobs.
    ///
    /// One transaction or one round trip where the store can, and then all of it takes effect or nothing; otherwise three calls,
    /// of which the earlier ones stand when a later one throws.
    /// - Parameters:
    ///   - ends: Leased jobs and how they end, as for ``end(_:now:)``.
    ///   - wishes: As for ``enqueue(_:now:)``.
    ///   - request: Which jobs may be leased; `nil` leases none.
    ///   - now: The caller's time.
    /// - Returns: What came of each.
    /// - Throws: ``StoreError``.
    func cycle(
        ends: [(lease: LeasedJob, end: JobEnd)], wishes: [EnqueueRequest], lease request: LeaseRequest?, now: Timestamp
    ) async throws(StoreError) -> JobCycle

    /// Prolongs leases; `false` for those that are lost.
    func heartbeat(_ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp) async throws(StoreError) -> [Bool]

    /// Makes jobs ready again whose lease has run out; with `all`, every leased job (after a restart of the only process).
    func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int

    /// Makes waiting jobs of a source (or of all) ready at `now` at the latest: quota or maintenance is over.
    func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int

    /// When the next waiting job of these datasets falls due; `nil` when there is none.
    func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp?

    /// A job by id, finished ones included while they are kept.
    func job(_ id: Int64) async throws(StoreError) -> RefreshJob?

    /// The unfinished or dead job of a document.
    func job(for id: DocumentID) async throws(StoreError) -> RefreshJob?

    /// How many ready jobs of the same source would be leased before this one.
    func position(of jobID: Int64) async throws(StoreError) -> Int?

    /// Jobs in a state, in lease order (dead and done: newest first).
    func jobs(in state: RefreshJob.State, source: String?, limit: Int) async throws(StoreError) -> [RefreshJob]

    /// How many jobs stand where; `source` nil counts all.
    func depth(source: String?) async throws(StoreError) -> QueueDepth

    /// Makes dead jobs ready with their tries reset; `ids` nil means all.
    func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int

    /// Removes unfinished or dead jobs that nobody holds; `ids` nil means all dead ones.
    func drop(ids: [Int64]?) async throws(StoreError) -> Int

    /// Merges the jobs of a backup, all or nothing.
    ///
    /// A document without an unfinished or dead job gets its job back as it was: priority, cause, times, tries, heat and last error;
    /// one that was leased is ready. Where there is such a job already it stays as it is, but a job of the backup that is not
    /// dead raises priority and heat of one that is not dead. Finished jobs of the backup are left out.
    /// - Parameters:
    ///   - jobs: At most one of a document; their ids mean nothing.
    ///   - now: What is due by then is ready.
    /// - Returns: How many were added, raised and kept.
    /// - Throws: ``StoreError`` when nothing was written.
    func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore

    /// Forgets finished jobs older than `before`.
    func forgetDone(before: Timestamp) async throws(StoreError) -> Int
}

extension JobStore {
    /// Three calls, one after another.
    public func cycle(
        ends: [(lease: LeasedJob, end: JobEnd)], wishes: [EnqueueRequest], lease request: LeaseRequest?, now: Timestamp
    ) async throws(StoreError) -> JobCycle {
        var cycle = JobCycle()
        cycle.ends = try await end(ends, now: now)
        cycle.wishes = try await enqueue(wishes, now: now)
        if let request { cycle.leases = try await lease(request, now: now) }
        return cycle
    }
}

/// The ordered event log.
public protocol EventStore: Sendable {
    /// Names this log; a new one begins when the log does (restored or new store).
    func eventEpoch() async throws(StoreError) -> String

    /// Writes events that belong to no refresh.
    func append(_ events: [NewEvent], now: Timestamp) async throws(StoreError) -> [Event]

    /// Events after an offset, in order, at most `limit`; `oldest` is the first offset still kept (nil when empty).
    func events(after offset: Int64, limit: Int) async throws(StoreError) -> (events: [Event], oldest: Int64?)

    /// Removes events written before `before`, at most `limit`.
    func removeEvents(before: Timestamp, limit: Int) async throws(StoreError) -> Int
}

/// Small named values: budget snapshots, schedule marks, probe times.
public protocol StateStore: Sendable {
    /// The value under a name.
    func value(_ name: String) async throws(StoreError) -> [UInt8]?
    /// Sets or (with `nil`) removes a value.
    func setValue(_ value: [UInt8]?, for name: String) async throws(StoreError)
    /// Sets or removes a value if it is still what the caller has seen (`nil`: none); `false`, and nothing written, when not.
    func swapValue(_ seen: [UInt8]?, with value: [UInt8]?, for name: String) async throws(StoreError) -> Bool
    /// Values whose names begin with `prefix`, in ascending order of the names (binary), after `after`, at most `limit`.
    func values(
        prefix: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, value: [UInt8])]
}

/// Access tokens, kept as hashes.
public protocol TokenStore: Sendable {
    /// Adds a token.
    func addToken(_ token: TokenRecord) async throws(StoreError)
    /// Every token, oldest first, revoked ones included.
    func tokens() async throws(StoreError) -> [TokenRecord]
    /// Revokes a token by its id; `false` when there is none or it was revoked before.
    func revokeToken(id: String, now: Timestamp) async throws(StoreError) -> Bool
}
