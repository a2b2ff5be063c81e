/// A window that upstream told of in `RateLimit-Policy` (IETF draft `ratelimit-headers`), counted beside the declared limits.
///
/// It can only make calls slower: every declared limit holds besides, and a window that a declared one already implies is not kept.
/// It counts for the datasets whose answers told of it, and for whoever quota is held for there: the key where keys have
/// limits of their own, otherwise the account, dataset or source. Another number under the same name replaces it; a policy
/// that no answer has told of for its own length, and an hour at least, is forgotten. Restarts keep it as they keep declared ones.
struct LearnedWindow: Sendable, Hashable {
    /// Whose calls it counts.
    let holder: BudgetMachine.Holder
    /// The key's or account's place in the machine, the dataset's, or 0 for the source.
    let member: Int
    let policy: RateLimitHeaders.Policy
    /// Where its counter stands.
    let counter: Int
    /// The datasets whose answers told of it.
    var places: Set<Int>
    var heardAt: Ticks

    /// Windows kept for one holder.
    static let atMost = 4

    /// When it is forgotten unless it is heard of again.
    var forgottenAt: Ticks { heardAt + max(Ticks(policy.per), 3_600_000_000_000) }
}

extension BudgetMachine {
    /// Whether nothing limits how fast calls may go.
    public var isUnlimited: Bool { source.limits.isEmpty && learned.isEmpty }

    /// Takes over the windows that an answer told of.
    mutating func learn(_ policies: [RateLimitHeaders.Policy], _ id: UInt64, now: Ticks) {
        guard let grant = grants[id] else { return }
        let holder = holders[grant.dataset]
        let member = member(of: holder, dataset: grant.dataset, key: grant.key)
        let names = Set(policies.map(\.name))
        for index in learned.indices.reversed() where learned[index].holder == holder && learned[index].member == member
        {
            // Told under this name, and now with another number: upstream has changed its mind.
            if names.contains(learned[index].policy.name), !policies.contains(learned[index].policy) {
                leave(index, place: grant.dataset)
            }
        }
        for policy in policies {
            if let index = learned.firstIndex(where: {
                $0.holder == holder && $0.member == member && $0.policy == policy
            }) {
                learned[index].heardAt = now
                if !learned[index].places.contains(grant.dataset) {
                    join(index, place: grant.dataset)
                    begin(learned[index], after: id, now: now)
                }
            } else if !isImplied(policy, holder, grant) {
                let told = learned.count { $0.holder == holder && $0.member == member }
                guard told < LearnedWindow.atMost else { continue }
                let index = add(policy, holder, member: member, heardAt: now)
                join(index, place: grant.dataset)
                begin(learned[index], after: id, now: now)
                isDirty = true
            }
        }
    }

    /// Makes a window without calls that counts for no dataset yet; its place among ``learned``.
    mutating func add(_ policy: RateLimitHeaders.Policy, _ holder: Holder, member: Int, heardAt: Ticks) -> Int {
        let name = LimitName(
            scope: scope(of: holder), member: memberName(holder, member), calls: policy.calls, per: policy.per,
            policy: policy.name)
        let counter = LimitCounter(name: name, limitIndex: nil, reserve: source.reserve, now: heardAt)
        let slot: Int
        if let free = spare.filter({ counters[$0].inFlight == 0 }).min() {
            spare.remove(free)
            counters[free] = counter
            slot = free
        } else {
            slot = counters.count
            counters.append(counter)
        }
        learned.append(
            LearnedWindow(holder: holder, member: member, policy: policy, counter: slot, places: [], heardAt: heardAt))
        return learned.count - 1
    }

    /// Lets a window count for a dataset.
    mutating func join(_ index: Int, place: Int) {
        let window = learned[index]
        learned[index].places.insert(place)
        switch window.holder {
        case .dataset, .source: sharedRoutes[place].append(window.counter)
        case .key: keyRoutes[place][window.member].append(window.counter)
        case .account:
            for key in keys.indices where keys[key].accountIndex == window.member {
                keyRoutes[place][key].append(window.counter)
            }
        }
    }

    /// Counts what is known to have been sent before the window was: the call that told of it, and what is in flight.
    ///
    /// Where a declared limit has counted the same calls for as long, it says what else was sent.
    private mutating func begin(_ window: LearnedWindow, after id: UInt64, now: Ticks) {
        guard let grant = grants[id] else { return }
        let per = Ticks(window.policy.per)
        let sibling = grant.route.first { other in
            other != window.counter && counters[other].per >= per && counts(other, window.holder)
        }
        if let sibling, window.places.count == 1 {
            for entry in counters[sibling].log.entries() where entry.last + per > now {
                counters[window.counter].restore(entry.count, at: entry.last)
            }
        } else {
            counters[window.counter].restore(1, at: now + 1)
        }
        for (other, flight) in grants where !flight.headSeen && !flight.route.contains(window.counter) {
            guard route(flight.dataset, flight.key).contains(window.counter) else { continue }
            grants[other]?.route.append(window.counter)
            counters[window.counter].adopt()
        }
    }

    /// Whether a declared limit allows no more than the policy does.
    private func isImplied(_ policy: RateLimitHeaders.Policy, _ holder: Holder, _ grant: Grant) -> Bool {
        grant.route.contains { index in
            guard let limit = counters[index].limitIndex, counts(index, holder) else { return false }
            let isWhole = source.limits[limit].datasets == nil || holder == .dataset
            return isWhole && counters[index].name.calls <= policy.calls && counters[index].per >= Ticks(policy.per)
        }
    }

    /// Whether a counter that a call belongs to counts every call of the holder.
    private func counts(_ counter: Int, _ holder: Holder) -> Bool {
        switch counters[counter].name.scope {
        case .ip: true
        case .account: holder == .key || holder == .account || accounts.count == 1
        case .key: (holder == .key || keys.count == 1)
        case .endpoint: holder == .dataset
        }
    }

    /// Forgets the windows of which nothing was heard for long.
    mutating func forgetWindows(now: Ticks) {
        for index in learned.indices.reversed() where learned[index].forgottenAt <= now {
            for place in learned[index].places { unroute(learned[index].counter, place: place) }
            spare.insert(learned[index].counter)
            learned.remove(at: index)
        }
    }

    /// Ends a window for one dataset, and with the last one altogether.
    private mutating func leave(_ index: Int, place: Int) {
        guard learned[index].places.remove(place) != nil else { return }
        unroute(learned[index].counter, place: place)
        guard learned[index].places.isEmpty else { return }
        spare.insert(learned[index].counter)
        learned.remove(at: index)
    }

    private mutating func unroute(_ counter: Int, place: Int) {
        sharedRoutes[place].removeAll { $0 == counter }
        for key in keys.indices { keyRoutes[place][key].removeAll { $0 == counter } }
    }

    private func scope(of holder: Holder) -> LimitConfig.Scope {
        switch holder {
        case .key: .key
        case .account: .account
        case .dataset: .endpoint
        case .source: .ip
        }
    }

    private func member(of holder: Holder, dataset: Int, key: Int) -> Int {
        switch holder {
        case .key: key
        case .account: keys[key].accountIndex
        case .dataset: dataset
        case .source: 0
        }
    }

    /// How a member is named in messages and snapshots.
    func memberName(_ holder: Holder, _ member: Int) -> String {
        switch holder {
        case .key: keys[member].id
        case .account: accounts[member]
        case .dataset: placeName(member)
        case .source: source.name
        }
    }

    /// How a dataset, or every path that none declares, is named in messages and snapshots.
    func placeName(_ place: Int) -> String {
        place < datasets.count ? datasets[place].description : BudgetLayout.undeclared
    }
}
