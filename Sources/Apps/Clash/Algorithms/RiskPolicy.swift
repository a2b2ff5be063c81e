import FreshetCore

/// What each axis of risk is worth, as shares of 100 points.
public struct RiskWeights: Sendable, Hashable {
    /// War attacks left unused.
    public var war: Double
    /// Days without activity.
    public var idle: Double
    /// Giving less than half of what one takes.
    public var deficit: Double
    /// Giving less than before.
    public var drop: Double

    /// Creates weights, each 0...1.
    public init(war: Double = 0.40, idle: Double = 0.35, deficit: Double = 0.15, drop: Double = 0.10) {
        (self.war, self.idle, self.deficit, self.drop) = (war, idle, deficit, drop)
    }

    /// The weights with a sum of 1; these when their sum is not above zero.
    var normalised: RiskWeights {
        let sum = war + idle + deficit + drop
        // The defaults sum to 1 but for rounding; dividing them would only move their last bit.
        guard sum > 0, abs(sum - 1) > 1e-9 else { return self }
        return RiskWeights(war: war / sum, idle: idle / sum, deficit: deficit / sum, drop: drop / sum)
    }

    /// Whether each weight is 0...1 and one of them above zero.
    public var isValid: Bool {
        let all = [war, idle, deficit, drop]
        return all.allSatisfy { (0...1).contains($0) } && all.contains { $0 > 0 }
    }
}

/// How risk is judged: what the replaced system did, and what is better since.
public struct RiskPolicy: Sendable, Hashable {
    /// The weights of users who have none of their own.
    public var weights = RiskWeights()
    /// How far back snapshots count.
    public var window = Duration.seconds(30 * 86_400)
    /// Whether weights are scaled to a sum of 1, so that nobody has more than 100 points.
    public var normalisesWeights = true
    /// Whether counters from before the last reset are left out of the comparison, and a young season makes no deficit.
    public var guardsSeasonReset = true
    /// How young a season is too young for a deficit.
    public var seasonGrace = Duration.seconds(3 * 86_400)
    /// Whether the cap of attacks is what the wars allowed, not two at least.
    public var usesWarCap = true
    /// Whether players who have left the clan are listed too.
    public var includesFormerMembers = false

    /// Creates the defaults.
    public init() {}

    /// The rules of the replaced system to the letter.
    public static let literal: RiskPolicy = {
        var policy = RiskPolicy()
        policy.normalisesWeights = false
        policy.guardsSeasonReset = false
        policy.usesWarCap = false
        policy.includesFormerMembers = true
        return policy
    }()
}
