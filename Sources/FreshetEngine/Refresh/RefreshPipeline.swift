import FreshetCore
import Logging
import Synchronization

/// Runs one leased job to its end: fetch, weigh, one store transaction, publish.
struct RefreshPipeline: Sendable {
    let context: EngineContext

    /// Runs a job; every path ends the lease or leaves it to run out, and wakes whoever waits for the document.
    func run(_ lease: LeasedJob, permits: JobPermits) async {
        let id = lease.job.document
        let governor = permits.governor
        let began = context.clock.monotonic()
        guard let dataset = context.configuration.dataset(id.dataset) else {
            let note = FailureNote(
                kind: "undeclared", message: "the dataset \(id.dataset) is not in the configuration any more",
                at: context.clock.now())
            await end(lease, .dead(note))
            return
        }
        let kept = await kept(id)
        let state = kept.state
        let isBehind = context.tables.isBehind(id.dataset, state)
        // A 304 brings no body, and rows are made of bodies.
        let asksForChange =
            state.version > 0 && state.failure?.kind != "unexpected-304" && !isBehind
            && !context.tables.countsFetches(id.dataset)
        let request = FetchRequest(
            source: governor.source.adjusted(for: dataset), dataset: dataset, key: id.key,
            validators: asksForChange ? state.validators : Validators(),
            previousHash: isBehind ? [] : state.contentHash)
        let result =
            if let refusal = dataset.refusal(of: id.key) { FetchResult.failed(refusal) } else {
                await context.upstream.fetch(request, permits: permits)
            }
        if Task.isCancelled, case .failed = result {
            let note = FailureNote(kind: "shutdown", message: "Freshet stopped meanwhile", at: context.clock.now())
            await end(lease, .park(until: context.steady.now(), reason: note))
            return
        }
        let plan = plan(result, lease: lease, dataset: dataset, state: state, governor: governor)
        await write(plan, lease: lease, dataset: dataset, kept: kept)
        report(plan, lease: lease, governor: governor, took: context.clock.monotonic() - began)
        context.waiters.attemptEnded(id)
    }

    private func kept(_ id: DocumentID) async -> StoredDocument {
        // Without the state the fetch just goes without conditions; the store weighs against the truth.
        (try? await context.store.document(id)) ?? StoredDocument(id: id, state: DocumentState(), body: [])
    }

    private func plan(
        _ result: FetchResult, lease: LeasedJob, dataset: DatasetConfig, state: DocumentState,
        governor: SourceGovernor
    ) -> RefreshPlan {
        var deniedUntil: Duration?
        if case .denied(let denial) = result { deniedUntil = denial.until }
        let returns = deniedUntil ?? governor.sourceReturns(dataset: dataset.id, priority: lease.job.priority)
        var random = SystemRandomNumberGenerator()
        return RefreshPlanner.plan(
            result,
            RefreshPlanner.Context(
                dataset: dataset, retry: dataset.retry ?? governor.source.retry,
                keys: max(1, governor.source.auth.keys.count),
                attempts: lease.job.attempts,
                hasContent: state.version > 0, wall: context.clock.now(), now: context.steady.now(),
                sourceReturns: returns.map(context.steady.timestamp(ofMonotonic:))),
            random: &random)
    }

    private func write(
        _ plan: RefreshPlan, lease: LeasedJob, dataset: DatasetConfig, kept: StoredDocument
    ) async {
        let (id, state) = (lease.job.document, kept.state)
        guard let outcome = plan.outcome else {
            await end(lease, plan.end)
            return
        }
        let now = context.clock.now()
        var rows: TableCommit?
        // Where nothing but ignored paths differs, the store writes no event: no need to look for what does.
        var before: [UInt8]?
        if case .content(let content) = outcome, state.version > 0, content.contentHash != state.contentHash {
            before = kept.body
        }
        var eventsOnChange = [
            await RefreshEvents.updated(
                id, from: before, isFirst: state.version == 0, outcome: outcome, dataset: dataset,
                logger: context.logger)
        ]
        // Filler is never taken for data: it becomes no rows, and tells apps nothing.
        if case .content(let content) = outcome, content.origin != .fallback {
            let change = DocumentChange(
                id: id, before: state.version > 0 ? kept.body : nil, beforeAt: state.lastUpdated, after: content.body,
                at: now)
            if context.tables.isNeeded(id.dataset, bodyHash: content.bodyHash, state: state) {
                rows = await context.rows(for: change)
            }
            if content.bodyHash != state.bodyHash {
                eventsOnChange += RefreshEvents.marked(context.appEvents(for: change), isFirst: state.version == 0)
            }
        }
        var commit = RefreshCommit(
            id: id, outcome: outcome, at: now, job: (lease, plan.end), keepsHistory: dataset.historyKeep != nil,
            eventsOnChange: eventsOnChange,
            events: RefreshEvents.ends(id, plan: plan, before: state, goneAfter: dataset.goneAfter), tables: rows)
        // Rows that were replaced can be made again from the document before.
        commit.keepsPrevious = dataset.tables != nil
        do {
            let result = try await context.store.commit(commit)
            context.storeHealth.succeeded()
            context.noteEnded(id, outcome: outcome, before: kept, result: result)
            publish(result, id: id, outcome: outcome)
            if let rows { context.reportRows(rows, result.tables, of: id, staleSince: state.freshUntil) }
        } catch {
            context.storeFailed(error, while: "storing \(id)", metadata: ["job_id": "\(lease.job.id)"])
        }
    }

    private func publish(_ result: CommitResult, id: DocumentID, outcome: RefreshOutcome) {
        if case .content(let content) = outcome, result.effect != .stateOnly {
            context.catalog.publish(StoredDocument(id: id, state: result.state, body: content.body))
        } else {
            context.catalog.confirm(id, state: result.state)
        }
        context.metrics.increment("freshet_events_total", by: Double(result.events.count))
        if !result.events.isEmpty { context.bell.ring() }
        context.ring(.documents)
    }

    private func end(_ lease: LeasedJob, _ end: JobEnd) async {
        do {
            _ = try await context.store.end([(lease, end)], now: context.steady.now())
        } catch {
            context.storeFailed(error, while: "ending job \(lease.job.id)", metadata: [:])
        }
        context.waiters.attemptEnded(lease.job.document)
    }

    private func report(_ plan: RefreshPlan, lease: LeasedJob, governor: SourceGovernor, took: Duration) {
        let id = lease.job.document
        let labels: [MetricsRegistry.Label] = [("source", id.dataset.source), ("dataset", id.dataset.name)]
        context.metrics.increment("freshet_refreshes_total", labels + [("outcome", plan.label)])
        context.metrics.observe("freshet_refresh_seconds", labels, seconds: took.inSeconds)
        context.tally.add(plan, about: id)
        if plan.outcome != nil {
            governor.noteAttempt(on: id.dataset, failure: plan.failure, at: context.clock.now())
        }
        func about() -> Logger.Metadata {
            [
                "source": "\(id.dataset.source)", "dataset": "\(id.dataset.name)", "key": "\(id.key)",
                "job_id": "\(lease.job.id)", "attempt": "\(lease.job.attempts)",
                "priority": "\(lease.job.priority.name)", "duration_ms": "\(took.microseconds / 1000)",
            ]
        }
        guard let failure = plan.failure else {
            context.logger.debug("Refreshed: \(plan.label)", metadata: about())
            return
        }
        var metadata = about()
        metadata["error"] = "\(failure.kind)"
        if let status = failure.status { metadata["http_status"] = "\(status)" }
        // A dead letter needs a person; all else passes or is news already told by its own event.
        let level: Logger.Level = plan.label == "dead" ? .warning : plan.label == "parked" ? .debug : .info
        context.logger.log(level: level, "\(failure.message)", metadata: metadata)
    }
}
