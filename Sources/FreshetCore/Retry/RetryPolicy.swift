/// What follows a failed attempt.
public enum RetryDecision: Sendable, Hashable {
    /// Try again so much later.
    case retry(after: Duration)
    /// No attempt is left.
    case giveUp
}

/// Exponential back-off with full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
public enum RetryPolicy {
    /// How long to wait after a failed attempt.
    ///
    /// The bound is `initial × multiplier^(n−1)`, at most `max`; with full jitter the wait is drawn from 0 to the bound.
    /// - Parameters:
    ///   - attempt: The attempt that failed, 1 being the first.
    ///   - config: The source's `retry:` section.
    ///   - random: Where the jitter comes from.
    ///   - retryAfter: What upstream asked for: the wait is never shorter, also beyond `max`.
    /// - Returns: `.giveUp` when `attempt` was the last one.
    public static func wait(
        afterAttempt attempt: Int, config: RetryConfig, random: inout some RandomNumberGenerator,
        retryAfter: Duration? = nil
    ) -> RetryDecision {
        guard attempt < config.attempts else { return .giveUp }
        let bound = bound(afterAttempt: attempt, config: config)
        let drawn = config.fullJitter ? bound * Double.random(in: 0...1, using: &random) : bound
        return .retry(after: max(drawn, retryAfter ?? .zero))
    }

    /// The longest wait after an attempt, before what upstream asks for.
    public static func bound(afterAttempt attempt: Int, config: RetryConfig) -> Duration {
        // Multiplied step by step and cut at `max`, so that no exponent can overflow.
        var bound = min(config.initial, config.max)
        for _ in 1..<max(attempt, 1) where bound < config.max {
            bound = min(bound * max(config.multiplier, 1), config.max)
            if config.multiplier <= 1 { break }
        }
        return max(bound, .zero)
    }
}
