import FoundationEssentials

/// The two clocks of a mock: a monotonic one to count with and a wall clock to print.
public struct MockClock: Sendable {
    /// Time since an arbitrary origin; never goes back.
    ///
    /// Limits, faults with `after` or `for` and tokens use it.
    public var monotonic: @Sendable () -> Duration
    /// Time since 1970-01-01T00:00:00Z.
    ///
    /// Only for what is shown: dates, resets and the movement of generated data.
    public var unix: @Sendable () -> Duration

    /// Creates a clock from two functions, both called from any thread.
    public init(monotonic: @escaping @Sendable () -> Duration, unix: @escaping @Sendable () -> Duration) {
        self.monotonic = monotonic
        self.unix = unix
    }

    private static let origin = ContinuousClock.now

    /// The clocks of this machine.
    public static let system = MockClock(
        monotonic: { ContinuousClock.now - origin },
        unix: { .nanoseconds(Int64(Date().timeIntervalSince1970 * 1_000_000_000)) })
}

extension Duration {
    /// Whole nanoseconds, saturating: 292 years is enough for a counter.
    var nanosecondsClamped: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds, rounded up: what `Retry-After` needs.
    var secondsRoundedUp: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }

    /// Seconds as a floating point number.
    var asSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// A UTC calendar date and time of day, from seconds since 1970.
struct CivilTime {
    let year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int

    init(unixSeconds: Int64) {
        let days = Int(unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400)
        let rest = Int(unixSeconds) - days * 86_400
        (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60)
        weekday = ((days % 7) + 11) % 7
        // Days to civil date: shift to years that begin in March, in eras of 400 years.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    var httpDate: String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return
            "\(days[weekday]), \(two(day)) \(months[month - 1]) \(four(year)) \(two(hour)):\(two(minute)):\(two(second)) GMT"
    }

    /// `2024-01-01T00:00:00Z`.
    var rfc3339: String { "\(four(year))-\(two(month))-\(two(day))T\(two(hour)):\(two(minute)):\(two(second))Z" }

    /// `2024-01-01T00:00:00.250Z`, with the milliseconds of a time that lies in this second.
    func rfc3339(milliseconds time: Duration) -> String {
        let digits = "\(1_000 + time.components.attoseconds / 1_000_000_000_000_000)".dropFirst()
        return "\(rfc3339.dropLast()).\(digits)Z"
    }

    /// `20240101T000000.000Z`.
    var compact: String { "\(four(year))\(two(month))\(two(day))T\(two(hour))\(two(minute))\(two(second)).000Z" }

    private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    private func four(_ value: Int) -> String {
        let text = "\(value)"
        return text.utf8.count < 4 ? String(repeating: "0", count: 4 - text.utf8.count) + text : text
    }
}
