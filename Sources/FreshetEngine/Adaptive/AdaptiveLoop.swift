import FreshetCore
import FreshetDocument

/// Works off what was noted: learns from refreshes, reads and viewers, and writes new plans in batches.
///
/// One loop does all of a process's writing, so that two things learned of a key at once do not undo each other.
struct AdaptiveLoop: Sendable {
    /// Refreshes in one batch.
    static let refreshes = 500
    /// Keys whose reads are learned from in one batch.
    static let reads = 2000
    /// Between two batches: whoever waits for the store waits for a few milliseconds at most.
    static let pause = Duration.milliseconds(50)
    /// Between two batches of keys read, when more wait.
    static let readPause = Duration.seconds(2)

    let context: EngineContext
    let desk: AdaptiveDesk

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await keepHabits() }
            while !Task.isCancelled {
                await desk.wakeup.wait(
                    until: desk.hasWork ? context.clock.monotonic() + AdaptiveLoop.readPause : nil,
                    clock: context.clock)
                await workOff()
                try? await context.clock.sleep(for: AdaptiveLoop.pause)
            }
        }
        await workOff()
    }

    /// One batch.
    func workOff() async {
        let work = desk.take(refreshes: AdaptiveLoop.refreshes, reads: AdaptiveLoop.reads)
        guard !work.isEmpty else { return }
        do {
            try await learn(work)
        } catch {
            // What was to be learned is lost, but no refresh: an old plan comes due all the same.
            context.storeFailed(error, while: "writing refresh plans", metadata: [:])
        }
    }

    private func learn(_ work: AdaptiveDesk.Work) async throws(StoreError) {
        var ids = Set(work.ended.map(\.id))
        ids.formUnion(work.reads.keys)
        ids.formUnion(work.views.keys)
        let order = Array(ids)
        let known = try await desk.plans.plans(of: order)
        var memories: [DocumentID: KeyMemory] = [:]
        var kept: [DocumentID: KeyPlan] = [:]
        for (id, plan) in zip(order, known) {
            kept[id] = plan
            memories[id] = plan.flatMap { KeyMemory(decoding: $0.memory) }
        }
        for ended in work.ended { end(ended, &memories) }
        let refreshed = Set(work.ended.map(\.id))
        for (id, reads) in work.reads { read(id, reads, &memories) }
        for (id, until) in work.views { memories[id]?.viewedUntil = until }
        let now = context.clock.now()
        var plans: [KeyPlan] = []
        for (id, memory) in memories {
            guard let policy = desk.policies[id.dataset] else { continue }
            let decision = policy.decide(
                memory, key: id.key, now: now, price: desk.price(of: id.dataset.source),
                habits: desk.habits(of: id.dataset))
            var plan = policy.plan(memory, key: id.key, decision)
            // A plan that has come due is the sweep's: reads must not put it off, or last in the line, while it waits for its turn.
            if !refreshed.contains(id), let before = kept[id], before.dueAt <= now, plan.dueAt > before.dueAt {
                (plan.dueAt, plan.priority) = (before.dueAt, min(before.priority, plan.priority))
            }
            plans.append(plan)
        }
        try await desk.plans.setPlans(plans)
        for plan in plans { context.catalog.setNextRefresh(plan.id, plan.shownDue) }
    }

    private func end(_ ended: AdaptiveDesk.Ended, _ memories: inout [DocumentID: KeyMemory]) {
        guard let policy = desk.policies[ended.id.dataset] else { return }
        var memory = memories[ended.id] ?? policy.memory(from: ended.before)
        let strategy = policy.config.strategy(of: ended.id.key).name
        let kind = policy.policy.kind(of: memory, at: ended.at)
        let target = policy.target(kind: kind)
        if ended.isCall {
            let gap = memory.confirmedAt.map { ended.at - $0 }
            desk.measure(policy.id, strategy) { $0.refresh(ended.outcome, gap: gap, target: target) }
        }
        var (matches, look): (UInt32?, NextLook?)
        if ended.outcome == .changed || ended.outcome == .unchanged {
            let root = (try? JSONTape(ended.body, limits: .stored))?.root
            matches = root.map(policy.matches)
            look = policy.nextLook(root, body: ended.body, key: ended.id.key, now: ended.at)
        }
        let prior = desk.habits(of: policy.id).changes(prior: policy.policy.priorRate)
        if let confirmed = memory.confirmedAt, ended.outcome == .changed || ended.outcome == .unchanged {
            desk.look(
                policy.id, changed: ended.outcome == .changed, after: ended.at - confirmed,
                rate: memory.change.rate(prior: prior))
        }
        memory.refreshed(ended.outcome, at: ended.at, prior: prior, matches: matches, look: look)
        memories[ended.id] = memory
    }

    private func read(
        _ id: DocumentID, _ reads: AdaptiveDesk.Reads, _ memories: inout [DocumentID: KeyMemory]
    ) {
        guard let policy = desk.policies[id.dataset] else { return }
        // The first refresh makes the plan; until then there is nothing to plan.
        guard var memory = memories[id] else { return }
        let kind = policy.policy.kind(of: memory, at: reads.last)
        let target = policy.target(kind: kind)
        desk.measure(policy.id, policy.config.strategy(of: id.key).name) { meter in
            for (age, count) in reads.ages {
                meter.read(age: Double(age), count: count, target: target, at: reads.last)
            }
        }
        memory.demand.read(reads.count, at: reads.last)
        memories[id] = memory
    }

    // MARK: Habits

    private func keepHabits() async {
        for policy in desk.policies.values {
            let kept = try? await context.store.value(AdaptiveLoop.habitsName(policy.id))
            if let kept = kept ?? nil, let habits = HourHabits(decoding: kept) { desk.setHabits(habits, of: policy.id) }
        }
        while (try? await context.clock.sleep(for: .seconds(600))) != nil {
            for (dataset, habits) in desk.takeChangedHabits() {
                do throws(StoreError) {
                    try await context.store.setValue(habits.encode(), for: AdaptiveLoop.habitsName(dataset))
                } catch {
                    context.storeFailed(error, while: "writing when \(dataset) is read", metadata: [:])
                }
            }
        }
    }

    static func habitsName(_ dataset: DatasetID) -> String { "adaptive/hours/\(dataset)" }
}

extension KeyPlan {
    /// When it is due, for people; `nil` for never.
    var shownDue: Timestamp? { dueAt >= RefreshPolicy.never ? nil : dueAt }
}
