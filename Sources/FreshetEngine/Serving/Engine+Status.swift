public import FreshetCore

extension Engine {
    /// Sources, datasets, queue and budgets at a glance.
    public func status() async throws(StoreError) -> StatusReport {
        var report = StatusReport(at: context.clock.now(), startedAt: startedAt)
        report.autoRefresh = configuration.queue.autoRefresh
        report.cluster = clusterReport
        report.attempts = governors.values.reduce(into: [:]) { all, governor in
            all.merge(governor.attempts) { first, _ in first }
        }
        guard report.cluster != nil else {
            report.sources = await sourceStatuses()
            try await askStore(&report)
            return report
        }
        // One of several goes on from memory, and says so; who asks how it is must not wait for what is away.
        let known = report
        let full = await Deadline.within(Engine.patience, clock: context.clock) { () -> StatusReport? in
            var full = known
            full.sources = await self.sourceStatuses()
            do throws(StoreError) {
                try await self.askStore(&full)
                return full
            } catch {
                return nil
            }
        }
        if let full = full ?? nil { return full }
        let problem = report.cluster?.storeProblem ?? "the store does not answer"
        report.sources = configuration.sources.compactMap { governors[$0.name].map(sourceStatus) }
        report.cluster?.storeProblem = problem
        report.storeProblem = problem
        return report
    }

    /// How long a look at the whole waits for what several processes share.
    static let patience = Duration.seconds(2)

    private var clusterReport: ClusterReport? {
        guard let cluster = context.cluster else { return nil }
        var report = ClusterReport(member: cluster.setup.member.name, role: cluster.setup.role)
        report.members = cluster.members.all
        report.storeProblem = cluster.health.problem(of: "store")
        report.coordinatorProblem = cluster.health.problem(of: "coordinator")
        switch cluster.setup.keeper?.state.leasing {
        case .line: report.queue = "line"
        case .store, nil: report.queue = "store"
        case .nowhere: report.queue = "nowhere"
        }
        return report
    }

    /// The sources, with what all processes have used of their limits.
    private func sourceStatuses() async -> [SourceStatus] {
        var statuses = configuration.sources.compactMap { governors[$0.name].map(sourceStatus) }
        guard let slots = context.slots, context.cluster?.health.problem(of: "store") == nil else { return statuses }
        for index in statuses.indices {
            let counts = governors[statuses[index].name]?.sharedCounts ?? []
            guard !counts.isEmpty, let used = await slots.used(counts.map(\.count)) else { continue }
            for (count, used) in zip(counts, used) {
                let line = statuses[index].budgets.firstIndex {
                    $0.scope == count.name.scope.rawValue && $0.subject == count.name.member
                        && $0.calls == count.name.calls && $0.per == count.name.per
                }
                if let line { statuses[index].budgets[line].used = used }
            }
        }
        return statuses
    }

    private func askStore(_ report: inout StatusReport) async throws(StoreError) {
        let census = try await store.census(at: report.at)
        report.datasets = configuration.datasets.map { ($0.id, census[$0.id] ?? DatasetCensus()) }
        report.freshness = context.adaptive?.freshness ?? []
        report.tables = configuration.datasets.filter { $0.tables != nil }.map {
            DatasetTables(id: $0.id, stop: context.desk.stop(of: $0.id), quality: context.desk.quality(of: $0.id))
        }
        report.webhooks = (try? await webhooks?.status()) ?? []
        if !configuration.destinations.isEmpty, let outbox = store as? any OutboxStore {
            let depth = try await outbox.outboxDepth()
            report.outbox = configuration.destinations.map {
                ($0.name, depth[$0.name]?.count ?? 0, depth[$0.name]?.oldest)
            }
        }
        report.queue = try await store.depth(source: nil)
        report.storeProblem = context.storeHealth.problem
    }

    /// Whether reads can be served; among several processes from memory, too, while the store is away.
    ///
    /// - Throws: ``StoreError`` when they cannot.
    public func readiness() async throws(StoreError) {
        if context.cluster == nil { _ = try await store.depth(source: nil) }
    }

    func sourceStatus(_ governor: SourceGovernor) -> SourceStatus {
        let look = governor.look()
        let now = context.clock.monotonic()
        var status = SourceStatus(name: governor.source.name)
        (status.lastSuccess, status.lastFailure) = (look.lastSuccess, look.lastFailure)
        status.inFlight = look.budget.inFlight
        status.budgets = look.budget.limits.map {
            BudgetLine(
                scope: $0.name.scope.rawValue, subject: $0.name.member, calls: $0.name.calls, per: $0.name.per,
                used: $0.used)
        }
        status.keys = look.budget.keys.map(keyLine)
        if let until = look.budget.quotaUntil {
            (status.health, status.reason) = (
                .limited, "upstream's quota is used up until \(shown(until).rfc3339)"
            )
            (status.condition, status.until) = ("quota", shown(until))
        } else if let out = status.keys.first(where: { $0.state != "ok" }) {
            (status.health, status.reason) = (.limited, "key \(out.id): \(out.reason ?? out.state)")
            (status.condition, status.until) = (out.state == "parked" ? "key-parked" : "key-disabled", out.returnsAt)
        }
        if let found = SourceConditions.of(look.budget, time: shown) {
            (status.health, status.reason) = (.down, found.detail)
            (status.condition, status.until) = (found.condition.reason, found.condition.until)
        }
        switch look.budget.gate {
        case .breakerOpen(let since, let next, _):
            status.breaker = next > now ? "open" : "half-open"
            status.since = shown(since)
        case .maintenance(let since, _, _):
            status.maintenanceSince = shown(since)
            status.since = status.maintenanceSince
        case .passing, .stopped: break
        }
        return status
    }

    private func keyLine(_ key: BudgetStatus.Key) -> KeyLine {
        let calls = Int(clamping: key.granted)
        switch key.state {
        case .active:
            guard let until = key.quotaUntil else { return KeyLine(id: key.id, state: "ok", calls: calls) }
            return KeyLine(
                id: key.id, state: "parked", reason: "upstream's quota is used up", returnsAt: shown(until),
                calls: calls)
        case .parked(let until, let reason):
            return KeyLine(id: key.id, state: "parked", reason: reason, returnsAt: until.map(shown), calls: calls)
        case .disabled(let reason):
            return KeyLine(id: key.id, state: "disabled", reason: reason, calls: calls)
        }
    }

    /// The wall time of a monotonic one, for people.
    func shown(_ monotonic: Duration) -> Timestamp {
        context.clock.now() + (monotonic - context.clock.monotonic())
    }
}
