public import FreshetCore

extension Engine {
    /// Why a document is as it is: last attempt, error, breaker, key budget, queue position, next run.
    public func why(_ id: DocumentID) async throws(StoreError) -> WhyReport {
        let state = try await store.document(id)?.state
        let job = try await store.job(for: id)
        let governor = governors[id.dataset.source]
        let priority = job?.priority ?? configuration.dataset(id.dataset)?.priority ?? .high
        // A reservation is made in passing when a call is wanted: nothing that anyone waits for.
        let block = governor?.block(dataset: id.dataset, priority: priority).flatMap {
            $0.block == .reservation ? nil : $0
        }
        var report = WhyReport(id: id, verdict: "", cause: "")
        (report.state, report.job) = (state, job)
        report.source = governor.map(sourceStatus)
        report.budgetBlock = block.map { "\($0.block)" }
        if let job, job.state == .ready { report.queuePosition = try await store.position(of: job.id) }
        report.plan = try await explainPlan(id)
        report.nextRun = nextRun(id, state: state, job: job, block: block)
        if job == nil || job?.state == .dead {
            if let due = report.plan?.due { report.nextRun = due }
            // What is overdue is next in turn.
            report.nextRun = configuration.queue.autoRefresh ? report.nextRun.map { max($0, context.clock.now()) } : nil
        }
        let facts = WhyFacts(
            state: state, job: job, position: report.queuePosition, block: block.map { $0.block },
            blockEnds: block.map { shown($0.until) }, nextRun: report.nextRun, now: context.clock.now(),
            isAutomatic: configuration.queue.autoRefresh)
        (report.cause, report.verdict) = facts.verdict
        return report
    }

    private func nextRun(
        _ id: DocumentID, state: DocumentState?, job: RefreshJob?, block: (until: Duration, block: BudgetBlock)?
    ) -> Timestamp? {
        switch job?.state {
        case .ready: return block.map { shown($0.until) } ?? context.clock.now()
        case .waiting:
            let due = job.map { shown(context.steady.monotonic(of: $0.notBefore)) }
            return [due, block.map { shown($0.until) }].compactMap { $0 }.max()
        case .leased: return context.clock.now()
        case .dead, .done, nil: return state.flatMap { nextRefresh(id, state: $0) }
        }
    }
}

/// Names the one cause that an operator needs; pure.
struct WhyFacts {
    var state: DocumentState?
    var job: RefreshJob?
    var position: Int?
    var block: BudgetBlock?
    var blockEnds: Timestamp?
    var nextRun: Timestamp?
    var now: Timestamp
    /// Whether reads and schedules enqueue refreshes.
    var isAutomatic = true

    var verdict: (cause: String, text: String) {
        if let job, job.state == .leased { return ("running", "a refresh is under way (try \(job.attempts))") }
        if let job, job.state == .ready || job.state == .waiting { return pending(job) }
        if let job, job.state == .dead {
            let why = job.lastError.map { "\($0.kind): \($0.message)" } ?? "no reason was kept"
            return (
                "dead-letter",
                "its refresh was given up on after \(job.attempts) tries (\(why)); run it again with `freshet queue retry \(job.id)`"
            )
        }
        guard let state else {
            return ("never-asked", "nobody has asked for it yet; read it, or run `freshet refresh`")
        }
        return idle(state)
    }

    private var next: String { nextRun.map { "; next run \($0.rfc3339)" } ?? "" }

    private func pending(_ job: RefreshJob) -> (String, String) {
        if let block, counts(block, for: job) {
            return (BlockWords.kind(block), "its refresh waits: \(block)\(next)")
        }
        if job.state == .ready {
            let place = position.map { $0 == 0 ? "first in the queue" : "behind \($0) others" } ?? "in the queue"
            // When a job behind others runs cannot be said.
            let when = (position ?? 0) == 0 ? next : ""
            return ("queued", "its refresh waits in the queue at priority \(job.priority.name), \(place)\(when)")
        }
        if let error = job.lastError {
            return (
                error.kind, "its refresh waits after \(job.attempts) tries (\(error.kind): \(error.message))\(next)"
            )
        }
        return ("not-due", "its refresh is planned\(next)")
    }

    /// Whether a job waits for what blocks its source: pacing and full windows that end within moments are passed over when they
    /// are not what keeps this job.
    private func counts(_ block: BudgetBlock, for job: RefreshJob) -> Bool {
        let endsSoon = blockEnds.map { $0 - now < .seconds(5) }
        switch block {
        case .concurrency, .reservation: return false
        case .pacing: return job.state == .ready && endsSoon == false
        case .windowFull, .reserved, .learnedQuota: return (position ?? 0) == 0 || endsSoon != true
        case .allKeysParked, .allKeysDisabled, .breakerOpen, .maintenance, .stopped: return true
        }
    }

    private func idle(_ state: DocumentState) -> (String, String) {
        switch state.presence {
        case .missing:
            return ("upstream-404", "upstream says that it does not exist (404); remembered\(until(state))")
        case .gone:
            return (
                "gone", "upstream has answered 404 \(state.consecutiveNotFound) times; its history is kept"
            )
        case .unknown:
            let why = state.failure.map { "\($0.kind): \($0.message)" } ?? "no attempt has ended yet"
            return ("failed", "it was never fetched with success (\(why))\(next)")
        case .live:
            if state.consecutiveNotFound > 0 {
                return (
                    "upstream-404",
                    "upstream answered 404 the last \(state.consecutiveNotFound) time(s); the last good copy is served\(next)"
                )
            }
            if let failure = state.failure {
                return (
                    failure.kind, "the last attempt failed (\(failure.message)); the last good copy is served\(next)"
                )
            }
            if state.isStale(at: now) {
                guard isAutomatic else {
                    return (
                        "auto-refresh-off",
                        "it is stale\(until(state, ", since")), and automatic refreshes are off (`queue: { auto_refresh: false }` or "
                            + "DISABLE_AUTO_REFRESH_QUEUE); `freshet refresh` still runs"
                    )
                }
                return (
                    "not-asked-since",
                    "it is stale\(until(state, ", it expired at")), and nobody has read it since\(next)"
                )
            }
            return ("fresh", "it is fresh\(until(state))\(next)")
        }
    }

    private func until(_ state: DocumentState, _ word: String = " until") -> String {
        state.freshUntil.map { "\(word) \($0.rfc3339)" } ?? ""
    }
}
