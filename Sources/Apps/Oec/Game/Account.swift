import Crypto
public import FreshetCore
import FreshetDocument

/// A player with a rating.
public struct Account: Sendable, Hashable {
    /// Identifies the player; not a secret.
    public var id: String
    /// What others see.
    public var name: String
    /// Rating and games.
    public var player = Elo.Player()
    /// Games won.
    public var wins = 0
    /// Games lost.
    public var losses = 0
    /// Games that ended with equal points.
    public var draws = 0
    /// When the account was made.
    public var createdAt: Timestamp
    /// When a game of it was last rated.
    public var playedAt: Timestamp?
    /// The last game that was rated, so that none is rated twice.
    public var lastGame: String?
    /// SHA-256 of what proves that somebody is this player, in hexadecimal digits.
    var proof: String

    /// Creates an account without games.
    init(id: String, name: String, secret: String, createdAt: Timestamp) {
        (self.id, self.name, self.createdAt, proof) = (id, name, createdAt, Self.proof(secret))
    }

    /// Whether the secret is this player's.
    public func isProven(by secret: String) -> Bool { Game.isEqual(proof, Self.proof(secret)) }

    /// SHA-256 of a secret in hexadecimal digits: what is kept of it.
    static func proof(_ secret: String) -> String {
        SHA256.hash(data: Array(secret.utf8)).map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }
            .joined()
    }

    /// Counts a game.
    mutating func count(_ game: String, rating: Int, own: Int, other: Int, at now: Timestamp) {
        player = Elo.Player(rating: rating, games: player.games + 1)
        if own > other { wins += 1 } else if own < other { losses += 1 } else { draws += 1 }
        (lastGame, playedAt) = (game, now)
    }

    // MARK: Names

    /// Why a name cannot be taken; `nil` when it can.
    static func fault(in name: String) -> String? {
        if name.count > 20 { return "Name must be 20 characters or less" }
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == " "
        }
        return isPlain && name.contains { $0 != " " } ? nil : "Name can only contain letters, numbers, and spaces"
    }

    private static let first = [
        "Bold", "Brisk", "Busy", "Calm", "Clever", "Coastal", "Distant", "Eager", "Fair", "Fleet", "Golden", "Grand",
        "Keen",
        "Lucky", "Merry", "Noble", "Proud", "Quick", "Quiet", "Rapid", "Royal", "Silver", "Steady", "Sunny", "Swift",
        "Wise",
    ]
    private static let second = [
        "Anchor", "Baker", "Broker", "Buyer", "Captain", "Cargo", "Clipper", "Convoy", "Cooper", "Courier", "Ferry",
        "Harbor",
        "Lantern", "Mariner", "Merchant", "Miller", "Navigator", "Pilot", "Porter", "Sailor", "Seller", "Shipper",
        "Trader",
        "Voyager", "Weaver",
    ]

    /// A name for a guest who gives none; 20 characters at most.
    static func guestName(using random: inout some RandomNumberGenerator) -> String {
        let parts = (
            first[Int.random(in: first.indices, using: &random)], second[Int.random(in: second.indices, using: &random)]
        )
        return "\(parts.0) \(parts.1) \(Int.random(in: 10...99, using: &random))"
    }

    /// A text that nobody can guess: 160 bits.
    static func secret(using random: inout some RandomNumberGenerator) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
        return String((0..<32).map { _ in letters[Int.random(in: 0..<32, using: &random)] })
    }

    // MARK: Kept as JSON

    var bytes: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("id", id)
        json.field("name", name)
        json.field("elo", player.rating)
        json.field("games", player.games)
        json.field("wins", wins)
        json.field("losses", losses)
        json.field("draws", draws)
        json.field("created_at", createdAt.rfc3339)
        json.field("played_at", playedAt?.rfc3339)
        json.field("last_game", lastGame)
        json.field("proof", proof)
        json.endObject()
        return json.bytes
    }

    init?(_ bytes: [UInt8]) {
        guard let root = try? JSONTape(bytes).root, let id = root["id"]?.string, let name = root["name"]?.string,
            let created = root["created_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            let proof = root["proof"]?.string
        else { return nil }
        func number(_ name: String) -> Int { root[name]?.int64.map { Int($0) } ?? 0 }
        (self.id, self.name, createdAt, self.proof) = (id, name, created, proof)
        player = Elo.Player(rating: number("elo"), games: number("games"))
        (wins, losses, draws) = (number("wins"), number("losses"), number("draws"))
        playedAt = root["played_at"]?.string.flatMap { Timestamp(rfc3339: $0) }
        lastGame = root["last_game"]?.string
    }
}
