import FreshetCore
import Testing

@testable import FreshetEngine

struct TimelineTests {
    private struct UTCOnly: ZoneSource {
        func rules(for name: String) -> (any ZoneRules)? { name == "UTC" ? UTCRules() : nil }
    }

    private let start = Timestamp(seconds: 1_800_000_000)

    private func timeline(_ timing: RefreshSchedule.Timing) throws -> Timeline {
        try #require(Timeline(timing, zones: UTCOnly()))
    }

    @Test func `an interval runs at once and then on its grid, without drift`() throws {
        let timeline = try timeline(.every(Period(.seconds(90))))
        var step = timeline.step(after: nil, now: start, missed: .once)
        #expect(step.runsNow)
        for index in 1...1000 {
            let due = try #require(step.next)
            #expect(due == start + .seconds(90 * index))
            // Each look comes a little late, as in life.
            step = timeline.step(after: step.mark, now: due + .milliseconds(700), missed: .once)
            #expect(step.runsNow)
            #expect(step.skipped == 0)
        }
    }

    @Test func `four hours down give one run that makes up for all`() throws {
        let timeline = try timeline(.every(Period(.seconds(900))))
        let mark = Timeline.Mark(anchor: start, last: start)
        let step = timeline.step(after: mark, now: start + .seconds(4 * 3600 + 60), missed: .once)
        #expect(step.runsNow)
        #expect(step.skipped == 15)
        #expect(step.next == start + .seconds(4 * 3600 + 900))
    }

    @Test func `with skip the missed runs are counted and not made up`() throws {
        let timeline = try timeline(.every(Period(.seconds(900))))
        let mark = Timeline.Mark(anchor: start, last: start)
        let step = timeline.step(after: mark, now: start + .seconds(4 * 3600 + 60), missed: .skip)
        #expect(!step.runsNow)
        #expect(step.skipped == 16)
    }

    @Test func `a run every second is counted at once after a year down`() throws {
        let timeline = try timeline(.every(Period(.seconds(1))))
        let mark = Timeline.Mark(anchor: start, last: start + .seconds(10))
        let down = 366 * 86_400
        // Walked one by one this alone would take a minute; here it is asked for a thousand times.
        for late in 0..<1000 {
            let now = start + .seconds(10 + down) + .milliseconds(late)
            let step = timeline.step(after: mark, now: now, missed: .once)
            #expect(step.skipped == down - 1 && step.runsNow)
            #expect(step.mark?.last == start + .seconds(10 + down))
            #expect(step.next == start + .seconds(11 + down))
        }
    }

    /// Periods with and without months, and a clock that has gone on, stood still or gone back.
    @Test(arguments: [
        Period(.seconds(1)), Period(.milliseconds(700)), Period(days: 1), Period(months: 1),
        Period(months: 1, days: 3), Period(months: 5, time: .seconds(7)),
    ])
    func `arithmetic finds what walking finds`(period: Period) throws {
        let timeline = try timeline(.every(period))
        // 31 January, so that months are clamped.
        let anchor = Timestamp(seconds: 1_769_860_800)
        let schedule = IntervalSchedule(period: period, anchor: anchor)
        for run in [0, 1, 5, 40] {
            let mark = Timeline.Mark(anchor: anchor, last: schedule[run])
            for (later, extra) in [
                (-1, Duration.zero), (0, .zero), (0, .milliseconds(1)), (1, .zero), (37, .seconds(3)),
            ] {
                let now = schedule[run + later] + extra
                var (count, latest, time) = (0, Timestamp?.none, schedule.next(after: mark.last))
                while let due = time, due <= now { (count, latest, time) = (count + 1, due, schedule.next(after: due)) }
                let step = timeline.step(after: mark, now: now, missed: .once)
                #expect(step.next == time)
                #expect(step.mark?.last == latest ?? mark.last)
                #expect(step.skipped + (step.runsNow ? 1 : 0) == count)
            }
        }
    }

    @Test func `a mark survives its encoding`() throws {
        let mark = Timeline.Mark(anchor: start, last: start + .microseconds(123))
        #expect(Timeline.Mark(decoding: mark.encode()) == mark)
        #expect(Timeline.Mark(decoding: Array("nonsense".utf8)) == nil)
    }

    @Test func `cron waits for its first time`() throws {
        let timeline = try timeline(.cron("0 3 * * *", timeZone: "UTC"))
        let step = timeline.step(after: nil, now: start, missed: .once)
        #expect(!step.runsNow)
        let next = try #require(step.next)
        #expect(CivilDate(next).hour == 3)
        #expect(CivilDate(next).minute == 0)
    }
}
