extension BudgetMachine {
    /// A snapshot to persist before more calls can be granted, or soon; `nil` while nothing is needed or one is being written.
    ///
    /// Ask after every ``decide(dataset:priority:aged:now:)``. Once it is durable, call ``reservationPersisted(_:)``. It covers half a
    /// second of calls of every limit in use (limits slower than two calls a second: one call, on demand) and is renewed when half of
    /// that is used, so a saturated source writes about four times a second and never waits for the store. Sources without limits
    /// need one only when a key is parked, a breaker opens and so on.
    public mutating func reservationNeeded(now: Duration, wall: Timestamp) -> BudgetSnapshot? {
        guard pendingToken == nil, isDirty || counters.contains(where: { $0.reservation.needsRenewal }) else {
            return nil
        }
        lastToken += 1
        pendingToken = lastToken
        isDirty = false
        let amounts = counters.indices.map { counters[$0].reservation.begin() }
        return snapshot(now: Ticks(now), wall: wall, reserved: amounts, isClean: false)
    }

    /// The snapshot with this ``BudgetSnapshot/token`` is durable.
    public mutating func reservationPersisted(_ token: UInt64) {
        guard token == pendingToken else { return }
        pendingToken = nil
        for index in counters.indices { counters[index].reservation.commit() }
    }

    /// The snapshot with this ``BudgetSnapshot/token`` could not be written, or nobody knows; another one will be asked for.
    public mutating func reservationFailed(_ token: UInt64) {
        guard token == pendingToken else { return }
        pendingToken = nil
        isDirty = true
        for index in counters.indices { counters[index].reservation.abandon() }
    }

    /// The exact state, for an orderly end: persist it after the last call has finished.
    ///
    /// What was reserved is given back: a later grant needs a reservation again.
    public mutating func closingSnapshot(now: Duration, wall: Timestamp) -> BudgetSnapshot {
        lastToken += 1
        pendingToken = nil
        for index in counters.indices { counters[index].reservation.revoke() }
        let none = Array(repeating: 0, count: counters.count)
        return snapshot(now: Ticks(now), wall: wall, reserved: none, isClean: true)
    }

    private func snapshot(now: Ticks, wall: Timestamp, reserved: [Int], isClean: Bool) -> BudgetSnapshot {
        var result = BudgetSnapshot(token: lastToken, bootID: bootID, taken: now, wall: wall, isClean: isClean)
        func kept(_ index: Int) -> BudgetSnapshot.Counter {
            let counter = counters[index]
            var log = counter.log
            log.purge(now: now)
            return BudgetSnapshot.Counter(
                scope: counter.name.scope, member: counter.name.member, filter: filter(counter.limitIndex),
                // Written often: neighbours are merged, which counts them as later than they were.
                per: counter.per, entries: log.entries(maximum: isClean ? .max : 128), inFlight: counter.inFlight,
                reserved: reserved[index], due: counter.due)
        }
        result.counters = counters.indices.filter { counters[$0].limitIndex != nil }.map(kept)
        result.learned = learned.map { window in
            BudgetSnapshot.Learned(
                owner: BudgetSnapshot.Hold.Owner(window.holder), name: memberName(window.holder, window.member),
                policy: window.policy.name, calls: window.policy.calls, heardAt: window.heardAt,
                places: window.places.sorted().map(placeName), counter: kept(window.counter))
        }
        func keep(_ owner: BudgetSnapshot.Hold.Owner, _ name: String, _ hold: QuotaHold) {
            guard hold.until > now || hold.quotas.contains(where: { $0.resetsAt > now }) else { return }
            result.holds.append(.init(owner: owner, name: name, until: hold.until, quotas: hold.quotas))
        }
        keep(.source, source.name, sourceHold)
        for (index, name) in accounts.enumerated() { keep(.account, name, accountHolds[index]) }
        for (index, id) in datasets.enumerated() { keep(.dataset, id.description, datasetHolds[index]) }
        for key in keys {
            keep(.key, key.id, key.hold)
            if case .parked(let until, let reason) = key.state {
                result.parks.append(.init(keyID: key.id, until: until, reason: reason))
            }
        }
        result.gate = gate.state
        return result
    }

    private func filter(_ limit: Int?) -> [String] {
        limit.flatMap { source.limits[$0].datasets }?.sorted().map(\.description) ?? []
    }

    /// Goes on from what the store has kept, never assuming less than the truth.
    ///
    /// - Same boot and a clock that has not gone back: times are taken as they are; grants that the snapshot covers but does not
    ///   count, and calls that were in flight, count as made now.
    /// - Anything else (another boot, a clock that went back): all calls of a window count as made now. Only for windows longer than
    ///   one hour the wall clock may prove that they have left it: it must show more than `per` and one hour (the error we allow
    ///   it) since the snapshot.
    /// - Unreadable: every window is full.
    mutating func restore(_ restored: BudgetRestore, now: Ticks, wall: Timestamp) {
        switch restored {
        case .fresh: return
        case .unreadable:
            for index in counters.indices {
                counters[index].restore(.max, at: now + grace(counters[index].per))
                counters[index].restorePace(due: nil, unconfirmed: 0, now: now)
            }
        case .snapshot(let snapshot):
            lastToken = snapshot.token
            let isSameBoot = !bootID.isEmpty && snapshot.bootID == bootID && now >= snapshot.taken
            for index in counters.indices {
                let kept = match(counters[index], in: snapshot.counters)
                restoreCounter(index, kept, snapshot, isSameBoot: isSameBoot, now: now, wall: wall)
            }
            for kept in snapshot.learned { restore(kept, snapshot, isSameBoot: isSameBoot, now: now, wall: wall) }
            restoreHolds(snapshot, shift: isSameBoot ? 0 : now - snapshot.taken)
        }
    }

    /// Goes on with a window that upstream told of, unless nothing of what it counted for is declared any more.
    private mutating func restore(
        _ kept: BudgetSnapshot.Learned, _ snapshot: BudgetSnapshot, isSameBoot: Bool, now: Ticks, wall: Timestamp
    ) {
        let places = kept.places.compactMap { name in (0...datasets.count).first { placeName($0) == name } }
        let holder = kept.owner.holder
        let members: Int
        switch holder {
        case .key: members = keys.count
        case .account: members = accounts.count
        case .dataset: members = datasets.count + 1
        case .source: members = 1
        }
        guard !places.isEmpty, let member = (0..<members).first(where: { memberName(holder, $0) == kept.name }) else {
            return
        }
        let policy = RateLimitHeaders.Policy(name: kept.policy, calls: kept.calls, per: kept.counter.per.duration)
        let index = add(policy, holder, member: member, heardAt: isSameBoot ? kept.heardAt : now)
        for place in places { join(index, place: place) }
        restoreCounter(
            learned[index].counter, kept.counter, snapshot, isSameBoot: isSameBoot, now: now, wall: wall)
    }

    private mutating func restoreCounter(
        _ index: Int, _ kept: BudgetSnapshot.Counter?, _ snapshot: BudgetSnapshot, isSameBoot: Bool, now: Ticks,
        wall: Timestamp
    ) {
        guard let kept else {
            counters[index].restorePace(due: nil, unconfirmed: 0, now: now)
            return
        }
        let (per, settled) = (counters[index].per, now + grace(counters[index].per))
        let unconfirmed = kept.inFlight + kept.reserved
        if isSameBoot {
            for entry in kept.entries where entry.last + per > now {
                counters[index].restore(entry.count, at: min(entry.last, settled))
            }
            counters[index].restore(unconfirmed, at: settled)
            let due = kept.per == per ? kept.due : nil
            counters[index].restorePace(due: due, unconfirmed: kept.reserved, now: now)
            return
        }
        counters[index].restorePace(due: nil, unconfirmed: 0, now: now)
        let hour: Ticks = 3_600_000_000_000
        if per > hour, Ticks(wall - snapshot.wall) > per + hour { return }
        counters[index].restore(kept.entries.reduce(unconfirmed) { $0 + $1.count }, at: settled)
    }

    /// The count of the same limit, although its `calls` may have changed; else, when the configuration is new, the longest one
    /// that counts for the same member.
    private func match(_ counter: LimitCounter, in kept: [BudgetSnapshot.Counter]) -> BudgetSnapshot.Counter? {
        let same = kept.filter { $0.scope == counter.name.scope && $0.member == counter.name.member }
        let filter = filter(counter.limitIndex)
        return same.first { $0.per == counter.per && $0.filter == filter }
            ?? same.filter { $0.filter == filter }.max { $0.per < $1.per } ?? same.max { $0.per < $1.per }
    }

    private mutating func restoreHolds(_ snapshot: BudgetSnapshot, shift: Ticks) {
        func moved(_ time: Ticks) -> Ticks { time >= .never ? .never : time + shift }
        for kept in snapshot.holds {
            let quotas = kept.quotas.map { quota in
                LearnedQuota(
                    name: quota.name, limit: quota.limit, remaining: quota.remaining, resetsAt: moved(quota.resetsAt))
            }
            let hold = QuotaHold(until: moved(kept.until), quotas: quotas)
            switch kept.owner {
            case .source: sourceHold = hold
            case .account: if let index = accounts.firstIndex(of: kept.name) { accountHolds[index] = hold }
            case .dataset:
                if let index = datasets.firstIndex(where: { $0.description == kept.name }) {
                    datasetHolds[index] = hold
                }
            case .key: if let index = keys.firstIndex(where: { $0.id == kept.name }) { keys[index].hold = hold }
            }
        }
        for park in snapshot.parks {
            guard let index = keys.firstIndex(where: { $0.id == park.keyID }) else { continue }
            keys[index].state = .parked(until: moved(park.until), reason: park.reason)
        }
        let state: SourceGate.State
        switch snapshot.gate {
        case .passing: state = .passing(failures: 0)
        case .broken(let since, let next, let text):
            state = .broken(since: moved(since), nextProbe: moved(next), lastError: text)
        case .maintenance(let since, let next, let text):
            state = .maintenance(since: moved(since), nextProbe: moved(next), message: text)
        case .stopped(let until, let text): state = .stopped(until: moved(until), reason: text)
        }
        gate = SourceGate(source: source, state: state)
    }
}
