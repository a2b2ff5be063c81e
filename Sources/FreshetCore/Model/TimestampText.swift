extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds only when there are any, such as `2026-01-31T07:05:00Z` or `…00.250Z`.
    public var description: String { rfc3339 }

    /// RFC 3339 in UTC; the fraction appears (3 or 6 digits) only when it is not zero.
    public var rfc3339: String {
        let d = CivilDate(self)
        var text = "\(pad(d.year, 4))-\(pad(d.month))-\(pad(d.day))T\(pad(d.hour)):\(pad(d.minute)):\(pad(d.second))"
        if d.microsecond != 0 {
            text += d.microsecond % 1000 == 0 ? ".\(pad(d.microsecond / 1000, 3))" : ".\(pad(d.microsecond, 6))"
        }
        return text + "Z"
    }

    /// The IMF-fixdate of RFC 9110 section 5.6.7, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    public var httpDate: String {
        let d = CivilDate(self)
        return "\(HTTPDateNames.days[d.weekday]), \(pad(d.day)) \(HTTPDateNames.months[d.month - 1]) \(pad(d.year, 4)) "
            + "\(pad(d.hour)):\(pad(d.minute)):\(pad(d.second)) GMT"
    }

    /// Reads RFC 3339 with any offset, `Z`, or a bare date (midnight UTC); `nil` when the text is anything else.
    public init?(rfc3339 text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), (1...12).contains(month),
            (1...CivilDate.daysInMonth(year: year, month: month)).contains(day)
        else { return nil }
        var date = CivilDate(year: year, month: month, day: day)
        if scanner.isAtEnd {
            self = date.timestamp
            return
        }
        guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2), scanner.skip(":"),
            let second = scanner.number(2), hour < 24, minute < 60, second <= 60
        else { return nil }
        (date.hour, date.minute, date.second) = (hour, minute, min(second, 59))
        if scanner.skip(".") {
            guard let micro = scanner.fraction(6) else { return nil }
            date.microsecond = micro
        }
        var offset: Int64 = 0
        if !(scanner.skip("Z") || scanner.skip("z")) {
            let negative = scanner.skip("-")
            guard negative || scanner.skip("+"), let h = scanner.number(2), scanner.skip(":"),
                let m = scanner.number(2), h < 24, m < 60
            else { return nil }
            offset = Int64(h * 3600 + m * 60) * (negative ? -1 : 1)
        }
        guard scanner.isAtEnd else { return nil }
        self = Timestamp(microseconds: date.timestamp.microseconds - offset * 1_000_000)
    }

    /// Reads the three HTTP date forms of RFC 9110 section 5.6.7; `nil` when the text is none of them.
    public init?(httpDate text: String) {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }).map(String.init)
        guard words.count >= 5 else { return nil }
        let isAsctime = HTTPDateNames.months.contains(words[1])
        let (dayWord, monthWord) = isAsctime ? (words[2], words[1]) : (words[1], words[2])
        let (yearWord, clockWord) = isAsctime ? (words[4], words[3]) : (words[3], words[4])
        guard let month = HTTPDateNames.months.firstIndex(of: monthWord), let day = Int(dayWord),
            var year = Int(yearWord), (1...31).contains(day)
        else { return nil }
        if yearWord.count == 2 { year += year < 70 ? 2000 : 1900 }
        let clock = clockWord.split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] <= 60 else { return nil }
        self =
            CivilDate(
                year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: min(clock[2], 59)
            ).timestamp
    }
}

private enum HTTPDateNames {
    static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

func pad(_ value: Int, _ width: Int = 2) -> String {
    let digits = String(value)
    return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
}

/// Reads fixed-width digit groups from ASCII text.
struct DigitScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func number(_ width: Int) -> Int? {
        guard position + width <= bytes.count else { return nil }
        var value = 0
        for _ in 0..<width {
            guard let digit = digit(at: position) else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    /// Reads one or more fraction digits and scales them to `width` digits, dropping what is finer.
    mutating func fraction(_ width: Int) -> Int? {
        var (value, count) = (0, 0)
        while let digit = digit(at: position) {
            if count < width { value = value * 10 + digit }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, width - count) { value *= 10 }
        return value
    }

    private func digit(at index: Int) -> Int? {
        guard index < bytes.count, (48...57).contains(bytes[index]) else { return nil }
        return Int(bytes[index]) - 48
    }
}
