extension BudgetMachine {
    /// The request is going out: from here on the call counts whatever happens.
    public mutating func sent(_ permit: BudgetPermit) { grants[permit.id]?.wasSent = true }

    /// The response head has arrived: the server has counted the call by now.
    public mutating func headReceived(_ permit: BudgetPermit, now: Duration) {
        guard var grant = grants[permit.id], !grant.headSeen else { return }
        grant.headSeen = true
        grant.wasSent = true
        grants[permit.id] = grant
        // Rounded up, so that a slot never returns early.
        for counter in route(grant) { counters[counter].settle(at: Ticks(now) + 1) }
    }

    /// Takes over what the answer's headers say about quota.
    ///
    /// Call it between ``headReceived(_:now:)`` and ``finish(_:_:now:)``. A `Retry-After` is kept for the outcome; quotas hold the key, account, dataset or source that the limits speak for.
    public mutating func learn(
        _ headers: [(name: String, value: String)], _ permit: BudgetPermit, now: Duration, wall: Timestamp
    ) {
        guard var grant = grants[permit.id] else { return }
        let told = RateLimitHeaders(headers, wall: wall)
        grant.retryAfter = told.retryAfter.map { Ticks($0) }
        grants[permit.id] = grant
        guard !told.quotas.isEmpty else { return }
        let (time, others) = (Ticks(now), callsBeside(grant))
        withHold(grant.dataset, grant.key) { hold in
            for quota in told.quotas {
                let learned = LearnedQuota(
                    name: quota.name, limit: quota.limit, remaining: min(quota.remaining, 1_000_000_000),
                    resetsAt: time + Ticks(quota.resetsIn))
                hold.learn(learned, others: others, now: time)
            }
        }
        if told.quotas.contains(where: { $0.remaining == 0 }) { isDirty = true }
    }

    /// Ends a call: frees its place in flight and draws the consequences.
    ///
    /// A second call for the same permit does nothing.
    public mutating func finish(_ permit: BudgetPermit, _ outcome: CallOutcome, now: Duration) {
        guard let grant = grants.removeValue(forKey: permit.id) else { return }
        let time = Ticks(now)
        keys[grant.key].inFlight -= 1
        if outcome == .cancelledBeforeSend, !grant.wasSent {
            let isSincePending = pendingToken != nil && grant.pending == pendingToken
            for counter in route(grant) { counters[counter].refund(grant.lane, isSincePending: isSincePending) }
            withHold(grant.dataset, grant.key) { $0.unspend() }
            if grant.isProbe { gate.probeReturned(now: time) }
            return
        }
        if !grant.headSeen {
            for counter in route(grant) { counters[counter].settle(at: time + grace(counters[counter].per)) }
        }
        switch outcome {
        case .success:
            gate.succeeded()
            keys[grant.key].accepted(grantedAt: grant.at)
            withHold(grant.dataset, grant.key) { $0.accepted(grantedAt: grant.at) }
            answered(grant, now: time)
        case .failure(let failure): failed(grant, failure, now: time)
        case .cancelledBeforeSend: break  // it was sent: counted above, and says nothing about the source
        }
    }

    /// A call that ended without an answer may still be on its way to the server.
    func grace(_ per: Ticks) -> Ticks { min(100_000_000, per / 10) }

    private func route(_ grant: Grant) -> [Int] { sharedRoutes[grant.dataset] + keyRoutes[grant.dataset][grant.key] }

    /// Calls in flight that an answer's quota may not have counted yet.
    private func callsBeside(_ grant: Grant) -> Int {
        switch holders[grant.dataset] {
        case .key: keys[grant.key].inFlight - 1
        case .account: keys.reduce(-1) { $0 + ($1.accountIndex == keys[grant.key].accountIndex ? $1.inFlight : 0) }
        case .dataset: grants.values.count { $0.dataset == grant.dataset } - 1
        case .source: grants.count - 1
        }
    }

    private mutating func answered(_ grant: Grant, now: Ticks) {
        if let event = gate.answered(isProbe: grant.isProbe, now: now) { note(event) }
    }

    private mutating func failed(_ grant: Grant, _ failure: CallFailure, now: Ticks) {
        let wish = (failure.retryAfter.map { Ticks($0) } ?? grant.retryAfter).flatMap { wish -> Ticks? in
            wish > 0 && wish <= Ticks(RateLimitHeaders.horizon * 1e9) ? wish : nil
        }
        switch failure.effect {
        case .retry:
            if let event = gate.failed(failure.message, now: now) { note(event) }
        case .notFound, .permanent:
            keys[grant.key].accepted(grantedAt: grant.at)
            answered(grant, now: now)
        case .wait:
            answered(grant, now: now)
            refused(grant, failure, wish: wish, now: now)
        case .parkKey:
            answered(grant, now: now)
            let until = keys[grant.key].refused(grantedAt: grant.at, wish: wish, now: now)
            park(grant.key, until: until, reason: failure.message)
        case .disableKey:
            answered(grant, now: now)
            if case .disabled = keys[grant.key].state { return }
            keys[grant.key].state = .disabled(reason: failure.message)
            note(.keyDisabled(keyID: keys[grant.key].id, reason: failure.message))
        case .stopSource: note(gate.stop(failure.message, wish: wish, now: now))
        case .maintenance:
            for event in gate.maintained(failure.message, wish: wish, isProbe: grant.isProbe, now: now) { note(event) }
        }
    }

    /// A quota is used up: the key rests when each key has its own, otherwise the account, dataset or source.
    private mutating func refused(_ grant: Grant, _ failure: CallFailure, wish: Ticks?, now: Ticks) {
        let before = withHold(grant.dataset, grant.key) { $0.until }
        let until = withHold(grant.dataset, grant.key) { hold in
            hold.refused(grantedAt: grant.at, retryAfter: wish, now: now)
            return hold.until
        }
        guard until > before else { return }
        switch holders[grant.dataset] {
        case .key: park(grant.key, until: until, reason: failure.message)
        case .account: note(.quotaHeld(holder: "account \(keys[grant.key].account)", until: until.duration))
        case .dataset:
            let isDeclared = grant.dataset < datasets.count
            let name = isDeclared ? datasets[grant.dataset].description : BudgetLayout.undeclared
            note(.quotaHeld(holder: "dataset \(name)", until: until.duration))
        case .source: note(.quotaHeld(holder: "source", until: until.duration))
        }
    }

    /// Lets a key rest; a longer rest is never shortened, a disabled key stays disabled.
    func parked(_ state: KeySlot.State, until: Ticks) -> Bool {
        switch state {
        case .active: false
        case .disabled: true
        case .parked(let other, _): other >= until
        }
    }

    private mutating func park(_ key: Int, until: Ticks, reason: String) {
        guard !parked(keys[key].state, until: until) else { return }
        keys[key].state = .parked(until: until, reason: reason)
        note(.keyParked(keyID: keys[key].id, until: until >= .never ? nil : until.duration, reason: reason))
    }

    /// Lets a key rest until a time, or until ``unpark(keyID:)``; `false` when there is no such key.
    @discardableResult
    public mutating func park(keyID: String, until: Duration?, reason: String) -> Bool {
        guard let key = keys.firstIndex(where: { $0.id == keyID }) else { return false }
        park(key, until: until.map { Ticks($0) } ?? .never, reason: reason)
        return true
    }

    /// Uses a parked or disabled key again, and forgets what upstream said about its quota; `false` when there is no such key.
    @discardableResult
    public mutating func unpark(keyID: String) -> Bool {
        guard let key = keys.firstIndex(where: { $0.id == keyID }) else { return false }
        let wasActive = keys[key].state == .active
        keys[key].unpark()
        if !wasActive { note(.keyReturned(keyID: keyID)) }
        return true
    }
}
