import FreshetCore
import Logging
import Synchronization

/// Enqueues what is due by the plans of one source: the most urgent first, and inside a priority what readers gain most from.
///
/// What is due is looked at again before it goes: calls may have become dearer since it was planned. Never more is enqueued than calls
/// can do within seconds; the rest stays due and is weighed again.
final class AdaptiveSweep: Sendable {
    /// Between two writings of the price.
    static let keepPrice = Duration.seconds(30)
    /// Keys in one step when documents that were fetched before they had plans are taken in.
    static let page = 500

    let context: EngineContext
    let desk: AdaptiveDesk
    let source: SourceConfig
    let policies: [DatasetPolicy]
    let enqueue: @Sendable ([EnqueueRequest]) async throws(StoreError) -> [EnqueueResult]
    private let waiting = Mutex(Waiting())

    init(
        context: EngineContext, desk: AdaptiveDesk, source: SourceConfig, policies: [DatasetPolicy],
        enqueue: @escaping @Sendable ([EnqueueRequest]) async throws(StoreError) -> [EnqueueResult]
    ) {
        (self.context, self.desk, self.source, self.policies, self.enqueue) = (context, desk, source, policies, enqueue)
    }

    /// A sweep for each source that has adaptive datasets.
    static func all(
        _ context: EngineContext,
        enqueue: @escaping @Sendable ([EnqueueRequest]) async throws(StoreError) -> [EnqueueResult]
    ) -> [AdaptiveSweep] {
        guard let desk = context.adaptive else { return [] }
        return context.configuration.sources.compactMap { source in
            let policies = desk.policies.values.filter { $0.id.source == source.name }.sorted { $0.id < $1.id }
            guard !policies.isEmpty else { return nil }
            return AdaptiveSweep(context: context, desk: desk, source: source, policies: policies, enqueue: enqueue)
        }
    }

    private var priceName: String { "adaptive/price/\(source.name)" }

    /// Sweeps until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.takeIn() }
            let kept = (try? await self.context.store.value(self.priceName)) ?? nil
            if let value = kept.flatMap({ Double(String(decoding: $0, as: UTF8.self)) }) {
                desk.setPrice(value, of: source.name)
            }
            var keptAt = context.clock.monotonic()
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await sweep()
                    if context.clock.monotonic() - keptAt >= AdaptiveSweep.keepPrice {
                        keptAt = context.clock.monotonic()
                        try await context.store.setValue(Array("\(desk.price(of: source.name))".utf8), for: priceName)
                    }
                } catch {
                    context.storeFailed(error, while: "looking for due plans of \(source.name)", metadata: [:])
                }
                try? await context.clock.sleep(for: await pause())
            }
        }
    }

    /// Until the next plan falls due, at most a second: others may write plans, too.
    private func pause() async -> Duration {
        let now = context.clock.now()
        var pause = SweepRules.pause
        for policy in policies {
            let next = (try? await desk.plans.nextPlan(of: policy.id, after: now)) ?? nil
            if let next { pause = min(pause, next - now) }
        }
        return max(pause, SweepRules.shortest)
    }

    private struct Candidate {
        var policy: DatasetPolicy
        var plan: KeyPlan
        var memory: KeyMemory
        var priority: Priority
        var heat: Int
    }

    /// One look.
    func sweep() async throws(StoreError) {
        let now = context.clock.now()
        let rate = CallPrice.rate(of: source)
        let price = desk.price(of: source.name)
        try await raiseWaiting(now, price)
        let room = SweepRules.room(rate: rate)
        let ready = try await context.store.depth(source: source.name).total(.ready)
        let isFull = SweepRules.isFull(ready: ready, room: room)
        let limit = SweepRules.portion(ready: ready, room: room)
        let found = try await look(by: now, at: now, limit: limit, price: price)
        let taken = try await enqueue(found, now: now, free: max(0, room - ready), onlyUrgent: isFull)
        let line = SweepRules.line(
            waiting: ready + taken, outside: max(0, found.going.count - max(0, room - ready)), isCut: found.isCut,
            rate: rate)
        let moved = desk.movePrice(of: source.name, line: line, now: now)
        // Calls are left over although they were scarce a moment ago: what waits for its price may go for less.
        if moved > 0, ready + taken == 0 {
            let early = try await look(
                by: now + SweepRules.ahead, at: now, limit: SweepRules.choice(room: room),
                price: moved * SweepRules.bargain)
            _ = try await enqueue(early, now: now, free: max(1, room / 4), onlyUrgent: false)
        }
    }

    private struct Found {
        var going: [Candidate] = []
        var later: [KeyPlan] = []
        /// Whether more plans were due than were looked at.
        var isCut = false
    }

    /// Plans due by a time: those worth the price now, in the order in which they go, and those that were put off.
    private func look(
        by limit: Timestamp, at now: Timestamp, limit count: Int, price: Double
    ) async throws(StoreError) -> Found {
        var found = Found()
        for policy in policies {
            let due = try await desk.plans.duePlans(of: policy.id, by: limit, limit: count)
            let habits = desk.habits(of: policy.id)
            let jobs = waiting.withLock { $0.jobs }
            found.isCut = found.isCut || due.count >= count
            for plan in due {
                if let job = jobs[plan.id], let memory = KeyMemory(decoding: plan.memory), job.waits(memory, at: now) {
                    // Reads planned it anew while it waits in the queue.
                    if plan.dueAt <= now {
                        found.later.append(
                            KeyPlan(id: plan.id, dueAt: job.until, priority: plan.priority, memory: plan.memory))
                    }
                } else {
                    weigh(plan, policy, now, price, habits, &found)
                }
            }
        }
        // Where priorities are equal, what spares readers most: the water-filling happens here.
        found.going.sort { ($0.priority, -$0.heat, $0.plan.dueAt) < ($1.priority, -$1.heat, $1.plan.dueAt) }
        return found
    }

    /// Enqueues what finds room; gives how many.
    private func enqueue(
        _ found: Found, now: Timestamp, free: Int, onlyUrgent: Bool
    ) async throws(StoreError) -> Int {
        var free = free
        let chosen = found.going.filter { candidate in
            guard candidate.priority <= .high || (!onlyUrgent && free > 0) else { return false }
            free -= 1
            return true
        }
        if !chosen.isEmpty {
            _ = try await enqueue(
                chosen.map {
                    EnqueueRequest(document: $0.plan.id, priority: $0.priority, cause: "schedule", heat: $0.heat)
                })
        }
        // After the jobs: a crash between the two costs a call at most, never a refresh.
        let marked = chosen.map { provisional($0, now) }
        let later = found.later + marked
        // Without a limit nothing waits for long.
        let hasLimit = CallPrice.rate(of: source) != nil
        waiting.withLock { waiting in
            for (candidate, plan) in zip(chosen, marked) where hasLimit {
                waiting.jobs[plan.id] = Waiting.Job(
                    checkedAt: candidate.memory.checkedAt, until: plan.dueAt, heat: candidate.heat)
            }
        }
        if !later.isEmpty { try await desk.plans.setPlans(later) }
        for plan in later { context.catalog.setNextRefresh(plan.id, plan.shownDue) }
        return chosen.count
    }

    /// What has been put into the queue, until something came of it.
    private struct Waiting: Sendable {
        struct Job: Sendable {
            /// When the document had been looked at last.
            var checkedAt: Timestamp?
            /// When it comes due again if nothing comes of the job.
            var until: Timestamp
            var heat: Int

            func waits(_ memory: KeyMemory, at now: Timestamp) -> Bool { memory.checkedAt == checkedAt && now < until }
        }

        var jobs: [DocumentID: Job] = [:]
        var lookedAt: Timestamp?
    }

    /// What waits in the queue is worth more by and by; else what came later, and is worth more by then, would always overtake it.
    private func raiseWaiting(_ now: Timestamp, _ price: Double) async throws(StoreError) {
        let jobs = waiting.withLock { waiting in
            if let looked = waiting.lookedAt, looked <= now, now - looked < SweepRules.raiseEvery {
                return [DocumentID: Waiting.Job]()
            }
            waiting.lookedAt = now
            return waiting.jobs
        }
        guard !jobs.isEmpty else { return }
        let order = Array(jobs.keys)
        var requests: [EnqueueRequest] = []
        for (id, plan) in zip(order, try await desk.plans.plans(of: order)) {
            guard let job = jobs[id], let plan, let memory = KeyMemory(decoding: plan.memory),
                job.waits(memory, at: now), let policy = policies.first(where: { $0.id == id.dataset })
            else {
                waiting.withLock { _ = $0.jobs.removeValue(forKey: id) }
                continue
            }
            let review = policy.policy.review(
                memory, strategy: policy.config.strategy(of: id.key), now: now, price: price,
                habits: desk.habits(of: id.dataset))
            guard let found = SweepRules.raised(review, from: job.heat) else { continue }
            requests.append(
                EnqueueRequest(document: id, priority: found.priority, cause: "schedule", heat: found.heat))
            waiting.withLock { $0.jobs[id]?.heat = found.heat }
        }
        if !requests.isEmpty { _ = try await enqueue(requests) }
    }

    private func weigh(
        _ plan: KeyPlan, _ policy: DatasetPolicy, _ now: Timestamp, _ price: Double, _ habits: HourHabits,
        _ found: inout Found
    ) {
        let memory = KeyMemory(decoding: plan.memory) ?? KeyMemory()
        let key = plan.id.key
        let review: RefreshPolicy.Review =
            if policy.listed.map({ !$0.contains(key) }) ?? false, memory.viewedUntil.map({ $0 <= now }) ?? true {
                .later(policy.decide(memory, key: key, now: now, price: price, habits: habits))
            } else {
                policy.policy.review(
                    memory, strategy: policy.config.strategy(of: key), now: now, price: price, habits: habits)
            }
        switch review {
        case .refresh(let priority, let heat):
            found.going.append(Candidate(policy: policy, plan: plan, memory: memory, priority: priority, heat: heat))
        case .later(let decision): if plan.dueAt <= now { found.later.append(policy.plan(memory, key: key, decision)) }
        }
    }

    /// What stands in the store while a job is under way: if nothing ever came of it, the key would come due again.
    private func provisional(_ candidate: Candidate, _ now: Timestamp) -> KeyPlan {
        var plan = candidate.plan
        let kind = candidate.policy.policy.kind(of: candidate.memory, at: now)
        plan.dueAt = now + candidate.policy.config.classes[kind].every
        return plan
    }

    // MARK: Documents without plans

    /// Gives plans to documents that were fetched before they were refreshed that way, and to listed keys.
    func takeIn() async {
        for policy in policies {
            do throws(StoreError) {
                if let listed = policy.listed { try await takeInList(listed.sorted(), policy) }
                try await takeInHeld(policy)
            } catch {
                context.storeFailed(error, while: "planning the documents of \(policy.id)", metadata: [:])
            }
        }
    }

    private func takeInList(_ keys: [String], _ policy: DatasetPolicy) async throws(StoreError) {
        let ids = keys.map { DocumentID(dataset: policy.id, key: $0) }
        let known = try await desk.plans.plans(of: ids)
        let missing = zip(ids, known).filter { $0.1 == nil }.map(\.0)
        let priority = policy.config.classes.last?.priority ?? .low
        let now = context.clock.now()
        try await desk.plans.setPlans(
            missing.map { KeyPlan(id: $0, dueAt: now, priority: priority, memory: KeyMemory().encode()) })
    }

    private func takeInHeld(_ policy: DatasetPolicy) async throws(StoreError) {
        var after: String?
        var taken = 0
        while !Task.isCancelled {
            let page = try await context.store.keys(of: policy.id, after: after, limit: AdaptiveSweep.page)
            guard let last = page.last else { break }
            after = last.key
            let ids = page.map { DocumentID(dataset: policy.id, key: $0.key) }
            let known = try await desk.plans.plans(of: ids)
            let now = context.clock.now()
            let new = zip(page, known).compactMap { held, plan -> KeyPlan? in
                guard plan == nil, held.state.checkedAt != nil else { return nil }
                let memory = policy.memory(from: held.state)
                let decision = policy.decide(
                    memory, key: held.key, now: now, price: desk.price(of: source.name),
                    habits: desk.habits(of: policy.id))
                return policy.plan(memory, key: held.key, decision)
            }
            if !new.isEmpty { try await desk.plans.setPlans(new) }
            taken += new.count
            // Others use the store as well.
            try? await context.clock.sleep(for: .milliseconds(20))
        }
        if taken > 0 { context.logger.notice("\(policy.id): \(taken) documents are refreshed by plans from now on") }
    }
}
