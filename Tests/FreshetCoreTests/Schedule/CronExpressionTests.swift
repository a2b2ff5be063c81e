import FreshetCore
import Synchronization
import Testing

@Suite struct CronExpressionTests {
    @Test(arguments: [
        ("*/20 * * * *", ["2026-01-31T23:40:00Z", "2026-02-01T00:00:00Z"]),
        ("50/4 * * * *", ["2026-01-31T23:50:00Z", "2026-01-31T23:54:00Z"]),
        ("5,35 8-9 * * MON-FRI", ["2026-02-02T08:05:00Z", "2026-02-02T08:35:00Z"]),
        ("0 0 29 2 *", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        ("0 0 31 * *", ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]),
        ("59 23 31 12 *", ["2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"]),
        ("0 12 * jan,Dec sun", ["2026-12-06T12:00:00Z", "2026-12-13T12:00:00Z"]),
        ("0 0 1 Apr-jun/2 *", ["2026-04-01T00:00:00Z", "2026-06-01T00:00:00Z"]),
        ("0 12 * * 0", ["2026-02-01T12:00:00Z", "2026-02-08T12:00:00Z"]),
        ("0 12 * * 7", ["2026-02-01T12:00:00Z", "2026-02-08T12:00:00Z"]),
        ("0 12 * * 5-7", ["2026-02-01T12:00:00Z", "2026-02-06T12:00:00Z"]),
        ("0 12 * * sat-sun", ["2026-02-01T12:00:00Z", "2026-02-07T12:00:00Z"]),
        ("0 12 * * */3", ["2026-02-01T12:00:00Z", "2026-02-04T12:00:00Z"]),
        ("10-50/20 23 * * *", ["2026-01-31T23:30:00Z", "2026-01-31T23:50:00Z"]),
        (" 0\t6  *  * * ", ["2026-02-01T06:00:00Z", "2026-02-02T06:00:00Z"]),
        ("@hourly", ["2026-02-01T00:00:00Z", "2026-02-01T01:00:00Z"]),
        ("@daily", ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"]),
        ("@Midnight", ["2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"]),
        ("@weekly", ["2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z"]),
        ("@monthly", ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]),
        ("@yearly", ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]),
        ("@annually", ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]),
    ])
    func `the next runs after 31 January 23:25 are these`(text: String, expected: [String]) throws {
        #expect(try runs(text, after: "2026-01-31T23:25:00Z", count: 2) == expected)
    }

    @Test func `day of month or day of week is enough when both are restricted`() throws {
        #expect(
            try runs("0 0 13 * FRI", after: "2026-02-01", count: 4) == [
                "2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z", "2026-02-27T00:00:00Z",
            ])
        // A star with a step still counts as a star: both must fit.
        #expect(
            try runs("0 0 */2 * FRI", after: "2026-02-01", count: 2) == [
                "2026-02-13T00:00:00Z", "2026-02-27T00:00:00Z",
            ])
        #expect(
            try runs("0 0 30 2 MON", after: "2026-02-01", count: 2) == [
                "2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z",
            ])
    }

    @Test func `the result is after the moment, to the microsecond`() throws {
        #expect(try runs("0 * * * *", after: "2026-02-01T04:00:00Z", count: 1) == ["2026-02-01T05:00:00Z"])
        #expect(try runs("0 * * * *", after: "2026-02-01T03:59:59Z", count: 1) == ["2026-02-01T04:00:00Z"])
        #expect(try runs("0 * * * *", after: "2026-02-01T03:59:59.999999Z", count: 1) == ["2026-02-01T04:00:00Z"])
        #expect(try runs("0 5 * * *", after: "2026-02-01T05:00:00.000001Z", count: 1) == ["2026-02-02T05:00:00Z"])
    }

    @Test func `29 February is found across a century without leap day`() throws {
        #expect(
            try runs("0 0 29 2 *", after: "2096-02-29T00:00:00Z", count: 1) == ["2104-02-29T00:00:00Z"])
        #expect(
            try runs("0 0-23 29 2 *", after: "2096-02-29T23:00:00Z", count: 1, zone: ZoneFixtures.newYork) == [
                "2096-03-01T00:00:00Z"
            ])
    }

    @Test(arguments: ["0 0 30 2 *", "* * 31 4,6,9,11 *", "0 */2 30 feb *"])
    func `a day that no month has never comes`(text: String) throws {
        let cron = try CronExpression(text)
        for zone in [UTCRules(), ZoneFixtures.berlin, ZoneFixtures.dateLine] as [any ZoneRules] {
            #expect(cron.next(after: at("2026-01-01"), zone: zone) == nil)
        }
    }

    @Test func `moments at the end of time have no next time`() throws {
        let cron = try CronExpression("* * * * *")
        for edge in [Int64.min, .max] {
            #expect(cron.next(after: Timestamp(microseconds: edge), zone: ZoneFixtures.berlin) == nil)
        }
        #expect(cron.next(after: at("9999-12-31T23:59:00Z"), zone: ZoneFixtures.berlin) != nil)
        #expect(cron.next(after: Timestamp(seconds: -62_000_000_000), zone: ZoneFixtures.berlin) != nil)
    }

    @Test(arguments: ["0 0 29 2 *", "0 * 29 2 *", "0 0 30 2 *", "0 */2 30 2 *"])
    func `sparse expressions ask the zone once per change, not once per day`(text: String) throws {
        let zone = CountingZone()
        _ = try CronExpression(text).next(after: at("2096-02-29T23:59:00Z"), zone: zone)
        // Sixteen changes in eight years, and a few looks around the start.
        #expect(zone.looks.withLock { $0 } <= 24)
    }
}

/// Counts how often it is asked for an offset.
private final class CountingZone: ZoneRules {
    let looks = Mutex(0)

    func offset(at moment: Timestamp) -> Int {
        looks.withLock { $0 += 1 }
        return ZoneFixtures.berlin.offset(at: moment)
    }

    func nextChange(after moment: Timestamp) -> Timestamp? { ZoneFixtures.berlin.nextChange(after: moment) }
}

@Suite struct CronErrorTests {
    @Test(arguments: [
        ("", "it has 0 fields instead of five: minute, hour, day of month, month, day of week"),
        ("5", "it has 1 field instead of five: minute, hour, day of month, month, day of week"),
        ("0 * * * * *", "it has 6 fields instead of five: minute, hour, day of month, month, day of week"),
        (
            "@reboot",
            #""@reboot" is unknown; allowed are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"#
        ),
        (
            "60 * * * *",
            #"the minute cannot be "60"; allowed are *, 0-59, ranges such as 2-4, steps such as */2, and lists of these"#
        ),
        (
            "0 5,24 * * *",
            #"the hour cannot be "24"; allowed are *, 0-23, ranges such as 2-4, steps such as */2, and lists of these"#
        ),
        (
            "0 22-2 * * *",
            #"the hour range "22-2" ends before it begins; allowed are *, 0-23, ranges such as 2-4, "#
                + "steps such as */2, and lists of these"
        ),
        ("*/90 * * * *", #"the minute step in "*/90" is not a number from 1 to 59"#),
        ("*/0 * * * *", #"the minute step in "*/0" is not a number from 1 to 59"#),
        ("0 4/ * * *", #"the hour step in "4/" is not a number from 1 to 23"#),
    ])
    func `a mistake is named with its place and what is allowed`(text: String, description: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        #expect(error?.description == description)
    }

    @Test(arguments: [
        ("* * 0 * *", CronField.dayOfMonth, "0"), ("* * L * *", .dayOfMonth, "L"), ("* * ? * *", .dayOfMonth, "?"),
        ("* * * 13 *", .month, "13"), ("* * * FOO *", .month, "FOO"), ("* * * JANUARY *", .month, "JANUARY"),
        ("* * * MON *", .month, "MON"), ("* * * * 8", .dayOfWeek, "8"), ("* * * * MON#2", .dayOfWeek, "MON#2"),
        ("* * * * JAN", .dayOfWeek, "JAN"), ("1,,2 * * * *", .minute, "1,,2"), ("-1 * * * *", .minute, "-1"),
        ("+1 * * * *", .minute, "+1"), ("1-2-3 * * * *", .minute, "1-2-3"), ("*-5 * * * *", .minute, "*-5"),
        ("1- * * * *", .minute, "1-"), ("/5 * * * *", .minute, "/5"), ("** * * * *", .minute, "**"),
        ("99999999999999999999 * * * *", .minute, "99999999999999999999"), ("٣ * * * *", .minute, "٣"),
        ("1.5 * * * *", .minute, "1.5"), (", * * * *", .minute, ","),
    ])
    func `values out of range and unknown forms are refused`(text: String, field: CronField, part: String) {
        #expect(throws: CronError.value(field, text: part)) { try CronExpression(text) }
    }

    @Test func `a range of weekdays may end on Sunday by name only`() throws {
        #expect(throws: Never.self) { try CronExpression("0 0 * * FRI-SUN") }
        #expect(throws: CronError.backwards(.dayOfWeek, text: "FRI-0")) { try CronExpression("0 0 * * FRI-0") }
        #expect(throws: CronError.backwards(.dayOfWeek, text: "FRI-MON")) { try CronExpression("0 0 * * FRI-MON") }
        #expect(throws: CronError.backwards(.month, text: "NOV-FEB")) { try CronExpression("0 0 1 NOV-FEB *") }
    }
}
