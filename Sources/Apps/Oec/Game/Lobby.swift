public import FreshetCore

/// Who waits for a game: first come, first served in public, and private rooms by a code.
public struct Lobby: Sendable {
    /// Somebody who waits.
    public struct Player: Sendable, Hashable {
        /// The connection.
        public var id: String
        /// The account; a player never meets themself.
        public var user: String
        /// The code of a private room; `nil` waits in public.
        public var room: String?

        /// Creates an entry.
        public init(id: String, user: String, room: String? = nil) {
            (self.id, self.user, self.room) = (id, user, room?.uppercased())
        }
    }

    /// In the order in which they came.
    public private(set) var waiting: [Player] = []

    /// Creates an empty lobby.
    public init() {}

    /// Seats a player with whoever has waited longest in the same place, or lets them wait.
    ///
    /// An earlier entry of the same user is given up.
    /// - Parameter player: Who comes.
    /// - Returns: The opponent, who no longer waits; `nil` when there is none yet.
    public mutating func join(_ player: Player) -> Player? {
        waiting.removeAll { $0.user == player.user }
        if let index = waiting.firstIndex(where: { $0.room == player.room }) { return waiting.remove(at: index) }
        waiting.append(player)
        return nil
    }

    /// Takes a player out, who left or plays the computer; `nil` when they did not wait.
    public mutating func leave(_ id: String) -> Player? {
        waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0) }
    }
}

/// A private room.
public struct Room: Sendable, Hashable {
    /// How long a code holds.
    static let lifetime = Duration.seconds(86_400)
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

    /// Six capital letters and digits.
    public var code: String
    /// Who made it.
    public var creator: String
    /// When it was made.
    public var createdAt: Timestamp

    /// When its code ends: a day later.
    public var expiresAt: Timestamp { createdAt + Self.lifetime }

    /// A code that nobody can guess in a day.
    static func code(using random: inout some RandomNumberGenerator) -> String {
        String((0..<6).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
    }

    /// The code of a text typed by a person; `nil` when it cannot be one.
    static func code(_ text: String) -> String? {
        let code = text.uppercased()
        return code.count == 6 && code.allSatisfy { letters.contains($0) } ? code : nil
    }
}
