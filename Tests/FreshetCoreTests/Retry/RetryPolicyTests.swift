import FreshetCore
import Testing

@Suite struct RetryPolicyTests {
    @Test func `bounds double from the initial wait to the maximum`() {
        var config = RetryConfig()
        config.attempts = 12
        let bounds = (1...10).map { RetryPolicy.bound(afterAttempt: $0, config: config).inSeconds }
        #expect(bounds == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120])
        #expect(RetryPolicy.bound(afterAttempt: 1_000_000, config: config) == .seconds(120))
    }

    @Test func `full jitter draws from the whole of 0 to the bound`() {
        var (config, random) = (RetryConfig(), Seeded(1))
        config.attempts = 9
        var waits: [Double] = []
        for _ in 0..<2000 {
            guard case .retry(let after) = RetryPolicy.wait(afterAttempt: 4, config: config, random: &random) else {
                Issue.record("gave up")
                return
            }
            waits.append(after.inSeconds)
        }
        #expect(waits.allSatisfy { $0 >= 0 && $0 <= 8 })
        #expect((waits.min() ?? 9) < 0.1 && (waits.max() ?? 0) > 7.9)
        #expect(abs(waits.reduce(0, +) / 2000 - 4) < 0.25)
    }

    @Test func `the last attempt gives up, whatever upstream asks for`() {
        var (config, random) = (RetryConfig(), Seeded(1))
        config.attempts = 3
        #expect(RetryPolicy.wait(afterAttempt: 3, config: config, random: &random, retryAfter: .seconds(1)) == .giveUp)
        #expect(RetryPolicy.wait(afterAttempt: 2, config: config, random: &random) != .giveUp)
        config.attempts = 1
        #expect(RetryPolicy.wait(afterAttempt: 1, config: config, random: &random) == .giveUp)
    }

    @Test func `retry-after is a lower bound, also beyond the maximum`() {
        var (config, random) = (RetryConfig(), Seeded(1))
        config.fullJitter = false
        #expect(
            RetryPolicy.wait(afterAttempt: 1, config: config, random: &random, retryAfter: .seconds(600))
                == .retry(after: .seconds(600)))
        #expect(
            RetryPolicy.wait(afterAttempt: 3, config: config, random: &random, retryAfter: .seconds(2))
                == .retry(after: .seconds(4)))
    }
}
