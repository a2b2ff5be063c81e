public import FreshetCore
import FreshetDocument

/// How far an immediate fetch goes, and what it does differently this once.
public struct FetchWish: Sendable, Hashable {
    /// The parts of a refresh, in order; each includes the ones before.
    public enum Step: String, Sendable, CaseIterable, Comparable {
        /// Ask upstream and guard the answer.
        case fetch
        /// Make rows of it.
        case transform
        /// Fit the rows to their tables, and say what storing them would do.
        case validate
        /// Keep document and rows.
        case store

        /// Orders as they happen.
        public static func < (a: Step, b: Step) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// The last step.
    public var step = Step.store
    /// Does everything but keep it.
    public var isDryRun = false
    /// Overrides the disposition of every table.
    public var disposition: WriteDisposition?
    /// Overrides how long a call may take.
    public var timeout: Duration?
    /// Overrides the most pages of a paginated document.
    public var maxPages: Int?
    /// Overrides the largest document.
    public var maxBody: Int?

    /// Creates a wish for the whole refresh.
    public init() {}

    /// Whether something is kept at the end.
    public var stores: Bool { step == .store && !isDryRun }
}

/// What an immediate fetch brought.
public struct FetchReport: Sendable {
    /// `content`, `not-modified`, `not-found`, `failed`, `denied`.
    public var outcome: String
    /// The exact bytes, when there are any.
    public var body: [UInt8] = []
    /// Why there are none.
    public var failure: FailureNote?
    /// The state after storing; `nil` when nothing was stored.
    public var state: DocumentState?
    /// Calls sent upstream.
    public var calls = 0
    /// From the first wait to the last byte.
    public var took = Duration.zero
    /// The rows, when the step was ``FetchWish/Step/transform`` or later and the dataset has tables.
    public var rows: TableCommit?
    /// What storing the rows did, or would do.
    public var tables: TableOutcome?
    /// What the rows are like.
    public var quality: [TableQuality] = []

    /// Creates a report.
    public init(outcome: String) { self.outcome = outcome }
}

extension Engine {
    /// Fetches a document now, under the budget but beside the queue, and waits for it.
    ///
    /// - Returns: `nil` when the source or dataset is not declared.
    public func fetchNow(_ id: DocumentID, wish: FetchWish) async throws(StoreError) -> FetchReport? {
        guard let governor = governors[id.dataset.source], var dataset = configuration.dataset(id.dataset) else {
            return nil
        }
        dataset.timeout = wish.timeout ?? dataset.timeout
        dataset.maxBody = wish.maxBody ?? dataset.maxBody
        if let pages = wish.maxPages { dataset.pagination?.maxPages = pages }
        let permits = JobPermits(
            governor: governor, dataset: id.dataset, priority: .critical, aged: false, document: id)
        let began = context.clock.monotonic()
        // No conditions: the person who asks wants to see the document.
        let request = FetchRequest(source: governor.source.adjusted(for: dataset), dataset: dataset, key: id.key)
        let result =
            if let refusal = dataset.refusal(of: id.key) { FetchResult.failed(refusal) } else {
                await context.upstream.fetch(request, permits: permits)
            }
        var report = report(on: result)
        report.took = context.clock.monotonic() - began
        report.calls = permits.callCount
        var change: DocumentChange?
        if wish.step >= .transform, case .content(let content) = result {
            let kept = try await store.document(id).flatMap { $0.state.version > 0 ? $0 : nil }
            let found = DocumentChange(
                id: id, before: kept?.body, beforeAt: kept?.state.lastUpdated, after: content.body,
                at: context.clock.now())
            report.rows = await context.rows(for: found, disposition: wish.disposition)
            change = found
        }
        if wish.stores {
            try await keep(result, id: id, dataset: dataset, change: change, report: &report)
        } else if wish.step >= .validate, let rows = report.rows, let tables = store as? any TableStore {
            report.tables = try await tables.preview(rows, for: id)
        }
        if let rows = report.rows { report.quality = TableQuality.judge(rows, outcome: report.tables, lag: nil) }
        return report
    }

    private func keep(
        _ result: FetchResult, id: DocumentID, dataset: DatasetConfig, change: DocumentChange?,
        report: inout FetchReport
    ) async throws(StoreError) {
        guard let outcome = outcome(of: result, dataset: dataset) else { return }
        let isFirst = change.map { $0.before == nil } ?? false
        let updated = await RefreshEvents.updated(
            id, from: change?.before, isFirst: isFirst, outcome: outcome, dataset: dataset, logger: context.logger)
        let told = RefreshEvents.marked(change.map(context.appEvents) ?? [], isFirst: isFirst)
        var commit = RefreshCommit(
            id: id, outcome: outcome, at: change?.at ?? context.clock.now(), keepsHistory: dataset.historyKeep != nil,
            eventsOnChange: [updated] + told, tables: report.rows)
        commit.keepsPrevious = dataset.tables != nil
        let written = try await store.commit(commit)
        context.noteEnded(
            id, outcome: outcome, before: StoredDocument(id: id, state: DocumentState(), body: []), result: written)
        report.state = written.state
        report.tables = written.tables
        if let rows = report.rows { context.reportRows(rows, written.tables, of: id, staleSince: nil) }
        if case .content(let content) = outcome, written.effect != .stateOnly {
            catalog.publish(StoredDocument(id: id, state: written.state, body: content.body))
        } else {
            catalog.confirm(id, state: written.state)
        }
        if !written.events.isEmpty { context.bell.ring() }
        context.ring(.documents)
        context.waiters.attemptEnded(id)
    }

    private func report(on result: FetchResult) -> FetchReport {
        var report: FetchReport
        switch result {
        case .content(let content):
            report = FetchReport(outcome: "content")
            report.body = content.body
        case .notModified: report = FetchReport(outcome: "not-modified")
        case .notFound(let failure):
            report = FetchReport(outcome: "not-found")
            report.failure = note(failure)
        case .failed(let failure):
            report = FetchReport(outcome: "failed")
            report.failure = note(failure)
        case .denied(let denial):
            report = FetchReport(outcome: "denied")
            report.failure = FailureNote(kind: denial.kind, message: denial.message, at: context.clock.now())
        }
        return report
    }

    private func note(_ failure: CallFailure) -> FailureNote {
        FailureNote(kind: failure.kind, message: failure.message, at: context.clock.now(), status: failure.status)
    }

    private func outcome(of result: FetchResult, dataset: DatasetConfig) -> RefreshOutcome? {
        switch result {
        case .content(let content): .content(content)
        case .notModified(let validators, let freshFor): .notModified(validators: validators, freshFor: freshFor)
        case .notFound(let failure):
            .notFound(rememberFor: dataset.notFoundFor, goneAfter: dataset.goneAfter, note: note(failure))
        case .failed(let failure): .failed(note(failure))
        case .denied: nil
        }
    }
}
