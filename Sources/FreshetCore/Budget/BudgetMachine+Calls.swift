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
        for counter in grant.route { counters[counter].settle(at: Ticks(now) + 1) }
    }

    /// Ends a call: frees its place in flight and draws the consequences.
    ///
    /// A second call for the same permit does nothing.
    /// - Parameters:
    ///   - permit: The call.
    ///   - outcome: How it ended.
    ///   - document: What was asked for, when it is a document: tells a refused key from a refused document.
    ///   - now: The monotonic clock.
    /// - Returns: The failure as it is to be treated, when there was one.
    @discardableResult
    public mutating func finish(
        _ permit: BudgetPermit, _ outcome: CallOutcome, about document: DocumentID? = nil, now: Duration
    ) -> CallFailure? {
        guard let grant = grants.removeValue(forKey: permit.id) else {
            if case .failure(let failure) = outcome { return failure }
            return nil
        }
        let time = Ticks(now)
        keys[grant.key].inFlight -= 1
        if outcome == .cancelledBeforeSend, !grant.wasSent {
            let isSincePending = pendingToken != nil && grant.pending == pendingToken
            for counter in grant.route { counters[counter].refund(grant.lane, isSincePending: isSincePending) }
            keys[grant.key].granted -= 1
            withHolds(grant.dataset, grant.key) { $0.unspend() }
            if grant.isProbe { gate.probeReturned(now: time) }
            return nil
        }
        if !grant.headSeen {
            for counter in grant.route { counters[counter].settle(at: time + grace(counters[counter].per)) }
        }
        switch outcome {
        case .success:
            gate.succeeded()
            accepted(grant, for: document, now: time)
            if let document { blameOthers(than: grant, for: document, now: time) }
            withHolds(grant.dataset, grant.key) { $0.accepted(grantedAt: grant.at) }
            answered(grant, now: time)
        case .failure(let failure): return failed(grant, failure, about: document, now: time)
        case .cancelledBeforeSend: break  // it was sent: counted above, and says nothing about the source
        }
        return nil
    }

    /// A call that ended without an answer may still be on its way to the server.
    func grace(_ per: Ticks) -> Ticks { min(100_000_000, per / 10) }

    private mutating func accepted(_ grant: Grant, for document: DocumentID?, now: Ticks) {
        keys[grant.key].accepted(for: document, grantedAt: grant.at, now: now)
    }

    private mutating func answered(_ grant: Grant, now: Ticks) {
        if let event = gate.answered(isProbe: grant.isProbe, now: now) { note(event) }
    }

    private mutating func failed(
        _ grant: Grant, _ failure: CallFailure, about document: DocumentID?, now: Ticks
    ) -> CallFailure {
        let wish = (failure.retryAfter.map { Ticks($0) } ?? grant.retryAfter).flatMap { wish -> Ticks? in
            wish > 0 && wish <= Ticks(RateLimitHeaders.horizon * 1e9) ? wish : nil
        }
        switch failure.effect {
        case .retry:
            if let event = gate.failed(failure.message, now: now) { note(event) }
        case .notFound, .permanent:
            accepted(grant, for: document, now: now)
            answered(grant, now: now)
        case .wait:
            answered(grant, now: now)
            refused(grant, failure, wish: wish, now: now)
        case .parkKey:
            answered(grant, now: now)
            switch failure.isSurmise ? blame(grant, for: document, message: failure.message, now: now) : .key {
            case .document: return failure.ofDocument(after: keys.count)
            case .nobody: break
            case .key:
                let until = keys[grant.key].refused(grantedAt: grant.at, wish: wish, now: now)
                park(grant.key, until: until, reason: failure.message)
            }
        case .disableKey:
            answered(grant, now: now)
            if case .disabled = keys[grant.key].state { return failure }
            keys[grant.key].state = .disabled(reason: failure.message)
            note(.keyDisabled(keyID: keys[grant.key].id, reason: failure.message))
        case .stopSource: note(gate.stop(failure.message, wish: wish, now: now))
        case .maintenance:
            for event in gate.maintained(failure.message, wish: wish, isProbe: grant.isProbe, now: now) { note(event) }
        }
        return failure
    }

    /// Lets a key rest; a longer rest is never shortened, a disabled key stays disabled.
    func parked(_ state: KeySlot.State, until: Ticks) -> Bool {
        switch state {
        case .active: false
        case .disabled: true
        case .parked(let other, _): other >= until
        }
    }

    mutating func park(_ key: Int, until: Ticks, reason: String) {
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
