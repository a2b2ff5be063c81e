public import FreshetCore

/// What became of a wish to hold a key while it is shown.
public enum ViewingAnswer: Sendable, Equatable {
    /// It is kept fresh until then.
    case held(until: Timestamp)
    /// The client holds too many keys; it may try again after so many seconds.
    case refused(retryAfter: Int)
    /// The dataset is not refreshed by what is known of its keys.
    case unsupported
}

extension Engine {
    /// Keeps a document fresh while a client shows it: at priority high or better, as often as its class allows.
    ///
    /// - Parameters:
    ///   - id: What is shown; it must have been fetched before.
    ///   - client: Who shows it; one client may hold 50 keys.
    ///   - span: For how long, at most ten minutes; to be renewed.
    /// - Returns: Until when it is held.
    public func view(_ id: DocumentID, client: String, for span: Duration) -> ViewingAnswer {
        guard let desk = context.adaptive, desk.policies[id.dataset] != nil else { return .unsupported }
        let now = context.clock.now()
        switch desk.hold(id, client: client, until: now + span, now: now) {
        case .held(let until): return .held(until: until)
        case .refused(let until): return .refused(retryAfter: max(1, Int((until - now).inSeconds.rounded(.up))))
        }
    }

    /// Says that a client shows a document no more; `false` when it did not hold it.
    public func unview(_ id: DocumentID, client: String) -> Bool {
        context.adaptive?.release(id, client: client, now: context.clock.now()) ?? false
    }

    /// Why a document is refreshed when it is; `nil` when its dataset is not refreshed that way, or it has no plan yet.
    func explainPlan(_ id: DocumentID) async throws(StoreError) -> PlanExplanation? {
        guard let desk = context.adaptive, let policy = desk.policies[id.dataset],
            let plan = try await desk.plans.plans(of: [id]).first ?? nil,
            let memory = KeyMemory(decoding: plan.memory)
        else { return nil }
        var found = policy.policy.explain(
            memory, strategy: policy.config.strategy(of: id.key), now: context.clock.now(),
            price: desk.price(of: id.dataset.source), habits: desk.habits(of: id.dataset))
        // What stands in the store is what happens.
        found.due = plan.shownDue
        return found
    }

    /// Shows when a document that was just loaded is due.
    func showPlan(_ id: DocumentID) async {
        guard let desk = context.adaptive, desk.policies[id.dataset] != nil else { return }
        guard let plan = (try? await desk.plans.plans(of: [id]).first) ?? nil else { return }
        context.catalog.setNextRefresh(id, plan.shownDue)
    }
}

extension EngineContext {
    /// Tells adaptive refreshing how a refresh ended, and the reads that its document had before.
    func noteEnded(_ id: DocumentID, outcome: RefreshOutcome, before: StoredDocument, result: CommitResult) {
        guard let adaptive, adaptive.policies[id.dataset] != nil else { return }
        var ended = AdaptiveDesk.Ended(
            id: id, outcome: .failed, at: result.state.checkedAt ?? clock.now(), before: before.state, body: before.body
        )
        switch outcome {
        case .content(let content) where content.origin != .fallback:
            ended.outcome = result.effect == .newVersion ? .changed : .unchanged
            ended.body = content.body
            ended.isCall = content.origin == .upstream
        case .notModified: ended.outcome = .unchanged
        case .notFound where result.state.presence != .live: ended.outcome = .missing
        case .content, .notFound, .failed: break
        }
        // What they saw is about to be replaced; after a failure it stays, and they are counted in their time.
        if ended.outcome == .changed || ended.outcome == .unchanged { noteReads(of: id) }
        adaptive.ended(ended)
    }

    /// Counts the reads of a document before what they saw is replaced.
    private func noteReads(of id: DocumentID) {
        guard let entry = catalog.entry(id), let reads = catalog.setAsideReads(of: entry) else { return }
        adaptive?.read(id, count: reads.count, last: reads.last, confirmed: entry.served.lastUpdated)
    }

    /// Tells adaptive refreshing of reads that were drained.
    func noteReads(_ reads: [(id: DocumentID, count: Int, last: Timestamp)]) {
        readsLog.write(reads)
        guard let adaptive else { return }
        for read in reads where adaptive.policies[read.id.dataset] != nil {
            let confirmed = catalog.entry(read.id)?.served.lastUpdated
            // Confirmed since: what they saw was counted when it was replaced.
            if let confirmed, confirmed > read.last { continue }
            adaptive.read(read.id, count: read.count, last: read.last, confirmed: confirmed)
        }
        adaptive.readsTold(until: clock.now())
    }

    /// Which stale reads are worth a refresh now: all while calls are not scarce.
    func weighed(_ requests: [EnqueueRequest]) async -> [EnqueueRequest] {
        guard let adaptive else { return requests }
        let scarce = requests.filter {
            adaptive.policies[$0.document.dataset] != nil && adaptive.price(of: $0.document.dataset.source) > 0
        }
        guard !scarce.isEmpty, let plans = try? await adaptive.plans.plans(of: scarce.map(\.document)) else {
            return requests
        }
        var weighed: [DocumentID: EnqueueRequest?] = [:]
        let now = clock.now()
        for (request, plan) in zip(scarce, plans) {
            let id = request.document
            guard let plan, var memory = KeyMemory(decoding: plan.memory), let policy = adaptive.policies[id.dataset],
                policy.config.strategy(of: id.key).kind == .adaptive
            else { continue }
            memory.demand.read(max(1, request.heat), at: now)
            let review = policy.policy.review(
                memory, strategy: policy.config.strategy(of: id.key), now: now,
                price: adaptive.price(of: id.dataset.source),
                habits: adaptive.habits(of: id.dataset))
            switch review {
            case .refresh(let priority, let heat):
                var changed = request
                (changed.priority, changed.heat) = (priority, heat)
                weighed[id] = .some(changed)
            case .later: weighed[id] = .some(nil)
            }
        }
        return requests.compactMap { weighed[$0.document] ?? $0 }
    }
}
