/// The moments that follow an anchor at whole multiples of a period, the anchor itself being the first.
///
/// Each is counted from the anchor (``Period/added(to:count:)``), so a monthly schedule from 31 January runs on the
/// last day of shorter months and on the 31st of the others.
public struct IntervalSchedule: Sendable, Hashable {
    /// The time between two moments.
    public let period: Period
    /// The first moment.
    public let anchor: Timestamp

    /// Creates a schedule.
    public init(period: Period, anchor: Timestamp) {
        (self.period, self.anchor) = (period, anchor)
    }

    /// The first moment of the schedule strictly after `moment`.
    ///
    /// - Returns: `nil` when the period is zero, has a negative part or is shorter than 1 µs, and when the result could
    ///   leave the range of a ``Timestamp``.
    public func next(after moment: Timestamp) -> Timestamp? {
        position(after: moment).map { period.added(to: anchor, count: $0) }
    }

    /// The moment at a position; the anchor is at 0.
    public subscript(position: Int) -> Timestamp { period.added(to: anchor, count: position) }

    /// How many moments of the schedule lie at or before `moment`, which is the position of the first one after it.
    ///
    /// Found by arithmetic, in a time that does not grow with the moments that have passed.
    /// - Returns: 0 before the anchor; `nil` as ``next(after:)``.
    public func position(after moment: Timestamp) -> Int? {
        guard period.months >= 0, period.days >= 0, period.time >= .zero else { return nil }
        let (shortest, longest) = (length(monthDays: 28), length(monthDays: 31) + 1)
        guard shortest > 0 else { return nil }
        if moment < anchor { return 0 }

        // `n` periods take at least `n · shortest` and less than `n · longest`. That leaves few counts to search: one or
        // two for most exact periods, a tenth of the months that have passed for months.
        let passed = Int128(moment.microseconds) - Int128(anchor.microseconds)
        var (low, high) = (passed / longest, passed / shortest + 1)
        guard Int128(anchor.microseconds) + high * longest <= Int128(Int64.max) else { return nil }
        while low < high {
            let middle = (low + high) / 2
            if period.added(to: anchor, count: Int(middle)) > moment { high = middle } else { low = middle + 1 }
        }
        return Int(high)
    }

    /// The length of the period in whole microseconds when every month has `monthDays` days.
    private func length(monthDays: Int128) -> Int128 {
        let days = Int128(period.months) * monthDays + Int128(period.days)
        return days * 86_400_000_000 + Int128(period.time.microseconds)
    }
}
