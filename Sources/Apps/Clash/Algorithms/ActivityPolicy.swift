import FreshetCore

/// What counts as a sign that a player was there.
public struct ActivityPolicy: Sendable, Hashable {
    /// Whether donation counters that fall say nothing by themselves: at the end of a season all of them return to zero.
    public var guardsSeasonReset = true

    /// Creates the defaults.
    public init() {}

    /// The rules of the system that this replaces, to the letter.
    public static let literal: ActivityPolicy = {
        var policy = ActivityPolicy()
        policy.guardsSeasonReset = false
        return policy
    }()
}

/// What one look at a player shows that moves when the player plays.
struct Standing: Sendable, Hashable {
    var trophies: Int?
    var donations: Int?
    var received: Int?
    var warAttacks: Int?
}

/// Infers from two looks at a player whether the player was there in between.
enum Activity {
    /// Why a player was there.
    enum Sign: String, Sendable, CaseIterable {
        case firstSight = "first_sight"
        case trophies
        case donations
        case received
        case warAttacks = "war_attacks"
    }

    /// The signs of activity between two looks; `before` is `nil` at first sight.
    static func signs(before: Standing?, after: Standing, policy: ActivityPolicy) -> [Sign] {
        guard let before else { return [.firstSight] }
        var signs: [Sign] = []
        // A value that upstream leaves out is unknown, not zero: nothing follows from it.
        if let old = before.trophies, let new = after.trophies, new > old { signs.append(.trophies) }
        if differs(before.donations, after.donations, policy) { signs.append(.donations) }
        if differs(before.received, after.received, policy) { signs.append(.received) }
        if let old = before.warAttacks, let new = after.warAttacks, new != old { signs.append(.warAttacks) }
        return signs
    }

    /// A counter that fell and stands above zero has been used since it was reset.
    private static func differs(_ old: Int?, _ new: Int?, _ policy: ActivityPolicy) -> Bool {
        guard let old, let new, old != new else { return false }
        return new > old || !policy.guardsSeasonReset || new > 0
    }
}
