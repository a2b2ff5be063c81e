import FreshetCore
import FreshetDocument

/// Accounts, rooms and results, each a small value of the store that changes as a whole or not at all.
struct GameStore: Sendable {
    let store: any StateStore
    let clock: any FreshetClock

    private static let accounts = "oec/account/"
    private static let rooms = "oec/room/"
    private static let results = "oec/result/"
    private static let pairs = "oec/pair/"

    // MARK: Accounts

    func account(_ id: String) async throws(StoreError) -> Account? {
        try await store.value(Self.accounts + id).flatMap(Account.init)
    }

    /// Makes a guest.
    ///
    /// - Returns: The account and what proves it, which is told once.
    func makeGuest(name: String?) async throws(StoreError) -> (account: Account, secret: String) {
        var random = SystemRandomNumberGenerator()
        let secret = Account.secret(using: &random)
        while true {
            let account = Account(
                id: "guest_" + Account.secret(using: &random).prefix(16),
                name: name ?? Account.guestName(using: &random), secret: secret, createdAt: clock.now())
            if try await store.swapValue(nil, with: account.bytes, for: Self.accounts + account.id) {
                return (account, secret)
            }
        }
    }

    /// Every account, in ascending order of the ids.
    func allAccounts() async throws(StoreError) -> [Account] {
        try await all(Self.accounts).compactMap(Account.init)
    }

    private func all(_ prefix: String) async throws(StoreError) -> [[UInt8]] {
        var (found, after): ([[UInt8]], String?) = ([], nil)
        while true {
            let page = try await store.values(prefix: prefix, after: after, limit: 500)
            found += page.map(\.value)
            guard page.count == 500, let last = page.last else { return found }
            after = last.name
        }
    }

    // MARK: Results

    /// What a game moved.
    struct Outcome: Sendable, Hashable {
        var game: String
        var players: [String?]
        var scores: [Int]
        /// The ratings before it, by seat.
        var before: [Int]
        var change: Elo.Change

        /// The points that a player won or lost.
        func move(of player: String?) -> Int {
            guard let seat = players.firstIndex(of: player) else { return 0 }
            return (seat == 0 ? change.first : change.second) - before[seat]
        }
    }

    /// Rates a game between two accounts, once: whoever tells of it again gets the first outcome.
    ///
    /// The outcome is written first, then each account. A process that ends in between leaves the outcome for ``settle(_:)``.
    /// - Parameters:
    ///   - game: The game's id.
    ///   - players: The accounts by seat; `nil` is the computer, whose rating never moves.
    ///   - scores: The points by seat.
    /// - Returns: What it moved; `nil` when an account is not there.
    /// - Throws: When the store cannot be read or written; telling of the game again makes up for it.
    func rate(game: String, players: [String?], scores: [Int]) async throws(StoreError) -> Outcome? {
        if let kept = try await outcome(game) { return try await settle(kept) }
        var rated: [Elo.Player] = []
        for player in players {
            guard let id = player else {
                rated.append(.computer)
                continue
            }
            guard let account = try await account(id) else { return nil }
            rated.append(account.player)
        }
        guard rated.count == 2, scores.count == 2 else { return nil }
        let outcome = Outcome(
            game: game, players: players, scores: scores, before: rated.map(\.rating),
            change: Elo.rate(rated[0], rated[1], scores: (scores[0], scores[1])))
        _ = try await store.swapValue(nil, with: Self.bytes(outcome), for: Self.results + game)
        guard let kept = try await self.outcome(game) else { return nil }
        return try await settle(kept)
    }

    /// Brings an outcome into both accounts, where it is not yet.
    func settle(_ outcome: Outcome) async throws(StoreError) -> Outcome {
        for (seat, player) in outcome.players.enumerated() {
            guard let player else { continue }
            let rating = seat == 0 ? outcome.change.first : outcome.change.second
            try await change(player) { account in
                guard account.lastGame != outcome.game else { return false }
                account.count(
                    outcome.game, rating: rating, own: outcome.scores[seat], other: outcome.scores[1 - seat],
                    at: clock.now())
                return true
            }
        }
        try await store.setValue(Array(outcome.game.utf8), for: Self.pairs + Self.pair(outcome.players))
        return outcome
    }

    private func change(_ id: String, _ body: (inout Account) -> Bool) async throws(StoreError) {
        while true {
            guard let seen = try await store.value(Self.accounts + id), var account = Account(seen) else { return }
            guard body(&account) else { return }
            if try await store.swapValue(seen, with: account.bytes, for: Self.accounts + id) { return }
        }
    }

    func outcome(_ game: String) async throws(StoreError) -> Outcome? {
        guard let bytes = try await store.value(Self.results + game), let root = try? JSONTape(bytes).root else {
            return nil
        }
        func numbers(_ name: String) -> [Int] { root[name]?.elements.compactMap { $0.int64.map { Int($0) } } ?? [] }
        let (scores, elo) = (numbers("scores"), numbers("elo"))
        let players = root["players"]?.elements.map(\.string) ?? []
        guard scores.count == 2, elo.count == 5, players.count == 2 else { return nil }
        return Outcome(
            game: game, players: players, scores: scores, before: Array(elo[3...]),
            change: Elo.Change(first: elo[0], second: elo[1], exchanged: elo[2]))
    }

    /// The last rated game of two players, whoever sat where.
    func lastOutcome(between players: [String?]) async throws(StoreError) -> Outcome? {
        guard let name = try await store.value(Self.pairs + Self.pair(players)) else { return nil }
        return try await outcome(String(decoding: name, as: UTF8.self))
    }

    private static func pair(_ players: [String?]) -> String {
        players.map { $0 ?? "cpu" }.sorted().joined(separator: "/")
    }

    private static func bytes(_ outcome: Outcome) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("players")
        json.beginArray()
        outcome.players.forEach { if let id = $0 { json.string(id) } else { json.null() } }
        json.endArray()
        json.key("scores")
        json.beginArray()
        outcome.scores.forEach { json.int($0) }
        json.endArray()
        json.key("elo")
        json.beginArray()
        let change = outcome.change
        ([change.first, change.second, change.exchanged] + outcome.before).forEach { json.int($0) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    // MARK: Rooms

    /// The open room of a player: the one there is, or a new one.
    func openRoom(of creator: String) async throws(StoreError) -> Room {
        if let kept = try await rooms(of: creator).first { return kept }
        var random = SystemRandomNumberGenerator()
        while true {
            let room = Room(code: Room.code(using: &random), creator: creator, createdAt: clock.now())
            let seen = try await store.value(Self.rooms + room.code)
            // A code whose day is over is free again.
            if let seen, let old = Self.room(seen, room.code), old.expiresAt > clock.now() { continue }
            if try await store.swapValue(seen, with: Self.bytes(room), for: Self.rooms + room.code) { return room }
        }
    }

    /// A room that is open, by its code in letters of any case.
    func room(_ text: String) async throws(StoreError) -> Room? {
        guard let code = Room.code(text), let bytes = try await store.value(Self.rooms + code) else { return nil }
        return Self.room(bytes, code).flatMap { $0.expiresAt > clock.now() ? $0 : nil }
    }

    /// The open rooms of a player, newest first.
    func rooms(of creator: String) async throws(StoreError) -> [Room] {
        try await all(Self.rooms).compactMap { Self.room($0, nil) }
            .filter { $0.creator == creator && $0.expiresAt > clock.now() }.sorted { $0.createdAt > $1.createdAt }
    }

    private static func bytes(_ room: Room) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("code", room.code)
        json.field("creator", room.creator)
        json.field("created_at", room.createdAt.rfc3339)
        json.endObject()
        return json.bytes
    }

    private static func room(_ bytes: [UInt8], _ code: String?) -> Room? {
        guard let root = try? JSONTape(bytes).root, let kept = root["code"]?.string, code.map({ $0 == kept }) ?? true,
            let creator = root["creator"]?.string,
            let made = root["created_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        return Room(code: kept, creator: creator, createdAt: made)
    }
}
