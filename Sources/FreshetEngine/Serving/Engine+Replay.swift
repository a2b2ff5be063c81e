public import FreshetCore

/// Which stored documents become rows again.
public struct ReplayWish: Sendable, Hashable {
    /// The dataset.
    public var dataset: DatasetID
    /// Only these keys; every key when empty.
    public var keys: [String] = []
    /// Only documents whose content changed at or after this moment.
    public var since: Timestamp?
    /// Goes back to this version of the (one) document instead of its current one.
    public var version: Int?
    /// Shows what would change and writes nothing.
    public var isDryRun = false
    /// Makes the tables anew, in a form that the old ones could not take.
    public var rebuilds = false
    /// Lets a merge mark any number of rows deleted.
    public var acceptsDeletes = false

    /// Creates a wish for a whole dataset.
    public init(dataset: DatasetID) { self.dataset = dataset }
}

/// What a replay did, or would do.
public struct ReplayReport: Sendable {
    /// Documents that were read.
    public var documents = 0
    /// Documents whose body could not be read as JSON any more.
    public var unreadable = 0
    /// By table, summed over the documents.
    public var tables: [TableEffect] = []
    /// Why rows were not taken; the replay ended there.
    public var stop: TableStop?

    /// Creates an empty report.
    public init() {}

    mutating func add(_ outcome: TableOutcome) {
        stop = stop ?? outcome.stop
        for effect in outcome.tables {
            guard let index = tables.firstIndex(where: { $0.table == effect.table }) else {
                tables.append(effect)
                continue
            }
            tables[index].rows += effect.rows
            tables[index].inserted += effect.inserted
            tables[index].updated += effect.updated
            tables[index].unchanged += effect.unchanged
            tables[index].deleted += effect.deleted
            tables[index].rejected += effect.rejected
            tables[index].duplicates += effect.duplicates
            tables[index].discarded += effect.discarded
            tables[index].variants += effect.variants
            tables[index].guarded += effect.guarded
            tables[index].schemaVersion = effect.schemaVersion
            tables[index].changes += effect.changes
        }
    }
}

extension Engine {
    /// Makes the rows of stored documents again, without one upstream call.
    ///
    /// Tables that append get every version that is kept, oldest first; others get the current one.
    ///
    /// - Returns: `nil` when the dataset has no tables or the store keeps none.
    /// - Throws: ``StoreError``; documents before the failing one are done.
    public func replay(_ wish: ReplayWish) async throws(StoreError) -> ReplayReport? {
        guard let dataset = configuration.dataset(wish.dataset), let config = dataset.tables,
            let tables = store as? any TableStore
        else { return nil }
        if wish.rebuilds, !wish.isDryRun { try await tables.dropTables(of: wish.dataset, now: context.clock.now()) }
        let appends = config.specs.contains { $0.disposition == .append }
        var report = ReplayReport()
        var after: String?
        while report.stop == nil {
            let page =
                wish.keys.isEmpty
                ? try await store.keys(of: wish.dataset, after: after, limit: 500).map(\.key) : wish.keys
            for key in page where report.stop == nil {
                let id = DocumentID(dataset: wish.dataset, key: key)
                for version in try await versions(of: id, wish: wish, all: appends) {
                    try await replay(version, of: id, wish: wish, in: tables, report: &report)
                }
            }
            guard wish.keys.isEmpty, let last = page.last else { break }
            after = last
        }
        return report
    }

    private func versions(
        of id: DocumentID, wish: ReplayWish, all: Bool
    ) async throws(StoreError) -> [StoredVersion] {
        let limit = all || wish.version != nil ? 1000 : 1
        let found = try await store.versions(of: id, since: wish.since, until: nil, limit: limit)
        if let wanted = wish.version { return found.filter { $0.version == wanted } }
        return all ? found.reversed() : found.filter { $0.endedAt == nil }
    }

    private func replay(
        _ version: StoredVersion, of id: DocumentID, wish: ReplayWish, in tables: any TableStore,
        report: inout ReplayReport
    ) async throws(StoreError) {
        // What is filler never becomes rows.
        guard version.origin != .fallback else { return }
        report.documents += 1
        let earlier = try await store.versions(of: id, since: nil, until: version.changedAt, limit: 1).first
        let change = DocumentChange(
            id: id, before: earlier?.body, beforeAt: earlier?.changedAt, after: version.body, at: version.changedAt,
            isReplay: true)
        guard var commit = await context.rows(for: change) else {
            report.unreadable += 1
            return
        }
        commit.acceptsDeletes = wish.acceptsDeletes
        let outcome =
            wish.isDryRun
            ? try await tables.preview(commit, for: id)
            : try await tables.apply(commit, for: id, version: version.version, now: context.clock.now())
        if !wish.isDryRun { context.reportRows(commit, outcome, of: id, staleSince: nil) }
        report.add(outcome)
    }
}
