import FreshetCore
import Testing

@Suite struct IntervalScheduleTests {
    static let anchor = at("2026-01-31T22:15:00Z")

    @Test(arguments: ["PT15M", "PT45M", "PT5H", "PT90M", "PT30S", "P2D"])
    func `exact periods fall due exactly over 400 days`(text: String) throws {
        let period = try Period(parsing: text)
        let schedule = try #require(IntervalSchedule(period))
        let step = try #require(period.exact)
        let end = Self.anchor + .seconds(400 * 86_400)
        var (moment, count) = (Self.anchor, 0)
        while true {
            let next = schedule.next(after: moment, anchor: Self.anchor)
            if next > end { break }
            guard next - moment == step else {
                Issue.record("\(next) follows \(moment)")
                return
            }
            (moment, count) = (next, count + 1)
        }
        #expect(count == Int(400 * 86_400 / step.inSeconds))
        #expect(schedule.missed(after: Self.anchor, through: end, anchor: Self.anchor) == count)
    }

    @Test func `calendar months stay on the anchor's day and do not drift`() throws {
        let schedule = try #require(IntervalSchedule(Period(parsing: "P1M")))
        var (moment, found): (Timestamp, [String]) = (Self.anchor, [])
        for _ in 0..<13 {
            moment = schedule.next(after: moment, anchor: Self.anchor)
            found.append(String(moment.rfc3339.prefix(10)))
        }
        #expect(
            found == [
                "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31",
                "2026-09-30",
                "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28",
            ])
        #expect(schedule.latest(through: at("2076-03-01"), anchor: Self.anchor) == at("2076-02-29T22:15:00Z"))
    }

    @Test func `a moment between two due times, on one, and before the anchor`() throws {
        let schedule = try #require(IntervalSchedule(Period(parsing: "PT45M")))
        let due = Self.anchor + .seconds(2700)
        #expect(schedule.next(after: due, anchor: Self.anchor) == due + .seconds(2700))
        #expect(schedule.next(after: due - .microseconds(1), anchor: Self.anchor) == due)
        #expect(schedule.next(after: Self.anchor - .seconds(1), anchor: Self.anchor) == Self.anchor)
    }

    @Test(arguments: ["PT0S", "P0D"])
    func `a period of nothing is no schedule`(text: String) throws {
        #expect(IntervalSchedule(try Period(parsing: text)) == nil)
    }

    @Test func `four hours down are made up for by one run`() throws {
        let schedule = try DueSchedule.interval(
            #require(IntervalSchedule(Period(parsing: "PT15M"))), anchor: Self.anchor)
        let back = Self.anchor + .seconds(4 * 3600 + 200)
        #expect(DueDecision.decide(schedule, lastRun: Self.anchor, now: back, missed: .once) == .run(missed: 15))
        // After that run nothing is due before the next quarter of an hour.
        #expect(
            DueDecision.decide(schedule, lastRun: back, now: back, missed: .once)
                == .notDue(next: Self.anchor + .seconds(4 * 3600 + 900)))
    }

    @Test func `skipped runs are counted, and one that is only just due still runs`() throws {
        let schedule = try DueSchedule.interval(
            #require(IntervalSchedule(Period(parsing: "PT15M"))), anchor: Self.anchor)
        let late = Self.anchor + .seconds(4 * 3600 + 200)
        #expect(
            DueDecision.decide(schedule, lastRun: Self.anchor, now: late, missed: .skip)
                == .skip(count: 16, next: Self.anchor + .seconds(4 * 3600 + 900)))
        let onTime = Self.anchor + .seconds(4 * 3600 + 3)
        #expect(DueDecision.decide(schedule, lastRun: Self.anchor, now: onTime, missed: .skip) == .run(missed: 15))
    }

    @Test func `cron runs that were missed are counted, too`() throws {
        let schedule = DueSchedule.cron(try CronExpression(parsing: "0 * * * *"), zone: UTCRules())
        let last = at("2026-05-01T10:00:00Z")
        #expect(
            DueDecision.decide(schedule, lastRun: last, now: at("2026-05-01T14:10:00Z"), missed: .once)
                == .run(missed: 3))
        #expect(
            DueDecision.decide(schedule, lastRun: last, now: at("2026-05-01T10:59:59Z"), missed: .once)
                == .notDue(next: at("2026-05-01T11:00:00Z")))
    }

    @Test func `a clock that went back runs nothing twice`() throws {
        let schedule = DueSchedule.cron(try CronExpression(parsing: "0 * * * *"), zone: UTCRules())
        #expect(
            DueDecision.decide(
                schedule, lastRun: at("2026-05-01T10:00:00Z"), now: at("2026-05-01T09:30:00Z"), missed: .once)
                == .notDue(next: at("2026-05-01T11:00:00Z")))
    }
}
