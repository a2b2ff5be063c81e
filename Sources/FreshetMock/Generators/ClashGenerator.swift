import NIOCore
import NIOHTTP1
import Synchronization

/// Plays the Clash of Clans API with clans and players of its own, whose numbers move with time.
///
/// Served below `/v1`: `/clans/{tag}`, `/clans/{tag}/members`, `/clans/{tag}/currentwar`, `/clans/{tag}/currentwar/leaguegroup`,
/// `/clans/{tag}/warlog`, `/clans/{tag}/capitalraidseasons`, `/clanwarleagues/wars/{tag}`, `/players/{tag}`,
/// `POST /players/{tag}/verifytoken` and `/goldpass/seasons/current`; and images, at every path that ends in `.png`. Every valid tag
/// exists but those that end in `000`. The same seed, tag and step of time give the same document; a clan and its members' own
/// documents agree. A key such as `ip-192.0.2.9-abc` is bound to an address that is not the caller's.
public struct ClashGenerator: MockHandler {
    private let world: ClashWorld
    private let clans: Int
    private let players: Int
    private let changeEvery: Duration
    private let shufflesKeys: Bool
    private let unix: @Sendable () -> Duration
    private let cache = BodyCache()
    private let turns = Turns()

    private final class Turns: Sendable {
        let next = Mutex<UInt64>(0)
    }

    /// Creates a world.
    ///
    /// - Parameters:
    ///   - seed: Another seed, another world.
    ///   - clans: How many tags ``clanTags`` lists, 0 or more.
    ///   - players: How many tags ``playerTags`` lists, 0 or more.
    ///   - changeEvery: The length of one step of time, above zero; within it nothing changes.
    ///   - shufflesKeys: Whether each answer has its keys in another order.
    ///   - clock: Its wall clock says which step it is.
    public init(
        seed: UInt64 = 1, clans: Int = 20, players: Int = 200, changeEvery: Duration = .seconds(60),
        shufflesKeys: Bool = false, clock: MockClock = .system
    ) {
        precondition(changeEvery > .zero, "changeEvery must be above zero")
        world = ClashWorld(seed: seed)
        self.clans = clans
        self.players = players
        self.changeEvery = changeEvery
        self.shufflesKeys = shufflesKeys
        unix = clock.unix
    }

    /// Tags of clans to begin with, without `#`; all exist.
    public var clanTags: [String] { (0..<clans).map { String((ClashTag.tag(of: clan($0)) ?? "#").dropFirst()) } }

    /// Tags of players to begin with, without `#`; they belong to the clans of ``clanTags`` as far as these have room.
    public var playerTags: [String] {
        var tags: [String] = []
        var index = 0
        while tags.count < players {
            for seat in 0..<ClashWorld.seats where tags.count < players {
                guard let player = world.player(clan: clan(index), seat: seat), let tag = ClashTag.tag(of: player)
                else { continue }
                tags.append(String(tag.dropFirst()))
            }
            index += 1
        }
        return tags
    }

    /// The clan with this index.
    ///
    /// The stride is a large prime, so that the tags look like real ones and never repeat.
    private func clan(_ index: Int) -> Int64 {
        let number = ClashTag.smallest + 20_000_003 + Int64(index) * 7_368_787 % 1_000_000_007
        return ClashTag.tag(of: number).map(ClashTag.exists) == true ? number : number + 1
    }

    /// Answers a request.
    public func respond(to request: MockRequest) -> MockResponse {
        var parts = request.segments[...]
        if parts.last?.hasSuffix(".png") == true, parts.first != "v1" { return Self.image }
        if let refusal = Self.refusal(of: request.key) { return refusal }
        if request.segments == ["v1", "goldpass", "seasons", "current"] {
            return answer("goldpass/\(step)", age: 600) { documents.goldPass }
        }
        guard parts.popFirst() == "v1", let kind = parts.popFirst(), let tag = parts.popFirst() else {
            return Self.notFound()
        }
        let first = parts.popFirst() ?? ""
        let verb = kind == "clans" && first == "currentwar" ? parts.popFirst() ?? first : first
        if kind == "clanwarleagues" { return leagueWar(tag, first, rest: parts) }
        guard parts.isEmpty else { return Self.notFound() }
        let tagText = tag.hasPrefix("#") ? tag : "#\(tag)"
        guard tag.hasPrefix("#"), let number = ClashTag.number(of: tagText), ClashTag.exists(tagText) else {
            return Self.notFound("Not found with tag \(tagText.dropFirst().prefix(20))")
        }
        if request.method == "POST" {
            return kind == "players" && verb == "verifytoken" ? verify(request, tagText) : Self.notFound()
        }
        guard request.method == "GET" || request.method == "HEAD" else { return Self.notFound() }
        return document(kind, verb, number, tagText, limit: request.integer("limit"), time: request.time)
    }

    private func document(
        _ kind: String, _ verb: String, _ number: Int64, _ tag: String, limit: Int?, time: Duration
    ) -> MockResponse {
        let (step, documents) = (step, documents)
        let key = "\(kind)/\(verb)/\(tag)/\(step)/\(limit ?? -1)"
        let isPrivate = !documents.isWarLogPublic(number)
        switch (kind, verb) {
        case ("clans", ""): return answer(key, age: 120) { documents.clan(number, tag: tag) }
        case ("clans", "members"): return answer(key, age: 120) { documents.memberPage(number, limit: limit) }
        case ("clans", "currentwar"), ("clans", "warlog"):
            if isPrivate { return .json(["reason": "accessDenied"], status: 403) }
            return answer(key, age: 120) {
                verb == "warlog"
                    ? documents.warLog(number, tag: tag, limit: limit ?? 10) : documents.currentWar(number, tag: tag)
            }
        case ("clans", "leaguegroup"):
            guard let group = documents.leagueGroup(number) else { return Self.notFound() }
            return answer(key, age: 600) { group }
        case ("clans", "capitalraidseasons"):
            return answer(key, age: 120) { documents.raids(number, limit: limit ?? 10) }
        case ("players", ""): return answer(key, age: 60) { documents.player(number, tag: tag) }
        default: return Self.notFound()
        }
    }

    private var step: Int64 { Int64(unix().asSeconds / changeEvery.asSeconds) }

    private var documents: ClashDocuments { ClashDocuments(world: world, step: step, stepLength: changeEvery) }

    /// `/clanwarleagues/wars/{tag}`.
    private func leagueWar(_ word: String, _ tag: String, rest: ArraySlice<String>) -> MockResponse {
        guard word == "wars", rest.isEmpty, tag.hasPrefix("#"), let number = ClashTag.number(of: tag),
            let war = documents.leagueWar(number)
        else { return Self.notFound() }
        return answer("leaguewar/\(tag)/\(step)", age: 600) { war }
    }

    /// What a key that is bound to another address gets.
    private static func refusal(of key: String?) -> MockResponse? {
        guard let key, key.hasPrefix("ip-"), let address = key.split(separator: "-").dropFirst().first,
            address != "127.0.0.1"
        else { return nil }
        return .json(
            [
                "reason": "accessDenied.invalidIp",
                "message": "Invalid authorization: API key does not allow access from IP 127.0.0.1",
            ], status: 403)
    }

    /// One transparent pixel.
    private static let image = MockResponse(
        headers: ["content-type": "image/png", "cache-control": "max-age=3600"],
        body: MockBody([
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
            0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1F, 0x15, 0xC4, 0x89, 0x00, 0x00, 0x00,
            0x0D, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x00, 0x01, 0x00, 0x00, 0x05, 0x00, 0x01, 0x0D, 0x0A, 0x2D,
            0xB4, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
        ]))

    private func answer(_ key: String, age: Int, _ make: () -> MockJSON) -> MockResponse {
        var response: MockResponse
        if shufflesKeys {
            let turn = turns.next.withLock { turn in
                turn += 1
                return turn % 8
            }
            response = .json(
                cache.body("\(key)/\(turn)") {
                    var random = SeededRandom(seed: turn)
                    return FaultBodies.shuffled(make(), using: &random)
                })
        } else {
            response = .json(cache.body(key, make: make))
        }
        response.headers.add(name: "cache-control", value: "max-age=\(age)")
        return response
    }

    /// A token is good when it is not empty and does not begin with `bad`.
    private func verify(_ request: MockRequest, _ tag: String) -> MockResponse {
        let token = (try? MockJSON(parsing: request.body.readableBytesView))?["token"]?.stringValue ?? ""
        let isGood = !token.isEmpty && !token.hasPrefix("bad")
        return .json(["tag": .string(tag), "token": .string(token), "status": .string(isGood ? "ok" : "invalid")])
    }

    private static func notFound(_ message: String? = nil) -> MockResponse {
        guard let message else { return .json(["reason": "notFound"], status: 404) }
        return .json(["reason": "notFound", "message": .string(message)], status: 404)
    }

    /// The errors of the true API.
    public func failure(_ failure: MockFailure) -> MockResponse {
        switch failure {
        case .keyRefused: .json(["reason": "accessDenied", "message": "Invalid authorization"], status: 403)
        case .rateLimited:
            .json(
                [
                    "reason": "requestThrottled",
                    "message":
                        "Request was throttled, because amount of requests was above the threshold defined for the used API token.",
                ], status: 429)
        case .maintenance:
            .json(
                ["reason": "inMaintenance", "message": "API is currently in maintenance, please come back later"],
                status: 503)
        case .status(404): Self.notFound()
        case .status(let status):
            .json(
                [
                    "reason": status == 400 ? "badRequest" : "unknownException",
                    "message": .string(MockStatus.reason(status)),
                ], status: status)
        case .insideSuccess: .json(["reason": "unknownException"], status: 200)
        }
    }

    /// `/clans/{tag}` and so on.
    public func endpoint(of path: Substring) -> String? {
        let parts = Target.segments(path)
        guard parts.count >= 3, parts[0] == "v1" else { return nil }
        switch parts[1] {
        case "clanwarleagues": return "/v1/clanwarleagues/wars/{tag}"
        case "goldpass": return "/v1/goldpass/seasons/current"
        default: return "/v1/\(parts[1])/{tag}" + parts.dropFirst(3).map { "/\($0)" }.joined()
        }
    }
}
