import FreshetCore

/// What an attempt brought.
enum WebhookOutcome: Sendable, Equatable {
    /// 2xx.
    case accepted(status: Int)
    /// Anything else but 410; `retryAfter` is what the endpoint asked for.
    case failed(reason: String, status: Int?, retryAfter: Duration?)
    /// 410: the endpoint wants no more.
    case gone
}

/// When a message is tried again.
enum WebhookPolicy {
    /// The waits after the first attempt, the second and so on; about 16 hours together.
    static let waits: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(7200),
        .seconds(14_400), .seconds(28_800),
    ]
    /// How often an endpoint that is parked is tried.
    static let parkedWait = Duration.seconds(3600)
    /// The longest that an endpoint can ask for.
    static let longestRetryAfter = Duration.seconds(86_400)
    /// Waits are stretched or shortened by at most this share, so that endpoints do not move in step.
    static let jitter = 0.2

    /// The wait after so many failures in a row.
    static func wait(
        after failures: Int, retryAfter: Duration?, random: inout some RandomNumberGenerator
    ) -> Duration {
        let base = waits.indices.contains(failures - 1) ? waits[failures - 1] : parkedWait
        let jittered = base * Double.random(in: 1 - jitter...1 + jitter, using: &random)
        return max(jittered, min(retryAfter ?? .zero, longestRetryAfter))
    }

    /// Whether so many failures in a row are too many.
    static func isParked(after failures: Int) -> Bool { failures > waits.count }
}
