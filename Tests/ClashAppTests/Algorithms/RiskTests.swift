import FreshetCore
import FreshetTesting
import Testing

@testable import ClashApp

@Suite struct `Risk of losing a member` {
    private static let now = Fixture.start
    private static let day = Duration.seconds(86_400)

    private func point(_ daysAgo: Double, _ given: Int, _ taken: Int = 0) -> DonationPoint {
        DonationPoint(at: Self.now - .seconds(daysAgo * 86_400), donations: given, received: taken)
    }

    private func score(
        _ points: [DonationPoint], wars: [WarReading] = [], idle: Double = 0, weights: RiskWeights = RiskWeights(),
        _ policy: RiskPolicy = .literal
    ) -> RiskScore {
        RiskScore(
            RiskHistory(points: points, wars: wars, lastSeen: Self.now - .seconds(idle * 86_400)), weights: weights,
            policy: policy, now: Self.now)
    }

    @Test func `one snapshot, five idle days, no donations are 35 and 15 points`() {
        let score = score([point(5, 0)], idle: 5)
        #expect(score.points == 50)
        #expect(score.parts.map(\.points) == [35, 15])
        #expect(score.parts.map(\.reason) == ["inactive for 5 days", "donation deficit"])
    }

    @Test(arguments: [(0, 0.0), (1, 0), (2, 0.5), (3, 0.75), (4, 1), (400, 1)])
    func `idle days count from the second on`(days: Int, share: Double) {
        #expect(RiskScore.idleShare(days: days) == share)
        #expect(
            score([point(0, 50, 50)], idle: Double(days) + 0.99).parts.first?.points ?? 0
                == Int((35 * share).rounded(.toNearestOrEven)))
    }

    @Test func `half a point goes to the even side`() {
        // 0.35 * 0.5 * 100 = 17.5 and 0.35 * 0.75 * 100 = 26.25.
        #expect(score([point(0, 50, 50)], idle: 2).points == 18)
        #expect(score([point(0, 50, 50)], idle: 3).points == 26)
        let weights = RiskWeights(war: 0, idle: 0.25, deficit: 0, drop: 0)
        #expect(score([point(0, 50, 50)], idle: 2, weights: weights).points == 12)
    }

    @Test(arguments: [
        (0, 0, 1.0), (0, 100, 1), (25, 100, 0.5), (50, 100, 0), (500, 100, 0), (1, 0, 0), (10, 40, 0.5),
    ])
    func `whoever gives less than half of what is taken has a deficit`(given: Int, taken: Int, share: Double) {
        #expect(abs(RiskScore.deficitShare(point(0, given, taken)) - share) < 1e-12)
    }

    @Test func `giving less than before counts against the eighth newest look`() {
        let points = (0..<10).map { point(Double(20 - $0), $0 < 2 ? 10_000 : 100 - $0) }
        // Ten looks: the eighth newest gave 98, the latest 91.
        #expect(score(points).parts.last?.reason == "donations dropped")
        let share = 7.0 / 98 / 0.30
        #expect(score(points).parts.last?.points == Int((0.10 * share * 100).rounded(.toNearestOrEven)))
        // Fewer than eight: the oldest.
        #expect(score([point(3, 100, 10), point(1, 85, 10)]).points == 5)
    }

    @Test func `missed attacks are told in numbers`() {
        let old = Self.now - Self.day * 3
        let fine = [point(0, 50, 50)]
        func reading(_ used: Int, _ allowed: Int? = nil, at: Timestamp? = nil) -> WarReading {
            WarReading(at: at ?? old, used: used, allowed: allowed)
        }
        #expect(score(fine, wars: [reading(0)]).parts == [.init(points: 40, reason: "no war attacks used")])
        #expect(score(fine, wars: [reading(1)]).parts == [.init(points: 20, reason: "missed 1 war attack")])
        #expect(score(fine, wars: [reading(2)]).points == 0)
        #expect(score(fine, wars: [reading(0), reading(2)]).points == 0)
        #expect(score(fine, wars: []).points == 0)
        // The war may have been going on a moment ago.
        #expect(score(fine, wars: [reading(0, at: Self.now - .seconds(86_399))]).points == 0)
        #expect(score(fine, wars: [reading(0, at: Self.now - Self.day)]).points == 40)
        // One attack of one allowed is all there is; the old rule asks for two.
        #expect(score(fine, wars: [reading(1, 1)], RiskPolicy()).points == 0)
        #expect(score(fine, wars: [reading(1, 1)]).points == 20)
        #expect(score(fine, wars: [reading(1, 3)], RiskPolicy()).parts.map(\.reason) == ["missed 2 war attacks"])
    }

    @Test func `weights of one's own are scaled, unless the letter is asked for`() {
        let weights = RiskWeights(war: 1, idle: 1, deficit: 1, drop: 1)
        let points = [point(6, 100, 300), point(5, 0, 300)]
        let war = [WarReading(at: Self.now - Self.day * 5, used: 0)]
        #expect(score(points, wars: war, idle: 9, weights: weights).points == 400)
        var policy = RiskPolicy.literal
        policy.normalisesWeights = true
        #expect(score(points, wars: war, idle: 9, weights: weights, policy).points == 100)
        #expect(score(points, wars: war, idle: 9, policy).points == 100)
    }

    @Test func `the end of a season makes nobody a risk`() {
        let points = [point(9, 900, 800), point(8, 1_000, 850), point(1, 0, 0)]
        #expect(score(points).points == 25)
        #expect(score(points, RiskPolicy()).points == 0)
        // Once the season is no longer young, taking without giving counts again; the drop across the reset never does.
        let later = [point(9, 900, 800), point(8, 0, 0), point(1, 0, 90)]
        #expect(score(later, RiskPolicy()).parts.map(\.reason) == ["donation deficit"])
    }

    @Test func `a player without any look is no risk by donations`() {
        #expect(score([], idle: 40).parts == [.init(points: 35, reason: "inactive for 40 days")])
    }

    @Test func `a thousand random histories agree with another calculation`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<1_000 {
            let history = RandomHistory(now: Self.now, using: &random)
            for policy in [RiskPolicy.literal, RiskPolicy()] {
                let ours = RiskScore(history.history, weights: history.weights, policy: policy, now: Self.now)
                let other = history.reference(policy, now: Self.now)
                #expect(ours.points == other.points && ours.parts.map(\.reason) == other.reasons, "\(history)")
                if policy.normalisesWeights { #expect((0...102).contains(ours.points)) }
            }
        }
    }

    @Test func `thinning the looks changes nothing`() {
        // What the store gives: the newest eight, the oldest, and each after a reset.
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let history = RandomHistory(now: Self.now, using: &random)
            let points = history.history.points
            let kept = points.indices.filter { index in
                index == 0 || index >= points.count - 8 || points[index].donations < points[index - 1].donations
                    || points[index].received < points[index - 1].received
            }
            var thin = history.history
            thin.points = kept.map { points[$0] }
            for policy in [RiskPolicy.literal, RiskPolicy()] {
                let (full, few) = (history.history, thin)
                #expect(
                    RiskScore(full, weights: history.weights, policy: policy, now: Self.now)
                        == RiskScore(few, weights: history.weights, policy: policy, now: Self.now))
            }
        }
    }
}
