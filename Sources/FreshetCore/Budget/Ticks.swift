/// Monotonic nanoseconds: the machine's arithmetic, a quarter of `Duration`'s cost and never beyond 73 years.
typealias Ticks = Int64

extension Ticks {
    /// A moment that never comes: far enough away, and still safe to add to.
    static let never: Ticks = .max / 4

    /// The duration rounded down, clamped to ±``never``.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let limit: Int64 = .max / 4
        guard abs(seconds) < limit / 1_000_000_000 else {
            self = seconds < 0 ? -limit : limit
            return
        }
        let part = floorDivide(attoseconds, 1_000_000_000).quotient
        self = seconds * 1_000_000_000 + part
    }

    /// The same length as a `Duration`.
    var duration: Duration { .nanoseconds(self) }
}
