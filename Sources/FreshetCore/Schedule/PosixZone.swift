/// The rule of a POSIX TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`: one offset, or two that alternate each year.
struct PosixZone: Hashable, Sendable {
    /// Seconds east of UTC in standard time.
    let standardOffset: Int
    /// The second offset and when it counts; `nil` when standard time is all year.
    let daylight: Daylight?

    struct Daylight: Hashable, Sendable {
        /// Seconds east of UTC.
        let offset: Int
        /// When it begins, in standard time.
        let start: YearRule
        /// When it ends, in daylight time.
        let end: YearRule
    }

    /// `nil` when the text is not a POSIX TZ string with the extensions of RFC 8536 section 3.3.1.
    init?(parsing text: some Sequence<UInt8>) {
        var scanner = PosixZoneScanner(text)
        guard scanner.skipName(), let standard = scanner.offset() else { return nil }
        standardOffset = -standard
        if scanner.isAtEnd {
            daylight = nil
            return
        }
        guard scanner.skipName() else { return nil }
        // One hour ahead of standard time unless the text says otherwise.
        var offset = standardOffset + 3600
        if !scanner.isAt(",") {
            guard let written = scanner.offset() else { return nil }
            offset = -written
        }
        // POSIX leaves the rule open when there is none; a zone file always has it.
        guard scanner.skip(","), let start = scanner.rule(), scanner.skip(","), let end = scanner.rule(),
            scanner.isAtEnd
        else { return nil }
        daylight = Daylight(offset: offset, start: start, end: end)
    }

    /// The offset at a moment given in seconds since the epoch.
    func offset(at seconds: Int64) -> Int {
        guard let daylight else { return standardOffset }
        // The change that counts is the last one passed. When a year ends in daylight time exactly as the next begins
        // in it, the change of the later year counts.
        var (latest, offset) = (Int64.min, standardOffset)
        for change in changes(around: seconds, daylight) where change.time <= seconds && change.time >= latest {
            (latest, offset) = (change.time, change.offset)
        }
        return offset
    }

    /// The first change after a moment given in seconds since the epoch; `nil` when standard time is all year.
    func nextChange(after seconds: Int64) -> Int64? {
        guard let daylight else { return nil }
        return changes(around: seconds, daylight).lazy.map(\.time).filter { $0 > seconds }.min()
    }

    /// The changes in the years around a moment: two on each side, as a rule may reach a week into another year.
    private func changes(
        around seconds: Int64, _ daylight: Daylight
    ) -> some Sequence<(time: Int64, offset: Int)> {
        let year = CivilDate.date(fromDays: Int(floorDivide(seconds, 86_400).quotient)).year
        return (0..<10).lazy.map { index in
            let rule = index % 2 == 0 ? daylight.start : daylight.end
            let before = index % 2 == 0 ? standardOffset : daylight.offset
            return (
                rule.localSeconds(in: year - 2 + index / 2) - Int64(before),
                index % 2 == 0 ? daylight.offset : standardOffset
            )
        }
    }
}

/// A day of each year and a time on it.
struct YearRule: Hashable, Sendable {
    enum Day: Hashable, Sendable {
        /// 1...365 where 29 February never counts: 60 is 1 March.
        case julian(Int)
        /// 0...365, leap days counted.
        case ordinal(Int)
        /// The `week`th (5 = last) `weekday` (0 = Sunday) of a month.
        case weekday(month: Int, week: Int, weekday: Int)
    }

    let day: Day
    /// Seconds after midnight, within ±167 h.
    let time: Int

    /// The seconds since the epoch that a clock of local time would show as this day and time.
    func localSeconds(in year: Int) -> Int64 {
        Int64(dayNumber(in: year)) * 86_400 + Int64(time)
    }

    private func dayNumber(in year: Int) -> Int {
        switch day {
        case .ordinal(let number): return CivilDate.days(year: year, month: 1, day: 1) + number
        case .julian(let number):
            let leap = number >= 60 && CivilDate.daysInMonth(year: year, month: 2) == 29
            return CivilDate.days(year: year, month: 1, day: 1) + number - 1 + (leap ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).weekday
            var day = 1 + (weekday - first + 7) % 7 + (week - 1) * 7
            if day > CivilDate.daysInMonth(year: year, month: month) { day -= 7 }
            return CivilDate.days(year: year, month: month, day: day)
        }
    }
}

/// Reads the parts of a POSIX TZ string.
private struct PosixZoneScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: some Sequence<UInt8>) { bytes = Array(text) }

    var isAtEnd: Bool { position == bytes.count }

    func isAt(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        position += 1
        return true
    }

    /// Three or more letters, or three or more letters, digits and signs in angle brackets.
    mutating func skipName() -> Bool {
        let quoted = skip("<")
        let start = position
        while position < bytes.count, isNamePart(bytes[position], quoted: quoted) { position += 1 }
        return position - start >= 3 && (!quoted || skip(">"))
    }

    private func isNamePart(_ byte: UInt8, quoted: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): quoted
        default: false
        }
    }

    /// An offset in seconds west of UTC.
    mutating func offset() -> Int? { clock(hours: 24) }

    mutating func rule() -> YearRule? {
        guard let day = day() else { return nil }
        guard skip("/") else { return YearRule(day: day, time: 2 * 3600) }
        return clock(hours: 167).map { YearRule(day: day, time: $0) }
    }

    private mutating func day() -> YearRule.Day? {
        if skip("J") { return number(1...365).map(YearRule.Day.julian) }
        guard skip("M") else { return number(0...365).map(YearRule.Day.ordinal) }
        guard let month = number(1...12), skip("."), let week = number(1...5), skip("."),
            let weekday = number(0...6)
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }

    /// `[+-]h[:mm[:ss]]` in seconds.
    private mutating func clock(hours: Int) -> Int? {
        let negative = skip("-")
        if !negative { _ = skip("+") }
        guard var seconds = number(0...hours).map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] {
            guard skip(":") else { break }
            guard let value = number(0...59) else { return nil }
            seconds += value * unit
        }
        return negative ? -seconds : seconds
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int? {
        var (value, digits) = (0, 0)
        while position < bytes.count, (48...57).contains(bytes[position]), digits < 4 {
            value = value * 10 + Int(bytes[position]) - 48
            digits += 1
            position += 1
        }
        return digits > 0 && range.contains(value) ? value : nil
    }
}
