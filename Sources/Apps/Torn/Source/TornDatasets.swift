import FreshetCore

/// The datasets of the source `torn`.
struct TornDatasets: Sendable {
    let options: TornOptions

    var all: [DatasetConfig] {
        TornEndpoint.allCases.filter { options.endpoints[$0] != nil }.compactMap(dataset).sorted { $0.id < $1.id }
    }

    /// `nil` when no key can ask for it.
    private func dataset(_ endpoint: TornEndpoint) -> DatasetConfig? {
        let keys = documentKeys(of: endpoint)
        guard !keys.isEmpty, let template = try? PathTemplate(path(of: endpoint)),
            let settings = options.endpoints[endpoint]
        else { return nil }
        let every = settings.every ?? endpoint.interval
        var dataset = DatasetConfig(id: endpoint.dataset, template: template)
        if endpoint.isPerFaction { dataset.normalisers = ["faction": .integer] }
        dataset.maxAge = max(every.approximate, .seconds(1))
        (dataset.maxAgeFloor, dataset.maxAgeCeiling) = (dataset.maxAge, dataset.maxAge)
        dataset.refresh = RefreshSchedule(timing: .every(every), selection: .list(keys))
        dataset.require = [Self.content(of: endpoint, options.balanceRoute)]
        dataset.ignoreChanges = Self.quiet(endpoint)
        dataset.maxBody = 256 << 20
        (dataset.timeout, dataset.retry) = (settings.timeout, settings.retry)
        (dataset.keyIDs, dataset.keyIDsByDocument) = credentials(for: endpoint)
        if endpoint == .crimes {
            var pagination = PaginationConfig(style: .nextURL(path: "$._metadata.links.next"), items: "$.crimes")
            pagination.maxPages = 2_000
            dataset.pagination = pagination
            // Each version holds the whole history: a day of them is enough to make rows again.
            dataset.historyKeep = Period(days: 1)
        }
        dataset.tables = TablesConfig(specs: TornTables(options: options, endpoint: endpoint).specs)
        return dataset
    }

    private func documentKeys(of endpoint: TornEndpoint) -> [String] {
        if options.keys.isEmpty { return [] }
        switch endpoint {
        case .items: return options.itemTypes
        case .serverTime: return [DocumentID.singletonKey]
        case .crimes, .members, .basic, .currency: return options.factions(for: endpoint).map(String.init)
        }
    }

    /// Torn takes the faction of crimes and money from the key: only keys of that faction may ask, or its rows would be
    /// another's.
    private func credentials(for endpoint: TornEndpoint) -> (all: [String]?, byDocument: [String: [String]]) {
        guard endpoint.needsOwnKey else { return (options.keyIDs(for: endpoint), [:]) }
        let own = options.factions(for: endpoint).map { ("\($0)", options.ownKeyIDs(of: $0, for: endpoint)) }
        return ([], Dictionary(uniqueKeysWithValues: own))
    }

    /// The path below the base URL.
    ///
    /// Where the faction is not part of Torn's path it stands in `comment`, which Torn shows in the owner's log and does not
    /// read: so each faction has a document of its own.
    private func path(of endpoint: TornEndpoint) -> String {
        switch endpoint {
        case .crimes:
            // Oldest first: what appears while pages are read comes last and moves none of them.
            "/faction/crimes?cat=all&sort=ASC\(window)&comment=freshet-{faction}"
        case .members: "/faction/{faction}/members?striptags=true"
        case .items: "/torn/items?cat={type}&sort=ASC"
        case .basic: "/faction/{faction}/basic"
        case .currency:
            options.balanceRoute == .balance
                ? "/faction/balance?comment=freshet-{faction}"
                : "/faction?selections=currency&comment=freshet-{faction}"
        case .serverTime: "/torn/timestamp"
        }
    }

    /// `filters` says which time `from` and `to` mean.
    private var window: String {
        let bounds = [("from", options.window.from), ("to", options.window.to)].compactMap { name, moment in
            moment.map { "&\(name)=\($0.seconds)" }
        }
        return bounds.isEmpty ? "" : "&filters=created_at" + bounds.joined()
    }

    /// What a good document has.
    private static func content(of endpoint: TornEndpoint, _ route: TornOptions.BalanceRoute) -> String {
        switch endpoint {
        case .crimes: "$.crimes"
        case .members: "$.members"
        case .items: "$.items"
        case .basic: "$.basic.id"
        case .currency: route == .balance ? "$.balance.faction.money" : "$.money"
        case .serverTime: "$.timestamp"
        }
    }

    /// What moves without meaning anything.
    private static func quiet(_ endpoint: TornEndpoint) -> [String] {
        switch endpoint {
        case .crimes: ["$._metadata"]
        case .members: ["$.members[*].last_action.relative"]
        case .items, .basic, .currency, .serverTime: []
        }
    }
}
