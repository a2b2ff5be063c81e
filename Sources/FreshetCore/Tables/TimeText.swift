/// Reads and writes moments and days as documents spell them; nothing is rounded.
///
/// A moment is whole seconds since 1970-01-01T00:00:00Z and 0...999,999,999 nanoseconds of that second, without leap
/// seconds, in the years 1...9999 of UTC. What does not fit exactly is not read.
public enum TimeText {
    /// Reads a moment.
    ///
    /// - Parameters:
    ///   - bytes: The text, or the exact text of a number for the formats that count since 1970.
    ///   - format: How it is written. `iso` also takes a bare day (midnight UTC), lower-case `t` and `z`, and zones as
    ///     `+02` and `+0200`; without a zone it is UTC.
    /// - Returns: The moment, or `nil` for anything else, what is finer than a nanosecond included.
    public static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, format: TimeFormat
    ) -> (seconds: Int64, nanoseconds: UInt32)? {
        switch format {
        case .iso: TimeScanner.iso(bytes)
        case .unixSeconds: unix(bytes, power: 9)
        case .unixMilliseconds: unix(bytes, power: 6)
        case .unixMicroseconds: unix(bytes, power: 3)
        case .unixNanoseconds: unix(bytes, power: 0)
        case .dayMonthYear: TimeScanner.dayMonthYear(bytes)
        }
    }

    /// Reads a moment from any bytes; as the form for buffers.
    public static func parse(
        _ bytes: some Collection<UInt8>, format: TimeFormat
    ) -> (seconds: Int64, nanoseconds: UInt32)? {
        if let moment = bytes.withContiguousStorageIfAvailable({ parse($0, format: format) }) { return moment }
        return Array(bytes).withUnsafeBufferPointer { parse($0, format: format) }
    }

    /// Reads a day.
    ///
    /// - Parameters:
    ///   - bytes: The text, or the exact text of a number for the formats that count since 1970.
    ///   - format: How it is written: `2023-05-28` or `20230528` for `iso`; a count since 1970 must be a midnight.
    /// - Returns: Days since 1970-01-01, or `nil` for anything else.
    public static func parseDate(_ bytes: UnsafeBufferPointer<UInt8>, format: TimeFormat = .iso) -> Int64? {
        switch format {
        case .iso: return TimeScanner.isoDay(bytes)
        case .dayMonthYear where bytes.count == 10:
            return TimeScanner.dayMonthYear(bytes).map { $0.seconds / 86_400 }
        case .dayMonthYear: return nil
        default:
            guard let moment = parse(bytes, format: format), moment.nanoseconds == 0, moment.seconds % 86_400 == 0
            else { return nil }
            return moment.seconds / 86_400
        }
    }

    /// Reads a day from any bytes; as the form for buffers.
    public static func parseDate(_ bytes: some Collection<UInt8>, format: TimeFormat = .iso) -> Int64? {
        if let day = bytes.withContiguousStorageIfAvailable({ parseDate($0, format: format) }) { return day }
        return Array(bytes).withUnsafeBufferPointer { parseDate($0, format: format) }
    }

    /// Writes a moment as RFC 3339 in UTC, such as `2023-05-28T14:42:40.250Z`.
    ///
    /// - Parameters:
    ///   - seconds: Since 1970.
    ///   - nanoseconds: 0...999,999,999.
    ///   - digits: Behind the second, 0...9; what is finer is left out.
    /// - Returns: The text.
    public static func print(seconds: Int64, nanoseconds: UInt32, digits: Int) -> String {
        TimeForm(separator: .t, digits: min(max(digits, 0), 9), zone: .utc)
            .print(seconds: seconds, nanoseconds: nanoseconds)
    }

    /// Writes a day as `2023-05-28`.
    ///
    /// - Parameter days: Since 1970-01-01.
    /// - Returns: The text.
    public static func printDate(days: Int64) -> String {
        let date = CivilDate.date(fromDays: Int(days))
        return "\(pad(date.year, 4))-\(pad(date.month))-\(pad(date.day))"
    }

    /// The first and the last second of the years 1...9999.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Reads a count of 10^-(9 - power) seconds since 1970, exactly.
    private static func unix(
        _ bytes: UnsafeBufferPointer<UInt8>, power: Int
    ) -> (seconds: Int64, nanoseconds: UInt32)? {
        guard var (digits, exponent) = DecimalScanner.read(bytes) else { return nil }
        exponent += power
        while exponent > 0, digits != 0 {
            let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            (digits, exponent) = (product, exponent - 1)
        }
        while exponent < 0, digits != 0 {
            let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return nil }
            (digits, exponent) = (quotient, exponent + 1)
        }
        var (seconds, nanoseconds) = digits.quotientAndRemainder(dividingBy: 1_000_000_000)
        if nanoseconds < 0 { (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000) }
        guard let whole = Int64(exactly: seconds), range.contains(whole) else { return nil }
        return (whole, UInt32(nanoseconds))
    }
}

/// Reads the text of a JSON number as digits and a power of ten.
private enum DecimalScanner {
    static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> (digits: Int128, exponent: Int)? {
        var (digits, exponent, at) = (Int128(0), 0, 0)
        var (count, isFraction) = (0, false)
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { at = 1 }
        scan: while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // 37 digits always fit 128 bits; more are no time that anybody means.
                guard count < 37 else { return nil }
                digits = digits * 10 + Int128(bytes[at] - UInt8(ascii: "0"))
                count += digits == 0 ? 0 : 1
                exponent -= isFraction ? 1 : 0
            case UInt8(ascii: ".") where !isFraction && at > (isNegative ? 1 : 0): isFraction = true
            case UInt8(ascii: "e") where at > (isNegative ? 1 : 0), UInt8(ascii: "E") where at > (isNegative ? 1 : 0):
                let power = String(decoding: bytes[(at + 1)...], as: UTF8.self)
                guard let power = Int(power), abs(power) < 10_000 else { return nil }
                exponent += power
                break scan
            default: return nil
            }
            at += 1
        }
        guard at > (isNegative ? 1 : 0) else { return nil }
        return (isNegative ? -digits : digits, exponent)
    }
}
