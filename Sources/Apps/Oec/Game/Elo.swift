/// Ratings after a game, as the seed reckons them.
public enum Elo {
    /// A player as the rating sees them.
    public struct Player: Sendable, Hashable {
        /// 100...3000.
        public var rating: Int
        /// Games played before this one.
        public var games: Int

        /// Creates a player.
        public init(rating: Int = 1_200, games: Int = 0) { (self.rating, self.games) = (rating, games) }

        /// The computer, whose rating never moves.
        public static let computer = Player(rating: 1_200, games: 1_000)
    }

    /// What a game moves.
    public struct Change: Sendable, Hashable {
        /// The new ratings.
        public var first: Int
        /// The new rating of the second.
        public var second: Int
        /// The points that are told as exchanged: the winner's move.
        public var exchanged: Int
    }

    private static let bounds = 100...3_000

    /// Rates a game.
    ///
    /// - Parameters:
    ///   - first: One player.
    ///   - second: The other.
    ///   - scores: Their points; equal points are a draw.
    /// - Returns: The ratings after it.
    public static func rate(_ first: Player, _ second: Player, scores: (Int, Int)) -> Change {
        let actual = scores.0 > scores.1 ? 1.0 : scores.0 < scores.1 ? 0 : 0.5
        let moves = (move(first, against: second, actual), move(second, against: first, 1 - actual))
        return Change(
            first: clamp(first.rating + moves.0), second: clamp(second.rating + moves.1),
            exchanged: abs(scores.0 > scores.1 ? moves.0 : moves.1))
    }

    /// What one player moves, rounded half to even.
    private static func move(_ player: Player, against other: Player, _ actual: Double) -> Int {
        let odds = Logarithm.power(ofTen: Double(other.rating - player.rating) / 400)
        return Int((stake(player) * (actual - 1 / (1 + odds))).rounded(.toNearestOrEven))
    }

    /// The most that a game can move: much for beginners, little for masters.
    private static func stake(_ player: Player) -> Double {
        if player.rating >= 2_400 { return 12 }
        if player.rating >= 2_000 || player.games >= 100 { return 16 }
        return player.games >= 30 ? 24 : 32
    }

    private static func clamp(_ rating: Int) -> Int { min(max(rating, bounds.lowerBound), bounds.upperBound) }

    /// The name of a rating.
    public static func category(_ rating: Int) -> String {
        switch rating {
        case 2_400...: "Master"
        case 2_000...: "Expert"
        case 1_600...: "Advanced"
        case 1_200...: "Intermediate"
        case 800...: "Beginner"
        default: "Novice"
        }
    }
}
