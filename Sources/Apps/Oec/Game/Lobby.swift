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

    /// Those who wait for one room, or in public, in the order in which they came; who has left is skipped later.
    private struct Line: Sendable {
        var tickets: [(id: String, number: Int)] = []
        var first = 0
    }

    private var players: [String: (player: Player, number: Int)] = [:]
    private var connections: [String: String] = [:]
    private var lines: [String?: Line] = [:]
    private var issued = 0

    /// Creates an empty lobby.
    public init() {}

    /// How many wait.
    public var count: Int { players.count }

    /// How many wait in a room.
    public func count(in room: String) -> Int {
        guard let line = lines[room.uppercased()] else { return 0 }
        return line.tickets[line.first...].count { players[$0.id]?.number == $0.number }
    }

    /// Whoever waits on a connection.
    public subscript(id: String) -> Player? { players[id]?.player }

    /// The connection on which a user waits.
    public func connection(of user: String) -> String? { connections[user] }

    /// Seats a player with whoever has waited longest in the same place, or lets them wait.
    ///
    /// An earlier entry of the same user is given up.
    /// - Parameter player: Who comes.
    /// - Returns: The opponent, who no longer waits; `nil` when there is none yet.
    public mutating func join(_ player: Player) -> Player? {
        if let earlier = connections[player.user] { _ = leave(earlier) }
        if let opponent = next(in: player.room) { return leave(opponent) }
        wait(player)
        return nil
    }

    /// Lets a player wait, whoever else does; an earlier entry of the same user is given up.
    public mutating func wait(_ player: Player) {
        if let earlier = connections[player.user] { _ = leave(earlier) }
        issued += 1
        players[player.id] = (player, issued)
        connections[player.user] = player.id
        lines[player.room, default: Line()].tickets.append((player.id, issued))
    }

    /// Takes a player out, who left or plays the computer; `nil` when they did not wait.
    public mutating func leave(_ id: String) -> Player? {
        guard let (player, _) = players.removeValue(forKey: id) else { return nil }
        connections[player.user] = nil
        _ = next(in: player.room)
        return player
    }

    /// Everybody who can be seated, in pairs: those who waited although somebody else did.
    public mutating func pairs() -> [(Player, Player)] {
        var found: [(Player, Player)] = []
        for room in lines.keys where (lines[room]?.tickets.count ?? 0) > 1 {
            while let first = next(in: room).flatMap({ leave($0) }) {
                guard let second = next(in: room).flatMap({ leave($0) }) else {
                    wait(first)
                    break
                }
                found.append((first, second))
            }
        }
        return found
    }

    /// The connection that has waited longest in a place; what has left in front of it is forgotten.
    private mutating func next(in room: String?) -> String? {
        guard var line = lines[room] else { return nil }
        while line.first < line.tickets.count {
            let ticket = line.tickets[line.first]
            if players[ticket.id]?.number == ticket.number {
                if line.first > 32, line.first * 2 > line.tickets.count {
                    line.tickets.removeFirst(line.first)
                    line.first = 0
                }
                lines[room] = line
                return ticket.id
            }
            line.first += 1
        }
        lines[room] = nil
        return nil
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
