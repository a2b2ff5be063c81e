/// Writes moments and days in the one form in which they are stored: text whose order is the order of time.
public enum StoredTime {
    /// The longest text: `2023-05-28T14:42:40.123456789Z`.
    public static let capacity = 30

    /// Writes a moment as RFC 3339 in UTC.
    ///
    /// - Parameters:
    ///   - seconds: Since 1970, in the years 1...9999.
    ///   - nanoseconds: 0...999,999,999; what is finer than `digits` is left out.
    ///   - digits: Behind the second, 0...9.
    ///   - target: At least ``capacity`` bytes.
    /// - Returns: How many bytes were written.
    public static func write(
        seconds: Int64, nanoseconds: UInt32, digits: Int, to target: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let (days, time) = floorDivide(seconds, 86_400)
        writeDay(days, to: target)
        target[10] = UInt8(ascii: "T")
        two(time / 3600, target + 11)
        target[13] = UInt8(ascii: ":")
        two(time / 60 % 60, target + 14)
        target[16] = UInt8(ascii: ":")
        two(time % 60, target + 17)
        var at = 19
        if digits > 0 {
            target[19] = UInt8(ascii: ".")
            var (rest, power) = (nanoseconds, UInt32(100_000_000))
            for _ in 0..<digits {
                at += 1
                target[at] = UInt8(ascii: "0") + UInt8(rest / power)
                rest %= power
                power = max(1, power / 10)
            }
            at += 1
        }
        target[at] = UInt8(ascii: "Z")
        return at + 1
    }

    /// Writes a day as `2023-05-28`.
    ///
    /// - Parameters:
    ///   - days: Since 1970-01-01, in the years 1...9999.
    ///   - target: At least 10 bytes.
    public static func writeDay(_ days: Int64, to target: UnsafeMutablePointer<UInt8>) {
        let date = CivilDate.date(fromDays: Int(days))
        two(Int64(date.year / 100), target)
        two(Int64(date.year % 100), target + 2)
        target[4] = UInt8(ascii: "-")
        two(Int64(date.month), target + 5)
        target[7] = UInt8(ascii: "-")
        two(Int64(date.day), target + 8)
    }

    /// A moment as text.
    public static func text(_ moment: Timestamp, digits: Int = 6) -> String {
        let (seconds, rest) = floorDivide(moment.microseconds, 1_000_000)
        return text(seconds: seconds, nanoseconds: UInt32(rest * 1000), digits: digits)
    }

    /// A moment as text; see ``write(seconds:nanoseconds:digits:to:)``.
    public static func text(seconds: Int64, nanoseconds: UInt32, digits: Int) -> String {
        String(unsafeUninitializedCapacity: capacity) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return write(seconds: seconds, nanoseconds: nanoseconds, digits: digits, to: base)
        }
    }

    /// The digits that a moment needs: 0, 3, 6 or 9.
    static func digits(of nanoseconds: UInt32) -> Int {
        if nanoseconds == 0 { return 0 }
        if nanoseconds % 1_000_000 == 0 { return 3 }
        return nanoseconds % 1000 == 0 ? 6 : 9
    }

    @inline(__always)
    private static func two(_ value: Int64, _ target: UnsafeMutablePointer<UInt8>) {
        target[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
        target[1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
    }
}
