extension BudgetMachine {
    /// Takes over what the answer's headers say about quota.
    ///
    /// Call it between ``headReceived(_:now:)`` and ``finish(_:_:about:now:)``. A `Retry-After` is kept for the outcome; quotas hold the
    /// key, account, dataset or source that they name, or that the limits speak for; policies become windows.
    public mutating func learn(
        _ headers: [(name: String, value: String)], _ permit: BudgetPermit, now: Duration, wall: Timestamp
    ) {
        guard var grant = grants[permit.id] else { return }
        let told = RateLimitHeaders(headers, wall: wall)
        let time = Ticks(now)
        grant.retryAfter = told.retryAfter.map { Ticks($0) }
        for quota in told.quotas {
            let named = holder(ofQuota: quota.limit, dataset: grant.dataset)
            let holder = named ?? holders[grant.dataset]
            let learned = LearnedQuota(
                name: quota.name, limit: quota.limit, remaining: min(quota.remaining, 1_000_000_000),
                resetsAt: time + Ticks(quota.resetsIn))
            let others = callsBeside(grant, of: holder)
            withHold(holder, grant.dataset, grant.key) { $0.learn(learned, others: others, now: time) }
            if quota.remaining == 0 {
                isDirty = true
                if let named { grant.told = max(grant.told ?? named, named) }
            }
        }
        grants[permit.id] = grant
        if !told.policies.isEmpty { learn(told.policies, permit.id, now: time) }
    }

    /// Whose quota has this number of calls; `nil` unless exactly one scope of the declared limits has.
    private func holder(ofQuota calls: Int?, dataset: Int) -> Holder? {
        let limits = source.limits.filter { limit in
            guard let only = limit.datasets else { return limit.calls == calls }
            return limit.calls == calls && dataset < datasets.count && only.contains(datasets[dataset])
        }
        guard let scope = limits.first?.scope, limits.allSatisfy({ $0.scope == scope }) else { return nil }
        switch scope {
        case .key: return keys.count > 1 ? .key : .source
        case .account: return accounts.count > 1 ? .account : .source
        case .endpoint: return .dataset
        case .ip: return .source
        }
    }

    /// Calls in flight that an answer's quota may not have counted yet.
    private func callsBeside(_ grant: Grant, of holder: Holder) -> Int {
        switch holder {
        case .key: keys[grant.key].inFlight - 1
        case .account: keys.reduce(-1) { $0 + ($1.accountIndex == keys[grant.key].accountIndex ? $1.inFlight : 0) }
        case .dataset: grants.values.count { $0.dataset == grant.dataset } - 1
        case .source: grants.count - 1
        }
    }

    /// Changes one hold that a call of this dataset with this key falls under.
    @discardableResult
    mutating func withHold<Result>(
        _ holder: Holder, _ dataset: Int, _ key: Int, _ change: (inout QuotaHold) -> Result
    ) -> Result {
        switch holder {
        case .key: change(&keys[key].hold)
        case .account: change(&accountHolds[keys[key].accountIndex])
        case .dataset: change(&datasetHolds[dataset])
        case .source: change(&sourceHold)
        }
    }

    /// Changes every hold that a call of this dataset with this key falls under.
    mutating func withHolds(_ dataset: Int, _ key: Int, _ change: (inout QuotaHold) -> Void) {
        for holder in Holder.allCases { withHold(holder, dataset, key, change) }
    }

    /// A quota is used up: whoever has it rests, see ``BudgetMachine``.
    mutating func refused(_ grant: Grant, _ failure: CallFailure, wish: Ticks?, now: Ticks) {
        let holder = grant.told ?? widened(grant, now: now) ?? holders[grant.dataset]
        let before = withHold(holder, grant.dataset, grant.key) { $0.until }
        let until = withHold(holder, grant.dataset, grant.key) { hold in
            hold.refused(grantedAt: grant.at, retryAfter: wish, now: now)
            return hold.until
        }
        guard until > before else { return }
        switch holder {
        case .key: park(grant.key, until: until, reason: failure.message)
        case .account: note(.quotaHeld(holder: "account \(keys[grant.key].account)", until: until.duration))
        case .dataset:
            let isDeclared = grant.dataset < datasets.count
            let name = isDeclared ? datasets[grant.dataset].description : BudgetLayout.undeclared
            note(.quotaHeld(holder: "dataset \(name)", until: until.duration))
        case .source: note(.quotaHeld(holder: "source", until: until.duration))
        }
    }

    /// The wider holder, when another key that shares it still rests from a refusal.
    private func widened(_ grant: Grant, now: Ticks) -> Holder? {
        guard let wider = widerHolders[grant.dataset] else { return nil }
        let isShared = keys.indices.contains { other in
            other != grant.key && keys[other].hold.until > now
                && (wider == .source || keys[other].accountIndex == keys[grant.key].accountIndex)
        }
        return isShared ? wider : nil
    }
}

extension BudgetMachine.Holder: CaseIterable, Comparable {
    static let allCases: [Self] = [.key, .account, .dataset, .source]

    private var breadth: Int {
        switch self {
        case .key: 0
        case .dataset: 1
        case .account: 2
        case .source: 3
        }
    }

    /// The narrower comes first.
    static func < (a: Self, b: Self) -> Bool { a.breadth < b.breadth }
}
