public import FreshetCore

// What the store does by itself.
extension CoordinatedStore {
    /// The state and current body of a document; `nil` when it was never asked for.
    public func document(_ id: DocumentID) async throws(StoreError) -> StoredDocument? {
        try await base.document(id)
    }

    /// The keys of a dataset in ascending order (binary), after `after`, at most `limit` (1...1000).
    public func keys(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeySummary] {
        try await base.keys(of: dataset, after: after, limit: limit)
    }

    /// Versions of a document, newest first: with `changed_at` in `since..<until`, at most `limit`.
    public func versions(of id: DocumentID, since: Timestamp?, until: Timestamp?, limit: Int) async throws(StoreError)
        -> [StoredVersion]
    {
        try await base.versions(of: id, since: since, until: until, limit: limit)
    }

    /// The version that stood at a moment; `nil` before the first and when retention has removed it.
    public func version(of id: DocumentID, asOf: Timestamp) async throws(StoreError) -> StoredVersion? {
        try await base.version(of: id, asOf: asOf)
    }

    /// How many documents of each dataset are live, stale, missing and gone at a moment.
    public func census(at now: Timestamp) async throws(StoreError) -> [DatasetID: DatasetCensus] {
        try await base.census(at: now)
    }

    /// Removes superseded versions that ended before `before`, at most `limit`; the current version always stays.
    public func removeVersions(of dataset: DatasetID, endedBefore before: Timestamp, limit: Int)
        async throws(StoreError) -> Int
    {
        try await base.removeVersions(of: dataset, endedBefore: before, limit: limit)
    }

    /// Keys whose refresh is due: live or gone, `checked_at` before `checkedBefore`, without an unfinished job, oldest first.
    public func dueKeys(of dataset: DatasetID, checkedBefore: Timestamp, readSince: Timestamp?, limit: Int)
        async throws(StoreError) -> [DueKey]
    {
        try await base.dueKeys(of: dataset, checkedBefore: checkedBefore, readSince: readSince, limit: limit)
    }

    /// Adds reads to documents and moves their last read; unknown documents are ignored.
    public func recordReads(_ reads: [(id: DocumentID, count: Int, last: Timestamp)]) async throws(StoreError) {
        try await base.recordReads(reads)
    }

    /// Writes the event of each live document that went stale and was not told of.
    public func tellStale(
        at now: Timestamp, limit: Int, event: @escaping @Sendable (DocumentID, DocumentState) -> NewEvent?
    ) async throws(StoreError) -> [Event] {
        try await base.tellStale(at: now, limit: limit, event: event)
    }

    /// Names this log; a new one begins when the log does (restored or new store).
    public func eventEpoch() async throws(StoreError) -> String {
        try await base.eventEpoch()
    }

    /// Writes events that belong to no refresh.
    public func append(_ events: [NewEvent], now: Timestamp) async throws(StoreError) -> [Event] {
        try await base.append(events, now: now)
    }

    /// Events after an offset, in order, at most `limit`; `oldest` is the first offset still kept (nil when empty).
    public func events(after offset: Int64, limit: Int) async throws(StoreError) -> (events: [Event], oldest: Int64?) {
        try await base.events(after: offset, limit: limit)
    }

    /// Removes events written before `before`, at most `limit`.
    public func removeEvents(before: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await base.removeEvents(before: before, limit: limit)
    }

    /// The value under a name.
    public func value(_ name: String) async throws(StoreError) -> [UInt8]? {
        try await base.value(name)
    }

    /// The value under a name.
    public func setValue(_ value: [UInt8]?, for name: String) async throws(StoreError) {
        try await base.setValue(value, for: name)
    }

    /// The value under a name.
    public func swapValue(_ seen: [UInt8]?, with value: [UInt8]?, for name: String) async throws(StoreError) -> Bool {
        try await base.swapValue(seen, with: value, for: name)
    }

    /// The value under a name.
    public func values(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [(
        name: String, value: [UInt8]
    )] {
        try await base.values(prefix: prefix, after: after, limit: limit)
    }

    /// Adds a token.
    public func addToken(_ token: TokenRecord) async throws(StoreError) {
        try await base.addToken(token)
    }

    /// Adds a token.
    public func tokens() async throws(StoreError) -> [TokenRecord] {
        try await base.tokens()
    }

    /// Adds a token.
    public func revokeToken(id: String, now: Timestamp) async throws(StoreError) -> Bool {
        try await base.revokeToken(id: id, now: now)
    }

    /// Writes plans; an earlier plan of the same document is replaced.
    public func setPlans(_ plans: [KeyPlan]) async throws(StoreError) {
        try await base.setPlans(plans)
    }

    /// The plans of documents, in the order asked for; `nil` for those that have none.
    public func plans(of ids: [DocumentID]) async throws(StoreError) -> [KeyPlan?] {
        try await base.plans(of: ids)
    }

    /// Plans of a dataset that are due by `now`, at most `limit` (at least 1), whose documents have no unfinished job.
    public func duePlans(of dataset: DatasetID, by now: Timestamp, limit: Int) async throws(StoreError) -> [KeyPlan] {
        try await base.duePlans(of: dataset, by: now, limit: limit)
    }

    /// When the next plan of a dataset falls due after `now`; `nil` when none does.
    public func nextPlan(of dataset: DatasetID, after now: Timestamp) async throws(StoreError) -> Timestamp? {
        try await base.nextPlan(of: dataset, after: now)
    }

    /// Every plan of a dataset in ascending order of keys (binary), after `after`, at most `limit`.
    public func allPlans(of dataset: DatasetID, after: String?, limit: Int) async throws(StoreError) -> [KeyPlan] {
        try await base.allPlans(of: dataset, after: after, limit: limit)
    }

    /// Takes a duty, or prolongs it; whose it is until when is decided by the store's own clock.
    public func hold(_ duty: String, holder: String, for span: Duration) async throws(StoreError) -> DutyHold {
        try await base.hold(duty, holder: holder, for: span)
    }

    /// Gives up a duty, if this process holds it.
    public func release(_ duty: String, holder: String) async throws(StoreError) {
        try await base.release(duty, holder: holder)
    }

    /// Documents whose state was written since a mark, in no particular order; some may come twice, none is left out.
    public func changes(since mark: ChangeMark?, limit: Int) async throws(StoreError) -> ChangePage {
        try await base.changes(since: mark, limit: limit)
    }

    /// Notes leases that were given elsewhere, so that nobody leases those jobs here: the queue in front of this store is gone.
    public func claim(_ leases: [LeasedJob], leaseFor span: Duration, now: Timestamp) async throws(StoreError) -> [Bool]
    {
        try await base.claim(leases, leaseFor: span, now: now)
    }

    /// Unfinished jobs (ready, waiting, leased) in ascending order of their ids, after `id`, at most `limit`.
    public func unfinishedJobs(after id: Int64, limit: Int) async throws(StoreError) -> [RefreshJob] {
        try await base.unfinishedJobs(after: id, limit: limit)
    }
}

extension CoordinatedStore: TableStore where Base: TableStore {
    /// The tables there are, in ascending order of their names.
    public func tables() async throws(StoreError) -> [TableSummary] {
        try await base.tables()
    }

    /// The versions of a table's schema, newest first; empty when there is no such table.
    public func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion] {
        try await base.schemaVersions(of: table)
    }

    /// Rows of one table in a stated order, a page at a time.
    public func rows(_ query: TableQuery) async throws(StoreError) -> TablePage {
        try await base.rows(query)
    }

    /// Runs one read-only SQL statement over the tables and nothing else.
    public func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult {
        try await base.query(sql, limits: limits)
    }

    /// Rejected rows of a table (or of all), newest first.
    public func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow] {
        try await base.rejects(of: table, limit: limit)
    }

    /// What would become of these rows now; nothing is written.
    public func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome {
        try await base.preview(commit, for: id)
    }

    /// Writes the rows of a stored document again, as a replay does.
    public func apply(_ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp) async throws(StoreError)
        -> TableOutcome
    {
        try await base.apply(commit, for: id, version: version, now: now)
    }

    /// Goes back to an earlier version of a table's schema; a new version records it.
    public func rollback(_ table: String, to version: Int, discards: Bool, now: Timestamp) async throws(StoreError)
        -> TableSchema
    {
        try await base.rollback(table, to: version, discards: discards, now: now)
    }

    /// Removes every table of a dataset, so that a replay can build them anew in a changed form.
    public func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError) {
        try await base.dropTables(of: dataset, now: now)
    }

    /// Creates and verifies what declarations ask for besides rows: tables with all their columns known, indexes, views.
    public func prepare(_ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp) async throws(StoreError)
        -> [TableStop]
    {
        try await base.prepare(datasets, views: views, now: now)
    }

    /// Why the tables of datasets take no rows.
    public func tableStops() async throws(StoreError) -> [DatasetID: TableStop] {
        try await base.tableStops()
    }
}

extension CoordinatedStore: OutboxStore where Base: OutboxStore {
    /// The oldest entries of a warehouse, in order, at most `limit`.
    public func outbox(of destination: String, limit: Int) async throws(StoreError) -> [OutboxEntry] {
        try await base.outbox(of: destination, limit: limit)
    }

    /// Removes entries that the warehouse has confirmed.
    public func confirmOutbox(_ ids: [Int64]) async throws(StoreError) {
        try await base.confirmOutbox(ids)
    }

    /// Entries waiting and the oldest one's time, by warehouse.
    public func outboxDepth() async throws(StoreError) -> [String: (count: Int, oldest: Timestamp)] {
        try await base.outboxDepth()
    }
}
