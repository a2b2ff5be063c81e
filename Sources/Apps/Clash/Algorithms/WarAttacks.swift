import FreshetCore

/// How many attacks of a war a player has used, as known at a moment.
struct WarReading: Sendable, Hashable {
    /// When it was so: the end of the war, or now while it lasts.
    var at: Timestamp
    /// Attacks used.
    var used: Int
    /// Attacks allowed, where the war tells.
    var allowed: Int?
}

/// Carries the count of war attacks over while a player is in no war.
enum WarAttacks {
    /// How long a count holds after it was last known.
    static let carriedFor = Duration.seconds(7 * 86_400)

    /// The last known count, if it is at most seven days older than the newest look at the player.
    static func used(_ readings: [WarReading], newest: Timestamp) -> Int? {
        guard let last = readings.max(by: { $0.at < $1.at }), newest - last.at <= carriedFor else { return nil }
        return last.used
    }
}
