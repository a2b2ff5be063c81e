import FreshetCore
import Testing

@Suite struct CronExpressionTests {
    static func runs(_ text: String, after: String, count: Int, zone: some ZoneRules = UTCRules()) throws -> [String] {
        let cron = try CronExpression(parsing: text)
        var (moment, found): (Timestamp, [String]) = (at(after), [])
        while found.count < count, let next = cron.next(after: moment, zone: zone) {
            found.append(next.rfc3339)
            moment = next
        }
        return found
    }

    @Test(arguments: [
        ("*/20 * * * *", ["2026-01-31T23:40:00Z", "2026-02-01T00:00:00Z"]),
        ("5,35 8-9 * * MON-FRI", ["2026-02-02T08:05:00Z", "2026-02-02T08:35:00Z"]),
        ("0 0 29 2 *", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        ("0 0 31 * *", ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]),
        ("0 12 * jan,Dec sun", ["2026-12-06T12:00:00Z", "2026-12-13T12:00:00Z"]),
        ("0 12 * * 7", ["2026-02-01T12:00:00Z", "2026-02-08T12:00:00Z"]),
        ("0 12 * * 5-7", ["2026-02-01T12:00:00Z", "2026-02-06T12:00:00Z"]),
        ("10-50/20 23 * * *", ["2026-01-31T23:30:00Z", "2026-01-31T23:50:00Z"]),
        ("@hourly", ["2026-02-01T00:00:00Z", "2026-02-01T01:00:00Z"]),
        ("@daily", ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"]),
        ("@weekly", ["2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z"]),
        ("@monthly", ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]),
    ])
    func `the next runs after 31 January 23:25 are these`(text: String, expected: [String]) throws {
        #expect(try Self.runs(text, after: "2026-01-31T23:25:00Z", count: 2) == expected)
    }

    @Test func `day of month or day of week is enough when both are restricted`() throws {
        #expect(
            try Self.runs("0 0 13 * FRI", after: "2026-02-01", count: 4) == [
                "2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z", "2026-02-27T00:00:00Z",
            ])
        // A star with a step still counts as a star: both must fit.
        #expect(
            try Self.runs("0 0 */2 * FRI", after: "2026-02-01", count: 2) == [
                "2026-02-13T00:00:00Z", "2026-02-27T00:00:00Z",
            ])
    }

    @Test func `the result is after the moment, to the second`() throws {
        #expect(try Self.runs("0 * * * *", after: "2026-02-01T04:00:00Z", count: 1) == ["2026-02-01T05:00:00Z"])
        #expect(try Self.runs("0 * * * *", after: "2026-02-01T03:59:59Z", count: 1) == ["2026-02-01T04:00:00Z"])
        #expect(try Self.runs("0 * * * *", after: "2026-02-01T03:59:59.5Z", count: 1) == ["2026-02-01T04:00:00Z"])
    }

    @Test func `a skipped time runs at the first instant after the gap`() throws {
        #expect(
            try Self.runs("30 2 * * *", after: "2026-03-28T12:00:00Z", count: 3, zone: ZoneFixtures.berlin) == [
                "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z",
            ])
        // Two skipped times and the end of the gap itself are one run.
        #expect(
            try Self.runs("0,30 2-3 * * *", after: "2026-03-29T00:00:00Z", count: 2, zone: ZoneFixtures.berlin) == [
                "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z",
            ])
    }

    @Test func `a time that occurs twice runs once, in the first pass`() throws {
        #expect(
            try Self.runs("30 2 * * *", after: "2026-10-24T12:00:00Z", count: 2, zone: ZoneFixtures.berlin) == [
                "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z",
            ])
        #expect(
            try Self.runs("30 2 * * *", after: "2026-10-25T01:10:00Z", count: 1, zone: ZoneFixtures.berlin) == [
                "2026-10-26T01:30:00Z"
            ])
    }

    @Test func `wildcards follow the clock through both changes`() throws {
        #expect(
            try Self.runs("30 * * * *", after: "2026-03-29T00:00:00Z", count: 3, zone: ZoneFixtures.berlin) == [
                "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z",
            ])
        #expect(
            try Self.runs("*/30 2 * * *", after: "2026-10-24T23:50:00Z", count: 5, zone: ZoneFixtures.berlin) == [
                "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                "2026-10-26T01:00:00Z",
            ])
        #expect(
            try Self.runs("*/30 2 * * *", after: "2026-03-28T12:00:00Z", count: 1, zone: ZoneFixtures.berlin) == [
                "2026-03-30T00:00:00Z"
            ])
    }

    /// Compares with going through every minute of two weeks around each clock change and the new year.
    @Test(arguments: [
        "17 3 * * *", "*/7 1-3 * * SUN", "0 0 1,15 * 3", "45 23 31 12 *", "30 1,2 * 3,10,11 *", "0 */5 * * *",
    ])
    func `nothing is left out or added against a walk over every minute`(text: String) throws {
        let (cron, zone) = (try CronExpression(parsing: text), ZoneFixtures.newYork)
        let fields = text.split(separator: " ").map(String.init)
        let follows = fields[0].hasPrefix("*") || fields[1].hasPrefix("*")
        for start in ["2026-03-01", "2026-10-25", "2026-12-25"].map({ at($0).seconds }) {
            Self.compare(cron, zone, fields, follows, start: start, end: start + 14 * 86_400)
        }
    }

    static func compare(
        _ cron: CronExpression, _ zone: some ZoneRules, _ fields: [String], _ follows: Bool, start: Int64, end: Int64
    ) {
        var (expected, seen): ([Int64], Set<Int64>) = ([], [])
        var previous = start + Int64(zone.offset(at: Timestamp(seconds: start)))
        for second in stride(from: start + 60, through: end, by: 60) {
            let local = second + Int64(zone.offset(at: Timestamp(seconds: second)))
            // The local minutes that pass with this one: more than one at the end of a gap.
            let passed =
                !follows && local > previous + 60 ? Array(stride(from: previous + 60, through: local, by: 60)) : [local]
            if passed.contains(where: { Reference.fits($0, fields) && (follows || seen.insert($0).inserted) }) {
                expected.append(second)
            }
            previous = follows ? local : max(previous, local)
        }
        var (found, moment): ([Int64], Timestamp) = ([], Timestamp(seconds: start))
        while let next = cron.next(after: moment, zone: zone), next.seconds <= end {
            found.append(next.seconds)
            moment = next
        }
        #expect(found == expected)
    }

    @Test(arguments: [
        ("* * * *", "4 fields"), ("60 * * * *", "minute"), ("* 24 * * *", "hour"), ("* * 0 * *", "day of month"),
        ("* * * 13 *", "month"), ("* * * * 8", "day of week"), ("5/10 * * * *", "minute"), ("* 22-2 * * *", "hour"),
        ("*/0 * * * *", "minute"), ("1,,2 * * * *", "minute"), ("* * * FOO *", "month"), ("-1 * * * *", "minute"),
        ("@reboot", "@hourly"), ("0 0 30 2 *", "never"), ("* * * * MON#2", "day of week"), ("", "0 fields"),
    ])
    func `a mistake is named with its field`(text: String, part: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(parsing: text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [("*/15 * * * *", 96.0), ("@daily", 1.0), ("0 0 * * MON", 1.0 / 7), ("@monthly", 12 / 365.25)])
    func `runs per day are counted over a whole cycle of the calendar`(text: String, expected: Double) throws {
        #expect(abs(try CronExpression(parsing: text).runsPerDay - expected) < 1e-9)
    }
}

/// A second, slow reading of the same fields.
private enum Reference {
    static func fits(_ local: Int64, _ fields: [String]) -> Bool {
        let date = CivilDate(Timestamp(seconds: local))
        guard one(fields[0], date.minute, 59), one(fields[1], date.hour, 23), one(fields[3], date.month, 12) else {
            return false
        }
        let week = fields[4] == "SUN" ? "0" : fields[4]
        let (byDate, byWeek) = (one(fields[2], date.day, 31), one(week, date.weekday, 6))
        return fields[2].hasPrefix("*") || week.hasPrefix("*") ? byDate && byWeek : byDate || byWeek
    }

    private static func one(_ field: String, _ value: Int, _ maximum: Int) -> Bool {
        field.split(separator: ",").contains { item in
            if item == "*" { return true }
            if item.hasPrefix("*/") {
                return (Int(item.dropFirst(2)) ?? 0) > 0 && value % (Int(item.dropFirst(2)) ?? 1) == 0
            }
            let bounds = item.split(separator: "-").compactMap { Int($0) }
            return bounds.count == 2 ? (bounds[0]...bounds[1]).contains(value) : bounds.first == value
        }
    }
}
