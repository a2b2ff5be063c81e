import FreshetCore
import FreshetTesting
import Testing

@Suite struct IntervalScheduleTests {
    static let anchor = at("2026-01-31T22:15:00Z")

    @Test(arguments: ["PT15M", "PT45M", "PT5H", "PT90M", "PT30S", "P2D", "PT0.5H", "P1DT12H", "PT7.25S"])
    func `exact periods fall due exactly over 400 days`(text: String) throws {
        let period = try Period(parsing: text)
        let schedule = IntervalSchedule(period: period, anchor: Self.anchor)
        let step = try #require(period.exact)
        let total = 400 * 86_400_000_000 / step.microseconds
        // Every time of the longer periods, and enough of the short ones.
        for count in stride(from: 0, through: total, by: Int(total / 20_000 + 1)) {
            let time = Timestamp(microseconds: Self.anchor.microseconds + count * step.microseconds)
            let (before, after) = (schedule.next(after: time - .microseconds(1)), schedule.next(after: time))
            guard before == time, after == time + step else {
                Issue.record("at \(time): \(String(describing: before)), then \(String(describing: after))")
                return
            }
        }
    }

    @Test func `calendar months stay on the anchor's day and do not drift`() throws {
        let schedule = IntervalSchedule(period: try Period(parsing: "P1M"), anchor: Self.anchor)
        var (moment, found): (Timestamp, [String]) = (Self.anchor, [])
        for _ in 0..<13 {
            moment = try #require(schedule.next(after: moment))
            found.append(moment.rfc3339)
        }
        let days = [
            "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31",
            "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28",
        ]
        #expect(found == days.map { $0 + "T22:15:00Z" })
        #expect(schedule.next(after: at("2028-02-01")) == at("2028-02-29T22:15:00Z"))
        #expect(schedule.next(after: at("2076-02-29T22:15:00Z")) == at("2076-03-31T22:15:00Z"))
    }

    @Test func `a year from a leap day falls on the last day of February`() throws {
        let schedule = IntervalSchedule(period: try Period(parsing: "P1Y"), anchor: at("2024-02-29"))
        #expect(schedule.next(after: at("2024-02-29")) == at("2025-02-28"))
        #expect(schedule.next(after: at("2027-03-01")) == at("2028-02-29"))
    }

    @Test func `a moment between two times, on one, and before the anchor`() throws {
        let schedule = IntervalSchedule(period: try Period(parsing: "PT45M"), anchor: Self.anchor)
        let due = Self.anchor + .seconds(2700)
        #expect(schedule.next(after: due) == due + .seconds(2700))
        #expect(schedule.next(after: due - .microseconds(1)) == due)
        #expect(schedule.next(after: Self.anchor) == due)
        #expect(schedule.next(after: Self.anchor - .seconds(1)) == Self.anchor)
        #expect(schedule.next(after: Timestamp(microseconds: .min)) == Self.anchor)
    }

    @Test func `the answer is the first of all counts that is later`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let period = Period(
                months: Int.random(in: 0...14, using: &random), days: Int.random(in: 0...40, using: &random),
                time: .milliseconds(Int.random(in: 1...100_000_000, using: &random)))
            let start = at("2023-12-29") + .seconds(Int.random(in: 0...400 * 86_400, using: &random))
            let schedule = IntervalSchedule(period: period, anchor: start)
            let moment =
                start + period.approximate * Int.random(in: 0...60, using: &random)
                + .milliseconds(Int.random(in: -100_000_000...100_000_000, using: &random))
            let expected = (0...80).lazy.map { period.added(to: start, count: $0) }.first { $0 > moment }
            #expect(schedule.next(after: moment) == expected, "\(period) from \(start) after \(moment)")
        }
    }

    @Test func `a short period far from its anchor is found at once`() throws {
        let schedule = IntervalSchedule(period: Period(.microseconds(3)), anchor: at("1970-01-01"))
        let moment = at("9999-01-01T00:00:00Z")
        #expect(schedule.next(after: moment) == moment + .microseconds(3))
    }

    @Test(arguments: [
        Period(), Period(.nanoseconds(1)), Period(months: -1), Period(months: 1, days: -1), Period(.seconds(-1)),
    ])
    func `a period that does not go forward is no schedule`(period: Period) {
        #expect(IntervalSchedule(period: period, anchor: Self.anchor).next(after: Self.anchor) == nil)
        #expect(IntervalSchedule(period: period, anchor: Self.anchor).next(after: at("1970-01-01")) == nil)
    }

    @Test func `nothing overflows at the end of time`() {
        for period in [
            Period(months: 1), Period(months: .max), Period(days: .max), Period(.seconds(1_000_000_000_000)),
        ] {
            let schedule = IntervalSchedule(period: period, anchor: Self.anchor)
            #expect(schedule.next(after: Timestamp(microseconds: .max - 1)) == nil)
        }
        let ancient = IntervalSchedule(period: Period(days: 1), anchor: Timestamp(microseconds: .min))
        #expect(ancient.next(after: Timestamp(microseconds: .min)) != nil)
        #expect(ancient.next(after: Timestamp(microseconds: .max)) == nil)
    }
}
