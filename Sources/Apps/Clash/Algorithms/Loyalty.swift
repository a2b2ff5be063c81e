import FreshetCore

/// How long a player has been in a clan.
enum Loyalty {
    /// Whole days from joining to leaving, or to now; 0 when the player never joined.
    static func days(joined: Timestamp?, left: Timestamp? = nil, now: Timestamp) -> Int {
        guard let joined else { return 0 }
        return max(0, Days.whole(from: joined, to: left ?? now))
    }
}

/// Whole days between moments.
enum Days {
    /// Whole days from one moment to another, rounded down.
    static func whole(from start: Timestamp, to end: Timestamp) -> Int {
        let seconds = (end - start).microseconds
        let day: Int64 = 86_400_000_000
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: day)
        return Int(rest < 0 ? days - 1 : days)
    }
}
