import FreshetCore
import TornApp

/// `apps.torn:` as the file has it.
struct TornDraft: Sendable {
    var options = TornOptions(factions: [], keys: [])
    var keys: [Named<TornKeyDraft>] = []
    var factions: [Int] = []
    var endpoints = TornEndpointsDraft()
    var place = Place()

    init() {}

    init(showing options: TornOptions) {
        self.options = options
        keys = options.keys.map { key in
            Named(name: key.name, value: TornKeyDraft(secret: nil, user: key.user, faction: key.faction))
        }
        factions = options.factions
        for endpoint in TornEndpoint.allCases {
            var draft = TornEndpointDraft(endpoint)
            draft.isOn = options.endpoints[endpoint] != nil
            draft.settings = options.endpoints[endpoint] ?? TornOptions.Endpoint()
            draft.every = draft.settings.every ?? endpoint.interval
            draft.disposition = draft.settings.disposition ?? endpoint.disposition
            draft.keys = (draft.settings.keys ?? []).map { Located(value: $0) }
            draft.limits = draft.settings.limits.map(LimitDraft.init(showing:))
            (draft.from, draft.to) = (options.window.from?.rfc3339, options.window.to?.rfc3339)
            (draft.types, draft.route) = (options.itemTypes.map { Located(value: $0) }, options.balanceRoute)
            endpoints[endpoint] = draft
        }
    }
}

/// An API key as the file has it.
struct TornKeyDraft: Sendable {
    var secret: SecretText?
    var user = "default"
    var faction: Int?
}

/// The entries of `endpoints:`.
struct TornEndpointsDraft: Sendable {
    var crimes = TornEndpointDraft(.crimes)
    var members = TornEndpointDraft(.members)
    var items = TornEndpointDraft(.items)
    var basic = TornEndpointDraft(.basic)
    var currency = TornEndpointDraft(.currency)
    var serverTime = TornEndpointDraft(.serverTime)

    subscript(endpoint: TornEndpoint) -> TornEndpointDraft {
        get { self[keyPath: Self.path(endpoint)] }
        set { self[keyPath: Self.path(endpoint)] = newValue }
    }

    private static func path(_ endpoint: TornEndpoint) -> WritableKeyPath<Self, TornEndpointDraft> {
        switch endpoint {
        case .crimes: \.crimes
        case .members: \.members
        case .items: \.items
        case .basic: \.basic
        case .currency: \.currency
        case .serverTime: \.serverTime
        }
    }
}

/// One endpoint as the file has it; `from`, `types` and `route` belong to one endpoint each.
struct TornEndpointDraft: Sendable {
    var isOn = true
    var every: Period
    var disposition: WriteDisposition
    var keys: [Located<String>] = []
    var limits: [LimitDraft] = []
    var settings = TornOptions.Endpoint()
    var from: String?
    var to: String?
    var types: [Located<String>] = TornItemType.all.map { Located(value: $0) }
    var route = TornOptions.BalanceRoute.balance
    var place = Place()

    init(_ endpoint: TornEndpoint) { (every, disposition) = (endpoint.interval, endpoint.disposition) }

    /// Whether superseded rows are kept.
    var history: RowHistory {
        get { settings.keepsHistory ? .rows : .none }
        set { settings.keepsHistory = newValue == .rows }
    }
}

/// `apps.torn:`.
enum TornTable {
    static let section = Section<TornDraft>(
        "torn", at: "apps.torn", doc: "Torn City: logs factions into tables. All keys but `keys` have a default.",
        example: "{ keys: { main: \"${env:TORN_KEY}\" }, factions: [40832] }", defaults: TornDraft(), place: \.place,
        keepsPartial: true,
        keys: [
            Key(
                "keys", \.keys,
                .map(of: keyKind, named: "key", pattern: ConfigName.pattern) { entry, reading in
                    if ConfigName.isName(entry.key) { return true }
                    reading.problem(
                        entry.mark, entry.value.path,
                        "\"\(entry.key)\" is not a name: begin with a small letter, then a-z, 0-9, _ or -")
                    return false
                }, required: true, synonyms: ["key", "api_key", "api_keys", "credentials"],
                "The API keys by a name of your choice. They are sent in a header, never in an address."),
            Key(
                "factions", \.factions, .oneOrMore(.integer(1...Int(Int32.max))),
                defaultWords: "the factions of the keys", synonyms: ["faction", "faction_id", "faction_ids"],
                "The factions that are logged, by number. Torn shows crimes and money of a faction only to its own keys."
            ),
            Key(
                "endpoints", \.endpoints, endpoints.kind, defaultWords: "all of them", synonyms: ["datasets"],
                "What is logged, and how. What is not named runs with its defaults; `off` leaves one out."),
            Key(
                "base_url", \.options.baseURL, .url(isBase: true), synonyms: ["url", "base", "host"],
                "Where version 2 of the API is."),
            Key(
                "calls_per_user", \.options.callsPerUser, .integer(1...1_000_000), synonyms: ["rate_limit", "limit"],
                "Calls that one user may make in a minute over all keys; Torn allows 100."),
            Key(
                "calls_per_address", \.options.callsPerAddress, .integer(1...1_000_000),
                "Calls that one address may make in a minute; Torn allows 1,000."),
            Key(
                "recommended_pass_rate", \.options.passRate, .integer(1...100), synonyms: ["pass_rate"],
                "The pass rate that recommends a difficulty to a member in the report `member_information`."),
            Key(
                "destinations", \.options.destinations, .oneOrMore(.text("destination", example: "warehouse")),
                defaultWords: "none", synonyms: ["destination", "warehouse"],
                "The `destinations` that all rows are sent to."),
            Key(
                "user_agent", \.options.userAgent, .text(example: "my-faction-logger"),
                "What Freshet calls itself to Torn, whose gate may refuse the names of common libraries."),
        ])

    /// A secret alone, or a map.
    private static let keyKind = Kind<TornKeyDraft>(type: .either([.text("secret"), .section(key.info)])) {
        node, reading in
        if node.map != nil { return key.read(node, &reading) }
        return Kind<SecretText>.secret.read(node, &reading).map { TornKeyDraft(secret: $0) }
    } show: { draft in
        .object([
            ("secret", .text(Redaction.mark)), ("user", draft.user == "default" ? nil : .text(draft.user)),
            ("faction", draft.faction.map(OrderedValue.int)),
        ])
    }

    static let key = Section<TornKeyDraft>(
        "torn_key", at: "apps.torn.keys.<key>", doc: "An API key whose owner is told.",
        example: "{ secret: \"${env:TORN_KEY}\", user: 3449728, faction: 40832 }", defaults: TornKeyDraft(),
        keys: [
            Key(
                "secret", \.secret, .optional(.secret), required: true, synonyms: ["value", "key", "token"],
                "The key itself."),
            Key(
                "user", \.user, .text("name or number", example: "3449728"), synonyms: ["owner", "account", "user_id"],
                "The Torn user who owns it. Torn counts calls per user, so keys of one user share the limit; keys without "
                    + "an owner are taken for keys of the same one."),
            Key(
                "faction", \.faction, .optional(.integer(1...Int(Int32.max))), defaultWords: "the one faction there is",
                synonyms: ["faction_id"],
                "The faction of that user: its crimes and money are read with this key. With several factions it must be told."
            ),
        ])

    static let endpoints = Section<TornEndpointsDraft>(
        "torn_endpoints", at: "apps.torn.endpoints", doc: "What is logged: `off`, or settings.",
        example: "{ crimes: { every: PT15M }, items: off }", defaults: TornEndpointsDraft(),
        keys: [
            Key(
                "crimes", \.crimes, kind(crimes, .crimes), defaultWords: "on",
                "Organised crimes, their slots and rewards."),
            Key(
                "members", \.members, kind(endpoint(.members), .members), defaultWords: "on",
                "Members and their status."),
            Key(
                "items", \.items, kind(items, .items), defaultWords: "on",
                "All items by type, with the details of weapons and armour."),
            Key(
                "basic", \.basic, kind(endpoint(.basic), .basic), defaultWords: "on",
                "Respect, rank and leaders, a row for each fetch."),
            Key(
                "currency", \.currency, kind(currency, .currency), defaultWords: "on",
                "Money and points, a row for each fetch."),
            Key(
                "server_time", \.serverTime, kind(endpoint(.serverTime), .serverTime), defaultWords: "on",
                synonyms: ["server_timestamp", "timestamp"], "Torn's clock, a row for each fetch."),
        ])

    static let crimes = endpoint(
        .crimes,
        [
            Key(
                "from", \.from, .optional(moment), defaultWords: "the beginning", synonyms: ["since", "start"],
                "Only crimes created after this moment are asked for; rows of earlier ones stay."),
            Key(
                "to", \.to, .optional(moment), defaultWords: "no end", synonyms: ["until", "end"],
                "Only crimes created at this moment at the latest are asked for; rows of later ones stay."),
        ])

    static let items = endpoint(
        .items,
        [
            Key(
                "types", \.types, .oneOrMore(.located(.text("type", example: "Weapon"))), defaultWords: "all 23",
                synonyms: ["type", "categories", "cat"], "The types of items that are asked for.")
        ])

    static let currency = endpoint(
        .currency,
        [
            Key(
                "route", \.route, .choice("a route"), synonyms: ["via", "selection"],
                "`balance` is /faction/balance; `selection` is the currency selection of version 1, for keys that have only it."
            )
        ])

    private static func endpoint(_ endpoint: TornEndpoint, _ own: [Key<TornEndpointDraft>] = [])
        -> Section<TornEndpointDraft>
    {
        Section<TornEndpointDraft>(
            "torn_\(endpoint.rawValue)", at: "apps.torn.endpoints.\(endpoint.rawValue)",
            doc: "How `torn.\(endpoint.rawValue)` is logged.",
            example: "{ every: \(Period(endpoint.interval.approximate)) }", defaults: TornEndpointDraft(endpoint),
            place: \.place, keepsPartial: true,
            keys: [
                Key(
                    "every", \.every, .period(atLeast: .seconds(1)), synonyms: ["interval", "frequency", "refresh"],
                    "How often it is fetched. A month is a calendar month."),
                Key(
                    "write_disposition", \.disposition, .choice("a disposition"),
                    synonyms: ["disposition", "storage_mode", "mode"],
                    "What becomes of earlier rows: `append`, `replace` or `merge`."),
                Key(
                    "keys", \.keys, .oneOrMore(.located(.text("key", example: "main"))), defaultWords: "every key",
                    synonyms: ["key", "api_key"], "The keys that may be used, by name."),
                Key(
                    "timeout", \.settings.timeout, .optional(.duration(atLeast: .milliseconds(10))),
                    defaultWords: "`PT30S`", "How long one call may take."),
                Key(
                    "retry", \.settings.retry, .optional(SourceTable.retry.kind), defaultWords: "as for every source",
                    synonyms: ["retries"], "How failures that may pass are tried again."),
                Key(
                    "limits", \.limits, .list(LimitTable.datasetLimit.kind), defaultWords: "none",
                    synonyms: ["limit", "rate_limit"], "Limits besides Torn's own that count calls of this endpoint."),
                Key(
                    "history", \.history, .choice("a history"),
                    "Whether superseded rows are kept with the time they held, for `?as_of=`."),
            ] + own)
    }

    /// `off`, or settings.
    private static func kind(_ section: Section<TornEndpointDraft>, _ endpoint: TornEndpoint) -> Kind<TornEndpointDraft>
    {
        Kind(type: .either([.choice(["off"]), .section(section.info)])) { node, reading in
            if let text = node.scalar?.text, ["off", "none", "false"].contains(text) {
                var draft = TornEndpointDraft(endpoint)
                draft.isOn = false
                return draft
            }
            return section.read(node, &reading)
        } show: { draft in
            draft.isOn ? section.show(draft) : .text("off")
        }
    }

    /// A day or moment in UTC, as text.
    private static let moment = Kind<String>.checked("day or moment", example: "2026-01-31") { text in
        Timestamp(rfc3339: text) == nil
            ? "is not a moment: write a day such as 2026-01-31, or RFC 3339 such as 2026-01-31T12:00:00Z" : nil
    }
}
