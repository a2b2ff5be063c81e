public import FreshetCore
import Logging

extension Engine {
    /// Makes what declarations ask for besides rows (indexes, checks, views) and learns which tables take no rows.
    ///
    /// Call it once, before serving; a store without tables has nothing to prepare.
    /// - Throws: ``StoreError`` when the store cannot be read.
    public func prepareTables() async throws(StoreError) {
        guard let tables = store as? any TableStore else { return }
        let stops = try await tables.prepare(
            configuration.datasets, views: configuration.views, now: context.clock.now())
        for stop in stops { context.logger.error("\(stop.message)", metadata: ["table": "\(stop.table)"]) }
        var known = try await tables.tableStops()
        known.merge(context.tables.problems) { $1 }
        context.desk.begin(stops: known)
    }
}

extension EngineContext {
    /// The rows of a document; `nil` when its dataset has no tables or they cannot be made, which is told.
    func rows(for change: DocumentChange, disposition: WriteDisposition? = nil) async -> TableCommit? {
        do {
            return try await tables.rows(for: change, disposition: disposition)
        } catch {
            appFailed(error, while: "making the rows of", change.id)
            return nil
        }
    }

    /// What an app tells of a change.
    func appEvents(for change: DocumentChange) -> [NewEvent] {
        do {
            return try appsByDataset[change.id.dataset]?.events(for: change) ?? []
        } catch {
            appFailed(error, while: "telling of", change.id)
            return []
        }
    }

    /// The document is stored all the same: it is good, and a replay makes up for its rows.
    private func appFailed(_ error: any Error, while doing: String, _ id: DocumentID) {
        metrics.increment("freshet_app_errors_total")
        logger.error(
            "\(doing) \(id) failed: \(error); the document is stored, its rows stay as they were",
            metadata: ["source": "\(id.dataset.source)", "dataset": "\(id.dataset.name)", "key": "\(id.key)"])
    }

    /// Counts what became of rows, remembers their quality, and tells a stop once.
    ///
    /// - Parameters:
    ///   - commit: The rows.
    ///   - outcome: What the store made of them; `nil` when the content did not count.
    ///   - id: Their document.
    ///   - staleSince: When the document's earlier content went stale; the lag counts from here.
    func reportRows(_ commit: TableCommit, _ outcome: TableOutcome?, of id: DocumentID, staleSince: Timestamp?) {
        guard let outcome else { return }
        let labels: [MetricsRegistry.Label] = [("source", id.dataset.source), ("dataset", id.dataset.name)]
        for effect in outcome.tables {
            let counts = [
                ("inserted", effect.inserted), ("updated", effect.updated), ("unchanged", effect.unchanged),
                ("deleted", effect.deleted), ("rejected", effect.rejected), ("guarded", effect.guarded),
            ]
            for (name, count) in counts where count > 0 {
                metrics.increment("freshet_rows_written_total", labels + [("outcome", name)], by: Double(count))
            }
            if !effect.changes.isEmpty {
                metrics.increment("freshet_schema_changes_total", labels, by: Double(effect.changes.count))
            }
        }
        let lag = staleSince.map { max(.zero, clock.now() - $0) }
        let quality = TableQuality.judge(commit, outcome: outcome, lag: lag)
        let metadata: Logger.Metadata = [
            "source": "\(id.dataset.source)", "dataset": "\(id.dataset.name)", "key": "\(id.key)",
        ]
        let cells = quality.reduce(0) { $0 + $1.rows * $1.columns.count }
        let nulls = quality.reduce(0) { $0 + $1.nullShare * Double($1.rows * $1.columns.count) }
        metrics.set("freshet_rows_last", labels, to: Double(quality.reduce(0) { $0 + $1.rows }))
        metrics.set("freshet_rows_null_ratio", labels, to: cells == 0 ? 0 : nulls / Double(cells))
        if let lag { metrics.set("freshet_rows_lag_seconds", labels, to: lag.inSeconds) }
        metrics.set("freshet_tables_stopped", labels, to: outcome.stop == nil ? 0 : 1)
        if let news = desk.note(id.dataset, stop: outcome.stop, quality: quality) {
            logger.error("the tables of \(id.dataset) take no rows: \(news.message)", metadata: metadata)
        }
        for table in commit.absent {
            logger.warning(
                "\(id) does not hold what the rows of \(table) lie in; they stay as they are", metadata: metadata)
        }
        for effect in outcome.tables { warn(effect, of: id, metadata) }
    }

    private func warn(_ effect: TableEffect, of id: DocumentID, _ metadata: Logger.Metadata) {
        if effect.guarded > 0 {
            let message =
                "\(effect.guarded) rows of \(id) in \(effect.table) are missing from this fetch and were not marked deleted: "
                + "more than max_deletes; when that is right, run freshet replay \(id.dataset) \(id.key) --accept-deletes"
            logger.warning("\(message)", metadata: metadata)
        }
        if effect.rejected > 0 {
            let message =
                "\(effect.rejected) rows of \(id) were rejected by \(effect.table); freshet rejects \(effect.table) shows why"
            logger.warning("\(message)", metadata: metadata.merging(["rows": "\(effect.rows)"]) { $1 })
        }
    }
}

extension SourceConfig {
    /// The source as a dataset sees it.
    func adjusted(for dataset: DatasetConfig) -> SourceConfig {
        guard dataset.timeout != nil || dataset.retry != nil else { return self }
        var source = self
        source.timeout = dataset.timeout ?? timeout
        source.retry = dataset.retry ?? retry
        return source
    }
}

extension DatasetConfig {
    /// Why a document is not asked for at all; `nil` when some key may.
    func refusal(of key: String) -> CallFailure? {
        guard keyIDs(forKey: key) == [] else { return nil }
        return CallFailure(
            effect: .permanent, kind: "no-key",
            message:
                "None of the keys may ask for \(id)/\(key), so no call is made. Declare the key whose owner it belongs to."
        )
    }
}
