/// Which counts a source has, and which of them a call belongs to, worked out once.
struct BudgetLayout {
    private(set) var counters: [LimitCounter] = []
    private(set) var keys: [KeySlot] = []
    private(set) var accounts: [String] = []
    private(set) var sharedRoutes: [[Int]]
    private(set) var keyRoutes: [[[Int]]]
    private(set) var holders: [BudgetMachine.Holder] = []
    private(set) var widerHolders: [BudgetMachine.Holder?] = []

    /// How undeclared paths are named as a member of scope endpoint.
    static let undeclared = "other"

    init(source: SourceConfig, datasets: [DatasetID], now: Ticks) {
        let credentials = source.auth.keys.isEmpty ? [Credential.anonymous] : source.auth.keys
        for credential in credentials {
            if !accounts.contains(credential.account) { accounts.append(credential.account) }
            let account = accounts.firstIndex(of: credential.account) ?? 0
            keys.append(KeySlot(id: credential.id, account: credential.account, accountIndex: account))
        }
        let places = datasets.count + 1
        sharedRoutes = Array(repeating: [], count: places)
        keyRoutes = Array(repeating: Array(repeating: [], count: keys.count), count: places)
        for (index, limit) in source.limits.enumerated() {
            let served = (0..<places).filter { place in
                limit.datasets.map { place < datasets.count && $0.contains(datasets[place]) } ?? true
            }
            add(limit, index: index, places: served, datasets: datasets, source: source, now: now)
        }
        for place in 0..<places {
            let scopes = source.limits.filter { limit in
                limit.datasets.map { place < datasets.count && $0.contains(datasets[place]) } ?? true
            }.map(\.scope)
            let holder = holder(scopes)
            holders.append(holder)
            widerHolders.append(wider(than: holder, scopes))
        }
    }

    /// Whose quota a refusal may be about although the key is taken first.
    private func wider(than holder: BudgetMachine.Holder, _ scopes: [LimitConfig.Scope]) -> BudgetMachine.Holder? {
        guard holder == .key else { return nil }
        if scopes.contains(.account) { return accounts.count > 1 ? .account : .source }
        return scopes.contains(.ip) ? .source : nil
    }

    private mutating func add(
        _ limit: LimitConfig, index: Int, places: [Int], datasets: [DatasetID], source: SourceConfig, now: Ticks
    ) {
        func counter(_ member: String) -> LimitCounter {
            let name = LimitName(scope: limit.scope, member: member, calls: limit.calls, per: limit.per)
            return LimitCounter(name: name, limitIndex: index, reserve: source.reserve, now: now)
        }
        switch limit.scope {
        case .ip:
            for place in places { sharedRoutes[place].append(counters.count) }
            counters.append(counter(source.name))
        case .endpoint:
            for place in places {
                sharedRoutes[place].append(counters.count)
                counters.append(counter(place < datasets.count ? datasets[place].description : BudgetLayout.undeclared))
            }
        case .account:
            for (position, account) in accounts.enumerated() {
                for key in keys.indices where keys[key].accountIndex == position {
                    for place in places { keyRoutes[place][key].append(counters.count) }
                }
                counters.append(counter(account))
            }
        case .key:
            for key in keys.indices {
                for place in places { keyRoutes[place][key].append(counters.count) }
                counters.append(counter(keys[key].id))
            }
        }
    }

    /// The narrowest holder that the limits speak for: one key's quota must not stop the others.
    private func holder(_ scopes: [LimitConfig.Scope]) -> BudgetMachine.Holder {
        if keys.count > 1, scopes.isEmpty || scopes.contains(.key) { return .key }
        if accounts.count > 1, scopes.contains(.account) { return .account }
        if !scopes.isEmpty, scopes.allSatisfy({ $0 == .endpoint }) { return .dataset }
        return .source
    }
}
