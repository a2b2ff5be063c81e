/// Reads the parts of a moment from ASCII text.
struct TimeScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    var isAtEnd: Bool { at == bytes.count }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func number(_ width: Int) -> Int? {
        guard at + width <= bytes.count else { return nil }
        var value = 0
        for _ in 0..<width {
            guard Self.isDigit(bytes[at]) else { return nil }
            value = value * 10 + Int(bytes[at] &- UInt8(ascii: "0"))
            at += 1
        }
        return value
    }

    // MARK: Whole texts

    /// `iso` in all its spellings, a bare day included.
    static func iso(_ bytes: UnsafeBufferPointer<UInt8>) -> (seconds: Int64, nanoseconds: UInt32)? {
        if let days = isoDay(bytes) { return (days * 86_400, 0) }
        var scanner = TimeScanner(bytes)
        return scanner.moment(isStrict: false).map { ($0.seconds, $0.nanoseconds) }
    }

    /// `2023-05-28` or `20230528`.
    static func isoDay(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard bytes.count == 10 || bytes.count == 8 else { return nil }
        var scanner = TimeScanner(bytes)
        guard let (days, _) = scanner.day(), scanner.isAtEnd else { return nil }
        return days
    }

    /// `28.05.2023`, with a time behind it or not.
    static func dayMonthYear(_ bytes: UnsafeBufferPointer<UInt8>) -> (seconds: Int64, nanoseconds: UInt32)? {
        var scanner = TimeScanner(bytes)
        guard let day = scanner.number(2), scanner.take("."), let month = scanner.number(2), scanner.take("."),
            let year = scanner.number(4), let days = days(year, month, day)
        else { return nil }
        if scanner.isAtEnd { return (days * 86_400, 0) }
        guard scanner.take(" "), let time = scanner.time(isCompact: false), scanner.isAtEnd else { return nil }
        return (days * 86_400 + time.seconds, time.nanoseconds)
    }

    // MARK: Parts

    /// Day, time and zone up to the end of the text.
    mutating func moment(isStrict: Bool) -> (form: TimeForm, seconds: Int64, nanoseconds: UInt32)? {
        guard let (days, isCompact) = day() else { return nil }
        var separator = isCompact ? TimeForm.Separator.compact : .t
        if !take("T") {
            if !isCompact, take(" ") {
                separator = .space
            } else if isStrict || !take("t") {
                return nil
            }
        }
        guard let time = time(isCompact: isCompact), let zone = zone(isStrict: isStrict, isCompact: isCompact), isAtEnd
        else { return nil }
        let seconds = days * 86_400 + time.seconds - zone.seconds
        guard TimeText.range.contains(seconds) else { return nil }
        return (TimeForm(separator: separator, digits: time.digits, zone: zone), seconds, time.nanoseconds)
    }

    /// `2023-05-28` or, compact, `20230528`, as days since 1970.
    private mutating func day() -> (days: Int64, isCompact: Bool)? {
        guard let year = number(4) else { return nil }
        let isCompact = !take("-")
        guard let month = number(2), isCompact || take("-"), let day = number(2),
            let days = Self.days(year, month, day)
        else { return nil }
        return (days, isCompact)
    }

    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64? {
        guard year > 0, (1...12).contains(month), day > 0, day <= CivilDate.daysInMonth(year: year, month: month)
        else { return nil }
        return Int64(CivilDate.days(year: year, month: month, day: day))
    }

    /// `14:42`, `14:42:40`, `14:42:40.25` or, compact, without colons.
    private mutating func time(isCompact: Bool) -> (seconds: Int64, nanoseconds: UInt32, digits: Int?)? {
        guard let hour = number(2), hour < 24, isCompact || take(":"), let minute = number(2), minute < 60 else {
            return nil
        }
        let whole = Int64(hour * 3600 + minute * 60)
        let hasSeconds = isCompact ? at < bytes.count && Self.isDigit(bytes[at]) : take(":")
        guard hasSeconds else { return (whole, 0, nil) }
        guard let second = number(2), second < 60 else { return nil }
        guard take(".") else { return (whole + Int64(second), 0, 0) }
        var (nanoseconds, digits) = (UInt32(0), 0)
        while at < bytes.count, Self.isDigit(bytes[at]) {
            guard digits < 9 else { return nil }
            nanoseconds = nanoseconds * 10 + UInt32(bytes[at] &- UInt8(ascii: "0"))
            digits += 1
            at += 1
        }
        guard digits > 0 else { return nil }
        for _ in digits..<9 { nanoseconds *= 10 }
        return (whole + Int64(second), nanoseconds, digits)
    }

    /// Nothing, `Z` or an offset; the compact form has an offset only where spelling need not be kept.
    mutating func zone(isStrict: Bool, isCompact: Bool) -> TimeForm.Zone? {
        if isAtEnd { return TimeForm.Zone.none }
        if take("Z") || (!isStrict && take("z")) { return .utc }
        if isStrict, isCompact { return nil }
        let isAhead = take("+")
        guard isAhead || take("-"), let hour = number(2), hour < 24 else { return nil }
        var minute = 0
        if take(":") || (!isStrict && !isAtEnd) {
            guard let read = number(2), read < 60 else { return nil }
            minute = read
        } else if isStrict {
            return nil
        }
        return isAhead ? .ahead(hour * 60 + minute) : .behind(hour * 60 + minute)
    }
}
