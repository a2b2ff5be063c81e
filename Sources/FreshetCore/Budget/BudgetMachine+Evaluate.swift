extension BudgetMachine {
    enum Verdict {
        /// It can go with `key`; `freest` should be made durable, so that load spreads to it.
        case go(key: Int, freest: Int)
        /// It could go if its grant were durable.
        case unreserved(key: Int)
        case wait(until: Ticks, BudgetBlock)
    }

    typealias Obstacle = (until: Ticks, block: BudgetBlock)

    /// The decision, without taking anything.
    ///
    /// `only`: the one key to use, whatever its state; `allowed`: the ids of those that may be used.
    func evaluate(
        _ dataset: Int, _ lane: BudgetLane, only: Int? = nil, allowed: [String]? = nil, now: Ticks
    ) -> Verdict {
        if let (until, block) = gate.obstacle(now: now) { return .wait(until: until, block) }
        if grants.count >= max(1, source.concurrency) {
            // Ends when a call finishes; the time limit of calls bounds that.
            return .wait(until: now + max(1_000_000, Ticks(source.timeout)), .concurrency(limit: source.concurrency))
        }
        let shared = sharedObstacle(dataset, lane, now: now)
        let (best, reserved, nearest) = choose(dataset, lane, only: only, allowed: allowed, now: now)
        guard let key = best else {
            let pool = nearest ?? (now + 1, .allKeysDisabled(reason: "no key"))
            if let shared, shared.until > pool.until { return .wait(until: shared.until, shared.block) }
            return .wait(until: pool.until, pool.block)
        }
        if let shared { return .wait(until: shared.until, shared.block) }
        guard let durable = reserved, isReserved(sharedRoutes[dataset]) else { return .unreserved(key: key) }
        return .go(key: durable, freest: key)
    }

    private func sharedObstacle(_ dataset: Int, _ lane: BudgetLane, now: Ticks) -> Obstacle? {
        var latest: Obstacle?
        for hold in [sourceHold, datasetHolds[dataset]] {
            if let until = hold.obstacle(lane, reserve: source.reserve, now: now) {
                latest = later(latest, (until, .learnedQuota(until: until.duration)))
            }
        }
        for counter in sharedRoutes[dataset] { latest = later(latest, counters[counter].obstacle(lane, now: now)) }
        return latest
    }

    /// The freest key that may be used now, the freest whose grant would be durable, and else what is first to pass.
    private func choose(
        _ dataset: Int, _ lane: BudgetLane, only: Int?, allowed: [String]?, now: Ticks
    ) -> (best: Int?, reserved: Int?, nearest: Obstacle?) {
        var best: (index: Int, load: Double)?
        var reserved: (index: Int, load: Double)?
        var nearest: Obstacle?
        for index in keys.indices where only == nil || only == index {
            if let allowed, !allowed.contains(keys[index].id) { continue }
            let route = keyRoutes[dataset][index]
            if let obstacle = keyObstacle(index, route, lane, ignoresState: only != nil, now: now) {
                if nearest.map({ obstacle.until < $0.until }) ?? true { nearest = obstacle }
                continue
            }
            let load = route.map { counters[$0].load(at: now) }.max() ?? 0
            if isFreer(index, load, than: best) { best = (index, load) }
            if isReserved(route), isFreer(index, load, than: reserved) { reserved = (index, load) }
        }
        return (best?.index, reserved?.index, nearest)
    }

    private func isFreer(_ index: Int, _ load: Double, than other: (index: Int, load: Double)?) -> Bool {
        guard let other else { return true }
        return load < other.load || (load == other.load && keys[index].lastGrant < keys[other.index].lastGrant)
    }

    private func keyObstacle(
        _ index: Int, _ route: [Int], _ lane: BudgetLane, ignoresState: Bool, now: Ticks
    ) -> Obstacle? {
        let key = keys[index]
        var latest: Obstacle?
        switch ignoresState ? .active : key.state {
        case .disabled(let reason):
            // Only a person ends this; asking again each hour shows that it still is so.
            return (now + 3_600_000_000_000, .allKeysDisabled(reason: reason))
        case .parked(let until, let reason) where until > now:
            latest = (until, .allKeysParked(until: until.duration, reason: reason))
        case .parked, .active: break
        }
        for hold in [key.hold, accountHolds[key.accountIndex]] {
            if let until = hold.obstacle(lane, reserve: source.reserve, now: now) {
                latest = later(latest, (until, .learnedQuota(until: until.duration)))
            }
        }
        for counter in route { latest = later(latest, counters[counter].obstacle(lane, now: now)) }
        return latest
    }

    private func isReserved(_ route: [Int]) -> Bool { route.allSatisfy { counters[$0].reservation.left > 0 } }

    private func later(_ a: Obstacle?, _ b: Obstacle?) -> Obstacle? {
        guard let a else { return b }
        guard let b else { return a }
        return b.until > a.until ? b : a
    }
}
