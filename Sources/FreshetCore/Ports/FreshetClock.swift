/// Where Freshet gets the time from; production uses the system, tests a clock that they move by hand.
public protocol FreshetClock: Sendable {
    /// The wall clock in UTC. It may jump; it is used for what is stored and shown.
    func now() -> Timestamp

    /// Time since a fixed, arbitrary origin of this machine's boot. It never jumps or goes back, also not when the wall
    /// clock is set, and goes on over a restart of the process.
    func monotonic() -> Duration

    /// Returns once ``monotonic()`` has reached `deadline`; throws `CancellationError` when the task is cancelled.
    func sleep(untilMonotonic deadline: Duration) async throws
}

extension FreshetClock {
    /// Returns after `duration`; throws `CancellationError` when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        try await sleep(untilMonotonic: monotonic() + duration)
    }
}
