/// A moment in UTC with microsecond precision, as Freshet stores and shows it.
///
/// The value counts microseconds since 1970-01-01T00:00:00Z and ignores leap seconds, like POSIX time.
/// Limits and deadlines never use it: they use the monotonic side of ``FreshetClock``.
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
    /// Microseconds since the Unix epoch; negative before it.
    public var microseconds: Int64

    /// Creates a moment from microseconds since the Unix epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Creates a moment from whole seconds since the Unix epoch.
    public init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    /// Whole seconds since the Unix epoch, rounded down.
    public var seconds: Int64 { floorDivide(microseconds, 1_000_000).quotient }

    /// Orders moments by time.
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// The moment `duration` later, with microsecond rounding towards zero.
    public static func + (a: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: a.microseconds &+ duration.microseconds)
    }

    /// The moment `duration` earlier.
    public static func - (a: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: a.microseconds &- duration.microseconds)
    }

    /// The time from `b` to `a`; negative when `a` is earlier.
    public static func - (a: Timestamp, b: Timestamp) -> Duration {
        .microseconds(a.microseconds &- b.microseconds)
    }
}

extension Duration {
    /// The duration in whole microseconds, rounded towards zero and clamped to `Int64`.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled &+ attoseconds / 1_000_000_000_000
    }

    /// The duration in seconds as a floating point number.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

func floorDivide(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
    var (q, r) = a.quotientAndRemainder(dividingBy: b)
    if r < 0 {
        q -= 1
        r += b
    }
    return (q, r)
}
