import FreshetCore

/// What a destination waits for after failures: pure, times are passed in.
struct LoaderState: Sendable {
    /// Failures in a row of the destination or of a table.
    struct Pause: Sendable {
        var failures = 0
        /// Monotonic.
        var until = Duration.zero
        var error: BigQueryError
        /// When the first of these failures was.
        var since: Timestamp
    }

    private(set) var destination: Pause?
    private(set) var tables: [String: Pause] = [:]
    private(set) var loadedRows = 0
    private(set) var loads = 0
    private(set) var lastLoadAt: Timestamp?

    private static let away: RetryConfig = {
        var config = RetryConfig()
        (config.attempts, config.initial, config.max) = (.max, .seconds(1), .seconds(300))
        return config
    }()

    /// A failed job wants a person more often than patience: it is tried again at longer and longer intervals.
    private static let stopped: RetryConfig = {
        var config = RetryConfig()
        (config.attempts, config.initial, config.max) = (.max, .seconds(60), .seconds(3_600))
        return config
    }()

    /// Reasons of failed jobs that have nothing to do with the rows.
    private static let passing: Set<String> = [
        "backendError", "internalError", "jobBackendError", "jobInternalError", "quotaExceeded", "rateLimitExceeded",
        "jobRateLimitExceeded", "stopped", "tableUnavailable",
    ]

    /// How long nothing may be sent at all; zero when something may.
    func wait(now: Duration) -> Duration { max(.zero, (destination?.until ?? now) - now) }

    /// Whether a table rests.
    func isResting(_ table: String, now: Duration) -> Bool { tables[table].map { $0.until > now } ?? false }

    /// When the first resting table is due, from now; `nil` when none rests.
    func nextTable(now: Duration) -> Duration? { tables.values.map { $0.until - now }.filter { $0 > .zero }.min() }

    /// Notes a failure.
    ///
    /// - Returns: How long it rests because of it, and whether it is the first in a row.
    mutating func failed(
        _ error: BigQueryError, table: String, at: Timestamp, now: Duration,
        random: inout some RandomNumberGenerator
    ) -> (wait: Duration, isFirst: Bool) {
        let isAway = error.scope == .destination
        var pause = (isAway ? destination : tables[table]) ?? Pause(error: error, since: at)
        // Tables that are sent side by side fail together: that is one failure.
        if isAway, pause.failures > 0, pause.until > now { return (pause.until - now, false) }
        pause.failures += 1
        pause.error = error
        let config = isAway || Self.passing.contains(error.reason) ? Self.away : Self.stopped
        let bound = RetryPolicy.bound(afterAttempt: pause.failures, config: config)
        // Half of the wait is drawn: many installations must not come back in step, nor one at once.
        let wait = max(bound * Double.random(in: 0.5...1, using: &random), error.retryAfter ?? .zero)
        pause.until = now + wait
        if isAway { destination = pause } else { tables[table] = pause }
        return (wait, pause.failures == 1)
    }

    /// Notes that a table is gone.
    mutating func forget(_ table: String) { tables[table] = nil }

    /// Notes a success.
    ///
    /// - Returns: Whether the destination had failed before.
    mutating func sent(_ rows: Int, table: String, at: Timestamp) -> Bool {
        defer { destination = nil }
        tables[table] = nil
        loadedRows += rows
        loads += 1
        lastLoadAt = at
        return destination != nil
    }
}
