import FreshetCore

/// A game with those who play it.
struct Table: Sendable {
    /// Who sits at a seat.
    struct Player: Sendable, Hashable {
        /// The account; `nil` is the computer.
        var user: String?
        var name: String
        var rating: Int

        static let computer = Player(user: nil, name: "Computer", rating: Elo.Player.computer.rating)

        /// How clients tell them apart.
        var id: String { user ?? "cpu" }
    }

    /// How long the end is told of to whoever comes back.
    static let memory = Duration.seconds(60)
    /// How long the end waits for the ratings; without the store it is told without them.
    static let patience = Duration.seconds(3)

    let id: String
    var game: Game
    let players: [Player]
    let startedAt: Timestamp
    let room: String?
    /// The connections, by seat; `nil` while nobody is there.
    var connections: [String?]
    /// When the timers look at it next.
    var due: Duration?
    var overSince: Duration?
    /// Whether the end was told.
    var isTold = false
    /// What the game moved, once it is rated.
    var outcome: GameStore.Outcome?

    init(
        id: String, game: Game, players: [Player], startedAt: Timestamp, room: String? = nil,
        connections: [String?] = [nil, nil]
    ) {
        (self.id, self.game, self.players, self.startedAt, self.room) = (id, game, players, startedAt, room)
        self.connections = connections
    }

    var ending: Game.Ending? {
        if case .over(let ending) = game.phase { return ending }
        return nil
    }

    /// When something happens by itself next.
    var nextDue: Duration? {
        guard let over = overSince else { return game.nextTick }
        return over + (isTold ? Self.memory : Self.patience)
    }

    /// What is to be rated; `nil` when it counts for nothing.
    var rating: RatingWish? {
        guard let ending, ending != .abandoned else { return nil }
        return RatingWish(game: id, players: players.map(\.user), scores: game.scores)
    }
}

/// A finished game on its way into the ratings.
struct RatingWish: Sendable, Hashable {
    var game: String
    var players: [String?]
    var scores: [Int]
}
