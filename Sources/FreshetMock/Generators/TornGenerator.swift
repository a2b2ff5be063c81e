import NIOHTTP1
import Synchronization

/// Plays version 2 of the Torn City API with factions of its own, whose crimes are planned, carried out and paid with time.
///
/// Served below `/v2`: `faction/crimes` in pages, `faction/{id}/crime`, `faction[/{id}]/members`, `faction[/{id}]/basic`,
/// `faction/balance`, `faction?selections=currency`, `torn/items?cat=`, `torn/{ids}/items`, and `timestamp` of both. As on
/// Torn every error has status 200, and the key says whose crimes and money are shown: a key that contains the number of a
/// faction belongs to it, one that ends in `-2` to the second, every other one to the first. A key that contains `public`
/// may not see crimes and money.
public struct TornGenerator: MockHandler {
    /// Crimes on a page.
    public static let pageSize = 100

    /// The factions there are, at least one.
    public let factions: [Int]
    private let world: TornWorld
    private let changeEvery: Duration
    private let unix: @Sendable () -> Duration
    private let cache = BodyCache()
    private let errors = Errors()

    private final class Errors: Sendable {
        struct Entry { let key: String?, code: Int; var left: Int? }
        let entries = Mutex<[Entry]>([])
    }

    /// Creates a world.
    ///
    /// - Parameters:
    ///   - seed: Another seed, another world.
    ///   - factions: Their numbers, at least one.
    ///   - origin: When the first crime was created, in seconds since 1970.
    ///   - crimesEvery: The time from one crime of a faction to its next, at least a second.
    ///   - changeEvery: The length of one step of time, above zero; within it nothing changes.
    ///   - clock: Its wall clock says how far things have come.
    public init(
        seed: UInt64 = 1, factions: [Int] = [40_832, 17_991], origin: Int64 = 1_757_808_000,
        crimesEvery: Duration = .seconds(8 * 3_600), changeEvery: Duration = .seconds(60), clock: MockClock = .system
    ) {
        precondition(!factions.isEmpty, "there must be a faction")
        precondition(changeEvery > .zero && crimesEvery >= .seconds(1), "times must be above zero")
        self.factions = factions
        world = TornWorld(seed: seed, origin: origin, spacing: crimesEvery.components.seconds)
        self.changeEvery = changeEvery
        unix = clock.unix
    }

    /// Answers with an error code instead of a document.
    ///
    /// - Parameters:
    ///   - code: One of Torn's codes, 0...24.
    ///   - key: The key whose calls fail; `nil` for all.
    ///   - times: How many calls fail; `nil` for all from now on.
    public func inject(code: Int, forKey key: String? = nil, times: Int? = nil) {
        errors.entries.withLock { $0.append(.init(key: key, code: code, left: times)) }
    }

    /// Ends what ``inject(code:forKey:times:)`` began.
    public func clearInjected() { errors.entries.withLock { $0 = [] } }

    /// Answers a request.
    public func respond(to request: MockRequest) -> MockResponse {
        guard let key = request.key else { return Self.error(1) }
        if let code = injected(key) { return Self.error(code) }
        var parts = request.segments[...]
        guard request.method == "GET" || request.method == "HEAD", parts.popFirst() == "v2" else {
            return Self.error(23)
        }
        let step = changeEvery.components.seconds > 0 ? changeEvery.components.seconds : 1
        let now = Int64(unix().asSeconds) / step * step
        switch (parts.popFirst(), Array(parts)) {
        case ("faction", let rest): return faction(rest, request, key, now)
        case ("torn", let rest): return torn(rest, request, now)
        default: return Self.error(4)
        }
    }

    /// The errors of the true API, all with status 200 but those of its gate.
    public func failure(_ failure: MockFailure) -> MockResponse {
        switch failure {
        case .keyRefused: Self.error(2)
        case .rateLimited, .insideSuccess: Self.error(5)
        case .maintenance: Self.error(9)
        case .status(let status):
            .json(["error": ["code": 17, "error": "Backend error occurred, please try again"]], status: status)
        }
    }

    /// `/v2/faction/{id}/members` and so on.
    public func endpoint(of path: Substring) -> String? {
        let parts = Target.segments(path).map { $0.allSatisfy { $0.isNumber || $0 == "," } ? "{id}" : $0 }
        return parts.first == "v2" ? "/" + parts.joined(separator: "/") : nil
    }

    // MARK: Errors

    private func injected(_ key: String) -> Int? {
        errors.entries.withLock { entries in
            guard let index = entries.firstIndex(where: { ($0.key == nil || $0.key == key) && $0.left != 0 }) else {
                return nil
            }
            entries[index].left = entries[index].left.map { $0 - 1 }
            return entries[index].code
        }
    }

    private static func error(_ code: Int) -> MockResponse {
        .json(["error": ["code": .int(code), "error": .string(messages[code] ?? "Unknown error")]])
    }

    private static let messages = [
        0: "Unknown error", 1: "Key is empty", 2: "Incorrect key", 3: "Wrong type", 4: "Wrong fields",
        5: "Too many requests", 6: "Incorrect ID", 7: "Incorrect ID-entity relation", 8: "IP block",
        9: "API disabled", 10: "Key owner is in federal jail", 11: "Key change error", 12: "Key read error",
        13: "The key is temporarily disabled due to owner inactivity", 14: "Daily read limit reached",
        15: "Temporary error", 16: "Access level of this key is not high enough",
        17: "Backend error occurred, please try again", 18: "API key has been paused by the owner",
        21: "Incorrect category", 23: "This selection is only available in API v2", 24: "Closed temporarily",
    ]

    // MARK: Factions

    private func faction(of key: String) -> Int {
        if let named = factions.first(where: { key.contains("\($0)") }) { return named }
        let place = key.split(separator: "-").last.flatMap { Int($0) } ?? 1
        return factions.indices.contains(place - 1) ? factions[place - 1] : factions[0]
    }

    private func faction(_ path: [String], _ request: MockRequest, _ key: String, _ now: Int64) -> MockResponse {
        let own = faction(of: key)
        let documents = TornDocuments(world: world, now: now)
        if path == ["timestamp"] { return .json(["timestamp": .int(Int(unix().asSeconds))]) }
        if path.isEmpty, request.parameter("selections") == "currency" {
            let funds = documents.funds(own)
            return key.contains("public")
                ? Self.error(16)
                : .json(["faction_id": .int(own), "points": .int(funds.points), "money": .int(funds.money)])
        }
        if path == ["crimes"] || path == ["balance"] || path.last == "crime" {
            guard !key.contains("public") else { return Self.error(16) }
            if path == ["crimes"] { return crimes(own, request, now) }
            if path == ["balance"] { return .json(["balance": documents.balance(own)]) }
            guard let index = path.first.flatMap({ Int64($0) }).map({ $0 - Int64(own % 1_000) * 1_000_000 - 1 }),
                (0..<world.crimeCount(now: now)).contains(index)
            else { return Self.error(6) }
            return .json(["crime": documents.crime(world.crime(own, index, now: now), of: own)])
        }
        let id = path.count == 2 ? Int(path[0]) : path.count == 1 ? own : nil
        guard let id, factions.contains(id) else { return Self.error(6) }
        switch path.last {
        case "members": return cached("members/\(id)/\(now)") { ["members": documents.members(id)] }
        case "basic": return .json(["basic": documents.basic(id, isOwn: id == own)])
        default: return Self.error(4)
        }
    }

    private func cached(_ name: String, _ make: () -> MockJSON) -> MockResponse { .json(cache.body(name, make: make)) }

    // MARK: Crimes

    private func crimes(_ faction: Int, _ request: MockRequest, _ now: Int64) -> MockResponse {
        guard let query = TornCrimeQuery(request) else { return Self.error(21) }
        let all = (0..<world.crimeCount(now: now)).map { world.crime(faction, $0, now: now) }
        let found = query.select(all)
        let page = found.dropFirst(query.offset).prefix(Self.pageSize)
        let documents = TornDocuments(world: world, now: now)
        let end = query.offset + page.count
        return .json([
            "crimes": .array(page.map { documents.crime($0, of: faction) }),
            "_metadata": [
                "links": [
                    "next": end < found.count ? .string(Self.link(request, offset: end)) : nil,
                    "prev": query.offset > 0
                        ? .string(Self.link(request, offset: max(0, query.offset - Self.pageSize))) : nil,
                ]
            ],
        ])
    }

    /// The same question from another place on, without the key.
    private static func link(_ request: MockRequest, offset: Int) -> String {
        let kept = request.query.filter { $0.name != "key" && $0.name != "offset" } + [("offset", "\(offset)")]
        let query = kept.map { "\(Target.encode($0.name))=\(Target.encode($0.value))" }.joined(separator: "&")
        return "\(request.origin)\(request.path)?\(query)"
    }

    // MARK: Items

    private func torn(_ path: [String], _ request: MockRequest, _ now: Int64) -> MockResponse {
        let items = TornItems(dice: world.dice, now: now)
        switch (path.last, path.count) {
        case ("timestamp", 1): return .json(["timestamp": .int(Int(unix().asSeconds))])
        case ("items", 1):
            let category = request.parameter("cat") ?? "All"
            guard TornItems.types.contains(category) || items.category(category) != nil else { return Self.error(21) }
            let isDescending = request.parameter("sort") == "DESC"
            return cached("items/\(category)/\(isDescending)/\(now / 3_600)") {
                let list = items.category(category) ?? []
                return ["items": .array(isDescending ? list.reversed() : list)]
            }
        case ("items", 2):
            let found = items.items(path[0].split(separator: ",").compactMap { Int($0) })
            return found.isEmpty ? Self.error(6) : .json(["items": .array(found)])
        default: return Self.error(4)
        }
    }
}
