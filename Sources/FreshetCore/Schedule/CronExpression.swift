/// Times of day and days as a five-field cron expression names them: minute, hour, day of month, month, day of week.
///
/// A field is `*`, a number, a range (`1-5`), a step (`*/15`, `0-30/10`; `5/15` counts from 5 to the end) or a list
/// of these. Months and weekdays may be written as `JAN`…`DEC` and `SUN`…`SAT` in any case; 0 and 7 are Sunday, and
/// `SAT-SUN` is the weekend. Also known are `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and
/// `@annually`.
///
/// When neither day of month nor day of week begins with `*`, a day matches when either field does (the rule of Vixie
/// cron); otherwise both have to.
///
/// When clocks change:
/// - A local time that is skipped runs at the first instant after the gap; several skipped times run once.
/// - A local time that occurs twice runs once, the first time.
/// - An expression whose hour begins with `*` runs by real time instead: at every minute whose local time matches.
///   `30 * * * *` stays one hour apart, without an extra run for a gap, and runs in both passes of a repeated hour.
public struct CronExpression: Sendable, Hashable {
    private let minutes: CronSet
    private let hours: CronSet
    private let daysOfMonth: CronSet
    private let months: CronSet
    private let weekdays: CronSet
    private let eitherDayMatches: Bool
    private let runsByRealTime: Bool

    /// The names that stand for an expression.
    static let namedExpressions: [(name: String, expression: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
    ]

    /// How far ``next(after:zone:)`` looks: 29 February can be eight years away.
    private static let horizon: Int64 = 8 * 366 * 86_400

    /// Reads an expression; fields are separated by spaces or tabs.
    ///
    /// - Throws: ``CronError`` naming the field, the text and what is allowed.
    public init(_ text: String) throws(CronError) {
        var fields = text.split { $0 == " " || $0 == "\t" }
        if fields.count == 1, fields[0].hasPrefix("@") {
            let name = fields[0].lowercased()
            guard let known = CronExpression.namedExpressions.first(where: { $0.name == name }) else {
                throw .unknownName(String(fields[0]))
            }
            fields = known.expression.split(separator: " ")
        }
        guard fields.count == CronField.allCases.count else { throw .fieldCount(fields.count) }
        minutes = try CronField.minute.values(in: fields[0])
        hours = try CronField.hour.values(in: fields[1])
        daysOfMonth = try CronField.dayOfMonth.values(in: fields[2])
        months = try CronField.month.values(in: fields[3])
        weekdays = try CronField.dayOfWeek.values(in: fields[4])
        eitherDayMatches = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        runsByRealTime = fields[1].hasPrefix("*")
    }

    /// The first time strictly after `moment` in a zone, on a whole minute of local time or at the end of a gap.
    ///
    /// - Returns: `nil` when nothing matches within eight years, as for 30 February.
    public func next(after moment: Timestamp, zone: any ZoneRules) -> Timestamp? {
        // Nothing below can leave the range of a timestamp.
        let reach = Int64.max / 1_000_000 - 2 * CronExpression.horizon
        guard (-reach...reach).contains(moment.seconds) else { return nil }
        let clock = LocalClock(zone: zone)
        let next = runsByRealTime ? nextByRealTime(moment.seconds, clock) : nextOnce(moment.seconds, clock)
        return next.map(Timestamp.init(seconds:))
    }

    /// Looks through each stretch of constant offset as if it were a zone of its own.
    private func nextByRealTime(_ moment: Int64, _ clock: LocalClock) -> Int64? {
        var start = moment + 1
        let limit = start + CronExpression.horizon
        while start <= limit {
            let stretch = clock.stretch(at: start)
            let last = min(stretch.end - 1, limit)
            if let local = nextLocal(from: start + stretch.offset, through: last + stretch.offset) {
                return local - stretch.offset
            }
            start = last + 1
        }
        return nil
    }

    /// Takes the first matching local time that clocks have not yet shown, and the instant at which they first pass it.
    private func nextOnce(_ moment: Int64, _ clock: LocalClock) -> Int64? {
        let shown = clock.latestLocal(through: moment)
        return nextLocal(from: shown + 1, through: shown + CronExpression.horizon).map(clock.firstInstant(reaching:))
    }

    // MARK: Local time, in seconds as a clock shows them

    /// The first matching minute in a range of local time.
    private func nextLocal(from start: Int64, through limit: Int64) -> Int64? {
        let (day, minute) = floorDivide(floorDivide(start + 59, 60).quotient, 24 * 60)
        var (year, month, firstDay) = CivilDate.date(fromDays: Int(day))
        if days(year: year, month: month).contains(firstDay), let time = time(fromMinute: Int(minute)) {
            return moment(day, time, through: limit)
        }
        firstDay += 1
        while true {
            if let match = days(year: year, month: month).first(from: firstDay), let time = time(fromMinute: 0) {
                return moment(Int64(CivilDate.days(year: year, month: month, day: match)), time, through: limit)
            }
            (month, firstDay) = (month + 1, 1)
            if month > 12 { (year, month) = (year + 1, 1) }
            if Int64(CivilDate.days(year: year, month: month, day: 1)) * 86_400 > limit { return nil }
        }
    }

    private func moment(_ day: Int64, _ minute: Int, through limit: Int64) -> Int64? {
        let seconds = day * 86_400 + Int64(minute) * 60
        return seconds <= limit ? seconds : nil
    }

    /// The first matching minute of a day at or after a minute of it.
    private func time(fromMinute start: Int) -> Int? {
        let (hour, minute) = start.quotientAndRemainder(dividingBy: 60)
        if hours.contains(hour), let minute = minutes.first(from: minute) { return hour * 60 + minute }
        guard let hour = hours.first(from: hour + 1), let minute = minutes.first(from: 0) else { return nil }
        return hour * 60 + minute
    }

    /// The matching days of a month.
    private func days(year: Int, month: Int) -> CronSet {
        var (existing, named) = (CronSet(), CronSet())
        guard months.contains(month) else { return existing }
        let first = CivilDate(year: year, month: month, day: 1).weekday
        for day in 1...CivilDate.daysInMonth(year: year, month: month) {
            existing.insert(day)
            if weekdays.contains((first + day - 1) % 7) { named.insert(day) }
        }
        let numbered = daysOfMonth.intersection(existing)
        return eitherDayMatches ? numbered.union(named) : numbered.intersection(named)
    }
}
