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
