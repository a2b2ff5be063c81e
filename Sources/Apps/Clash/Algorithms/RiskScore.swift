import FreshetCore

/// A look at a player's donation counters.
struct DonationPoint: Sendable, Hashable {
    var at: Timestamp
    var donations: Int
    var received: Int
}

/// What is known of a player when risk is judged.
struct RiskHistory: Sendable, Hashable {
    /// Oldest first; looks that show nothing new are left out.
    var points: [DonationPoint]
    /// Oldest first.
    var wars: [WarReading] = []
    /// The last activity.
    var lastSeen: Timestamp?
}

/// How likely a player is lost to the clan: 0 to 100 points, with reasons.
struct RiskScore: Sendable, Hashable {
    /// Points and why.
    struct Part: Sendable, Hashable {
        var points: Int
        var reason: String
    }

    /// The sum of the parts' points.
    var points: Int
    /// The axes with points, in the order war, idleness, deficit, drop.
    var parts: [Part]

    /// Judges a player.
    init(_ history: RiskHistory, weights: RiskWeights, policy: RiskPolicy, now: Timestamp) {
        let weights = policy.normalisesWeights ? weights.normalised : weights
        let points = history.points
        var parts: [Part] = []
        func add(_ weight: Double, _ share: Double, _ reason: @autoclosure () -> String) {
            let points = Int((weight * share * 100).rounded(.toNearestOrEven))
            if points != 0 { parts.append(Part(points: points, reason: reason())) }
        }
        let war = WarAxis(history.wars, policy: policy, now: now)
        add(weights.war, war.share, war.reason)
        let idle = history.lastSeen.map { Days.whole(from: $0, to: now) } ?? 0
        add(weights.idle, Self.idleShare(days: idle), "inactive for \(idle) day\(idle == 1 ? "" : "s")")
        let reset = policy.guardsSeasonReset ? Self.lastReset(in: points) : nil
        if let latest = points.last {
            let isYoung = reset.map { now - points[$0].at < policy.seasonGrace } ?? false
            add(weights.deficit, isYoung ? 0 : Self.deficitShare(latest), "donation deficit")
            let earlier = points.count >= 8 ? points.count - 8 : 0
            let isComparable = reset.map { earlier >= $0 } ?? true
            add(weights.drop, isComparable ? Self.dropShare(points[earlier], latest) : 0, "donations dropped")
        }
        self.points = parts.reduce(0) { $0 + $1.points }
        self.parts = parts
    }

    // MARK: Axes

    static func idleShare(days: Int) -> Double {
        switch days {
        case ..<2: 0
        case 2: 0.5
        case 3: 0.75
        default: 1
        }
    }

    static func deficitShare(_ point: DonationPoint) -> Double {
        clamp((0.5 - Double(point.donations) / Double(max(point.received, 1))) / 0.5)
    }

    static func dropShare(_ earlier: DonationPoint, _ latest: DonationPoint) -> Double {
        clamp(Double(earlier.donations - latest.donations) / Double(max(earlier.donations, 1)) / 0.30)
    }

    /// The first look after counters last went back; `nil` when they only ever rose.
    static func lastReset(in points: [DonationPoint]) -> Int? {
        points.indices.dropFirst().last { index in
            points[index].donations < points[index - 1].donations || points[index].received < points[index - 1].received
        }
    }

    static func clamp(_ value: Double) -> Double { max(0, min(1, value)) }
}

/// The axis of war attacks.
struct WarAxis: Sendable, Hashable {
    /// How long after a war nobody is blamed for having used none: it may have been going on.
    static let grace = Duration.seconds(86_400)

    var share = 0.0
    var reason = ""

    init(_ readings: [WarReading], policy: RiskPolicy, now: Timestamp) {
        guard let newest = readings.max(by: { $0.at < $1.at }) else { return }
        let used = readings.map(\.used).max() ?? 0
        let allowed = policy.usesWarCap ? readings.compactMap(\.allowed).max() ?? 2 : 2
        let cap = max(allowed, used)
        if cap == 0 || used == 0 && now - newest.at < WarAxis.grace { return }
        share = RiskScore.clamp(Double(cap - used) / Double(cap))
        let missed = cap - used
        reason = used == 0 ? "no war attacks used" : "missed \(missed) war attack\(missed == 1 ? "" : "s")"
    }
}
