/// A length of time as ISO 8601 writes it, months and days kept apart from seconds.
///
/// `P1M` is a calendar month and `P1D` a calendar day; only time parts (`PT…`) are exact lengths. A month is
/// counted from a starting moment and clamped to the end of a shorter month.
public struct Period: Hashable, Sendable {
    /// Calendar months, years included.
    public var months: Int
    /// Calendar days, weeks included.
    ///
    /// In UTC each has 86,400 s.
    public var days: Int
    /// The exact part.
    public var time: Duration

    /// Creates a period from its parts.
    public init(months: Int = 0, days: Int = 0, time: Duration = .zero) {
        (self.months, self.days, self.time) = (months, days, time)
    }

    /// Creates an exact period.
    public init(_ time: Duration) { self.init(months: 0, days: 0, time: time) }

    /// The exact length when the period has no months (days count 86,400 s); `nil` otherwise.
    public var exact: Duration? { months == 0 ? .seconds(days * 86_400) + time : nil }

    /// The length with a month counted as 30 days: for estimates, never for schedules.
    public var approximate: Duration { .seconds((months * 30 + days) * 86_400) + time }

    /// The moment `count` periods after `start`, computed from `start` at once so that months do not drift.
    public func added(to start: Timestamp, count: Int = 1) -> Timestamp {
        var base = start
        if months != 0 {
            var date = CivilDate(start)
            let total = date.year * 12 + (date.month - 1) + months * count
            let (year, month) = floorDivide(Int64(total), 12)
            (date.year, date.month) = (Int(year), Int(month) + 1)
            date.day = min(date.day, CivilDate.daysInMonth(year: date.year, month: date.month))
            base = date.timestamp
        }
        return base + .seconds(days * count * 86_400) + time * count
    }

    /// Reads ISO 8601 (`PT10M`, `P1DT12H`, `P2W`, `PT0.5S`) or the short form (`500ms`, `10m`, `1h30m`, `2d`).
    ///
    /// - Throws: ``PeriodError`` with a sentence for a person; a bare number is refused because it has no unit.
    public init(parsing text: String) throws(PeriodError) {
        if text.first == "P" || text.first == "p" {
            self = try Period.iso8601(text.uppercased())
        } else {
            self = try Period.short(text)
        }
    }

    private static func iso8601(_ text: String) throws(PeriodError) -> Period {
        var (period, number, isTime, parts) = (Period(), "", false, 0)
        let order = "YMWDhms"
        var last = -1
        for character in text.dropFirst() {
            if character == "T" {
                guard !isTime, number.isEmpty else { throw .malformed(text) }
                isTime = true
            } else if character.isNumber || character == "." || character == "," {
                number.append(character == "," ? "." : character)
            } else {
                let unit = isTime ? Character(character.lowercased()) : character
                guard let place = order.firstIndex(of: unit)?.utf16Offset(in: order), place > last else {
                    throw .malformed(text)
                }
                last = place
                try period.add(number, unit: unit, in: text)
                number = ""
                parts += 1
            }
        }
        guard number.isEmpty, parts > 0, !text.hasSuffix("T") else { throw .malformed(text) }
        return period
    }

    private mutating func add(_ number: String, unit: Character, in text: String) throws(PeriodError) {
        switch unit {
        case "Y", "M", "W", "D":
            guard let value = Int(number), value < 100_000 else { throw .malformed(text) }
            switch unit {
            case "Y": months += value * 12
            case "M": months += value
            case "W": days += value * 7
            default: days += value
            }
        default:
            guard let value = Double(number), value < 1e9 else { throw .malformed(text) }
            let scale = unit == "h" ? 3600.0 : unit == "m" ? 60.0 : 1.0
            time += .microseconds(Int64((value * scale * 1_000_000).rounded()))
        }
    }

    private static func short(_ text: String) throws(PeriodError) -> Period {
        var (period, number, unit, parts) = (Period(), "", "", 0)
        func flush(_ period: inout Period) throws(PeriodError) {
            guard let value = Double(number), value < 1e9 else { throw .malformed(text) }
            guard !unit.isEmpty else { throw .noUnit(text) }
            guard let scale = shortUnits[unit] else { throw .malformed(text) }
            period.time += .microseconds(Int64((value * scale).rounded()))
        }
        for character in text where character != " " {
            if character.isNumber || character == "." {
                if !unit.isEmpty {
                    try flush(&period)
                    (number, unit) = ("", "")
                }
                number.append(character)
            } else {
                unit.append(character)
            }
            parts += 1
        }
        guard parts > 0 else { throw .malformed(text) }
        try flush(&period)
        return period
    }

    private static let shortUnits: [String: Double] = [
        "ms": 1000, "s": 1e6, "sec": 1e6, "m": 60e6, "min": 60e6, "h": 3600e6, "d": 86_400e6, "w": 604_800e6,
    ]
}

/// Why a duration could not be read.
public enum PeriodError: Error, CustomStringConvertible, Equatable {
    /// The text is a number without a unit.
    case noUnit(String)
    /// The text is not a duration.
    case malformed(String)

    /// A sentence for the person who wrote the text.
    public var description: String {
        switch self {
        case .noUnit(let text): "\"\(text)\" has no unit: write PT\(text)S, \(text)s, \(text)m or \(text)h"
        case .malformed(let text): "\"\(text)\" is not a duration: write ISO 8601 such as PT10M, P1D, or 10m"
        }
    }
}

extension Period: CustomStringConvertible {
    /// ISO 8601, such as `PT10M` or `P1M`; a zero period is `PT0S`.
    public var description: String {
        let date =
            (months / 12 > 0 ? "\(months / 12)Y" : "") + (months % 12 > 0 ? "\(months % 12)M" : "")
            + (days > 0 ? "\(days)D" : "")
        let micro = time.microseconds
        let (hours, minutes) = (micro / 3_600_000_000, micro / 60_000_000 % 60)
        let rest = micro % 60_000_000
        var clock = (hours > 0 ? "\(hours)H" : "") + (minutes > 0 ? "\(minutes)M" : "")
        if rest > 0 {
            var fraction = rest % 1_000_000 == 0 ? "" : "." + pad(Int(rest % 1_000_000), 6)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            clock += "\(rest / 1_000_000)\(fraction)S"
        }
        if date.isEmpty && clock.isEmpty { return "PT0S" }
        return "P" + date + (clock.isEmpty ? "" : "T" + clock)
    }
}
