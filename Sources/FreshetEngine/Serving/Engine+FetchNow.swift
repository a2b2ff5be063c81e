public import FreshetCore

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

    /// Creates a report.
    public init(outcome: String) { self.outcome = outcome }
}

extension Engine {
    /// Fetches a document now, under the budget but beside the queue, and waits for it.
    ///
    /// `stores`: whether the result is kept; otherwise only the call was spent.
    /// - Returns: `nil` when the source or dataset is not declared.
    public func fetchNow(_ id: DocumentID, stores: Bool) async throws(StoreError) -> FetchReport? {
        guard let governor = governors[id.dataset.source], let dataset = configuration.dataset(id.dataset) else {
            return nil
        }
        let permits = JobPermits(governor: governor, dataset: id.dataset, priority: .critical, aged: false)
        let began = context.clock.monotonic()
        // No conditions: the person who asks wants to see the document.
        let result = await context.upstream.fetch(
            FetchRequest(source: governor.source, dataset: dataset, key: id.key), permits: permits)
        var report = report(on: result)
        report.took = context.clock.monotonic() - began
        report.calls = permits.callCount
        guard stores, let outcome = outcome(of: result, dataset: dataset) else { return report }
        let commit = RefreshCommit(
            id: id, outcome: outcome, at: context.clock.now(), keepsHistory: dataset.historyKeep != nil,
            eventsOnChange: [RefreshEvents.updated(id, isFirst: false, outcome: outcome)])
        let written = try await store.commit(commit)
        report.state = written.state
        if case .content(let content) = outcome, written.effect != .stateOnly {
            catalog.publish(StoredDocument(id: id, state: written.state, body: content.body))
        } else {
            catalog.confirm(id, state: written.state)
        }
        context.waiters.attemptEnded(id)
        return report
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
