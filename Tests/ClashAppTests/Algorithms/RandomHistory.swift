import FreshetCore

@testable import ClashApp

/// A random history, and its risk calculated another way: axis by axis from days and lists, as the rules are told.
struct RandomHistory: CustomStringConvertible {
    var history: RiskHistory
    var weights: RiskWeights

    var description: String { "\(history) \(weights)" }

    init(now: Timestamp, using random: inout some RandomNumberGenerator) {
        let count = Int.random(in: 0...14, using: &random)
        var hours = (0..<count).map { _ in Int.random(in: 1...719, using: &random) }.sorted(by: >)
        hours = hours.enumerated().map { $0.element * 100 - $0.offset }
        var (given, taken) = (Int.random(in: 0...400, using: &random), Int.random(in: 0...400, using: &random))
        let points = hours.map { hour -> DonationPoint in
            if Int.random(in: 0..<6, using: &random) == 0 { (given, taken) = (0, 0) }
            given += Int.random(in: 0...60, using: &random)
            taken += Int.random(in: 0...90, using: &random)
            return DonationPoint(at: now - .seconds(hour * 36), donations: given, received: taken)
        }
        let wars = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            WarReading(
                at: now - .seconds(Int.random(in: 0...2_500_000, using: &random)),
                used: Int.random(in: 0...2, using: &random), allowed: [nil, 1, 2].randomElement(using: &random) ?? nil)
        }
        let seen = Bool.random(using: &random) ? now - .seconds(Int.random(in: 0...600_000, using: &random)) : nil
        history = RiskHistory(points: points, wars: wars.sorted { $0.at < $1.at }, lastSeen: seen)
        weights =
            Bool.random(using: &random)
            ? RiskWeights()
            : RiskWeights(
                war: Double.random(in: 0...1, using: &random), idle: Double.random(in: 0...1, using: &random),
                deficit: Double.random(in: 0...1, using: &random), drop: Double.random(in: 0.01...1, using: &random))
    }

    /// The same question answered by other code.
    func reference(_ policy: RiskPolicy, now: Timestamp) -> (points: Int, reasons: [String]) {
        var scale = 1.0
        if policy.normalisesWeights, weights != RiskWeights() {
            scale = weights.war + weights.idle + weights.deficit + weights.drop
        }
        func round(_ weight: Double, _ share: Double) -> Int {
            let value = (scale == 1 ? weight : weight / scale) * share * 100
            let floor = Int(value)
            let rest = value - Double(floor)
            return rest > 0.5 || rest == 0.5 && floor % 2 == 1 ? floor + 1 : floor
        }
        let axes: [(weight: Double, share: Double, reason: String)] = [
            war(policy, now).map { (weights.war, $0.share, $0.reason) } ?? (0, 0, ""), idle(now),
            (weights.deficit, deficit(policy, now), "donation deficit"),
            (weights.drop, drop(policy), "donations dropped"),
        ]
        let counted = axes.map { (points: round($0.weight, $0.share), reason: $0.reason) }.filter { $0.points > 0 }
        return (counted.map(\.points).reduce(0, +), counted.map(\.reason))
    }

    private func war(_ policy: RiskPolicy, _ now: Timestamp) -> (share: Double, reason: String)? {
        guard let last = history.wars.max(by: { $0.at < $1.at }), let used = history.wars.map(\.used).max() else {
            return nil
        }
        let known = history.wars.compactMap(\.allowed).max()
        var cap = used
        let least = policy.usesWarCap ? known ?? 2 : 2
        if least > cap { cap = least }
        if used == 0, (now - last.at).inSeconds < 86_400 { return nil }
        let missed = cap - used
        let reason =
            used == 0 ? "no war attacks used" : missed == 1 ? "missed 1 war attack" : "missed \(missed) war attacks"
        return (Double(missed) / Double(cap), reason)
    }

    private func idle(_ now: Timestamp) -> (Double, Double, String) {
        guard let seen = history.lastSeen else { return (0, 0, "") }
        let days = Int(((now - seen).inSeconds / 86_400).rounded(.down))
        let share = days >= 4 ? 1 : days == 3 ? 0.75 : days == 2 ? 0.5 : 0
        return (weights.idle, share, days == 1 ? "inactive for 1 day" : "inactive for \(days) days")
    }

    /// The look with which the season began.
    private var seasonStart: Int? {
        var start: Int?
        for (index, pair) in zip(history.points, history.points.dropFirst()).enumerated()
        where pair.1.donations < pair.0.donations || pair.1.received < pair.0.received {
            start = index + 1
        }
        return start
    }

    private func deficit(_ policy: RiskPolicy, _ now: Timestamp) -> Double {
        guard let last = history.points.last else { return 0 }
        if policy.guardsSeasonReset, let start = seasonStart, (now - history.points[start].at).inSeconds < 259_200 {
            return 0
        }
        let ratio = Double(last.donations) / Double(last.received == 0 ? 1 : last.received)
        return ratio >= 0.5 ? 0 : (0.5 - ratio) / 0.5
    }

    private func drop(_ policy: RiskPolicy) -> Double {
        guard let last = history.points.last else { return 0 }
        let index = history.points.count < 8 ? 0 : history.points.count - 8
        if policy.guardsSeasonReset, let start = seasonStart, index < start { return 0 }
        let before = history.points[index].donations
        let share = Double(before - last.donations) / Double(before == 0 ? 1 : before) / 0.30
        return share < 0 ? 0 : share > 1 ? 1 : share
    }
}
