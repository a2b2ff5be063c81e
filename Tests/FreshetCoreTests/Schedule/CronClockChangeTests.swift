import FreshetCore
import FreshetTesting
import Testing

@Suite struct CronClockChangeTests {
    @Test func `a skipped time runs at the first instant after the gap`() throws {
        #expect(
            try runs("30 2 * * *", after: "2026-03-28T12:00:00Z", count: 3, zone: ZoneFixtures.berlin) == [
                "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z",
            ])
        #expect(
            try runs("30 2 * * *", after: "2026-03-07T12:00:00Z", count: 2, zone: ZoneFixtures.newYork) == [
                "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z",
            ])
        // Two skipped times and the end of the gap itself are one run.
        #expect(
            try runs("0,30 2-3 * * *", after: "2026-03-29T00:30:00Z", count: 2, zone: ZoneFixtures.berlin) == [
                "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z",
            ])
    }

    @Test func `a time that occurs twice runs once, in the first pass`() throws {
        #expect(
            try runs("30 2 * * *", after: "2026-10-24T12:00:00Z", count: 2, zone: ZoneFixtures.berlin) == [
                "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z",
            ])
        #expect(
            try runs("30 2 * * *", after: "2026-10-25T01:10:00Z", count: 1, zone: ZoneFixtures.berlin) == [
                "2026-10-26T01:30:00Z"
            ])
        #expect(
            try runs("15 1 * * *", after: "2026-10-31T12:00:00Z", count: 2, zone: ZoneFixtures.newYork) == [
                "2026-11-01T05:15:00Z", "2026-11-02T06:15:00Z",
            ])
        // A range of hours that happens to be all of them names times of day, too.
        #expect(
            try runs("0 0-23 * * *", after: "2026-10-25T00:00:00Z", count: 2, zone: ZoneFixtures.berlin) == [
                "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z",
            ])
    }

    @Test func `every hour means every hour of real time`() throws {
        #expect(
            try runs("30 * * * *", after: "2026-03-29T00:00:00Z", count: 3, zone: ZoneFixtures.berlin) == [
                "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z",
            ])
        #expect(
            try runs("30 * * * *", after: "2026-10-25T00:00:00Z", count: 3, zone: ZoneFixtures.berlin) == [
                "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z",
            ])
        #expect(
            try runs("0 */2 * * *", after: "2026-10-24T23:00:00Z", count: 3, zone: ZoneFixtures.berlin) == [
                "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T03:00:00Z",
            ])
    }

    @Test func `midnight that is skipped or repeated is one run a day`() throws {
        #expect(
            try runs("@daily", after: "2026-09-05T12:00:00Z", count: 2, zone: ZoneFixtures.midnight) == [
                "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z",
            ])
        #expect(
            try runs("30 23 * * *", after: "2026-04-04T12:00:00Z", count: 2, zone: ZoneFixtures.midnight) == [
                "2026-04-05T02:30:00Z", "2026-04-06T03:30:00Z",
            ])
    }

    @Test func `a day that was skipped runs at its end, one that was repeated runs once`() throws {
        #expect(
            try runs("0 6 * * *", after: "2011-12-29T16:00:00Z", count: 3, zone: ZoneFixtures.dateLine) == [
                "2011-12-30T10:00:00Z", "2011-12-30T16:00:00Z", "2011-12-31T16:00:00Z",
            ])
        #expect(
            try runs("0 6 * * *", after: "2012-05-31T15:00:00Z", count: 2, zone: ZoneFixtures.dateLine) == [
                "2012-05-31T16:00:00Z", "2012-06-02T16:00:00Z",
            ])
    }

    /// Compares with a scanner that looks at every minute, near changes of the clock and elsewhere.
    @Test(arguments: 0..<12)
    func `nothing is left out or added against a walk over every minute`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let starts = ["2026-03-07T11:00:00Z", "2026-03-28T07:00:00Z", "2026-10-24T05:00:00Z", "2026-10-31T09:00:00Z"]
        let others = ["2011-12-28T23:00:00Z", "2012-05-30T20:00:00Z", "2025-12-30T22:00:00Z", "2026-02-27T00:00:00Z"]
        for _ in 0..<20 {
            let text = RandomCron.expression(&random)
            let zone = try #require(ZoneFixtures.all.randomElement(using: &random))
            let base = at(try #require((starts + others).randomElement(using: &random)))
            let start = base + .seconds(Int.random(in: 0...86_400, using: &random))
            let end = start + .seconds(2 * 86_400)
            let cron = try CronExpression(text)
            var (found, moment): ([Timestamp], Timestamp) = ([], start)
            while let next = cron.next(after: moment, zone: zone), next <= end {
                found.append(next)
                moment = next
            }
            let expected = MinuteScanner(text, zone).runs(after: start, through: end)
            #expect(found == expected, "\(text) after \(start) in zone \(ZoneFixtures.all.firstIndex(of: zone) ?? -1)")
        }
    }

    /// Asking from any moment gives the same grid as going from one time to the next.
    @Test(arguments: ["17 3 * * *", "*/7 1-3 * * SUN", "30 1,2 * 3,10,11 *", "0 */5 * * *", "* * * * *"])
    func `the answer does not depend on where one asks from`(text: String) throws {
        var random = SeededGenerator(seed: 7)
        let cron = try CronExpression(text)
        for zone in ZoneFixtures.all {
            for _ in 0..<60 {
                let moment = at("2026-10-24") + .seconds(Int.random(in: 0...10 * 86_400, using: &random))
                let next = try #require(cron.next(after: moment, zone: zone))
                #expect(next > moment)
                // From any moment in between, the same time comes next.
                let gap = Int((next - moment).inSeconds)
                let between = moment + .seconds(Int.random(in: 0..<gap, using: &random))
                #expect(cron.next(after: between, zone: zone) == next)
            }
        }
    }
}

/// Expressions of every form, most of them with times in the night hours at which clocks change.
private enum RandomCron {
    static func expression(_ random: inout SeededGenerator) -> String {
        let fields = [
            field(0...59, &random), Bool.random(using: &random) ? field(0...3, &random) : field(0...23, &random),
            field(1...31, &random), Int.random(in: 0..<4, using: &random) > 0 ? "*" : field(1...12, &random),
            field(0...7, &random),
        ]
        return fields.joined(separator: " ")
    }

    private static func field(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
        let (low, high) = (Int.random(in: range, using: &random), Int.random(in: range, using: &random))
        let step = Int.random(in: 1...max(1, range.upperBound / 2), using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1, 2: return "*"
        case 3: return "*/\(step)"
        case 4: return "\(min(low, high))-\(max(low, high))"
        case 5: return "\(min(low, high))-\(max(low, high))/\(step)"
        case 6: return "\(low),\(high)"
        default: return "\(low)"
        }
    }
}

/// A second, slow reading of the same rules: it looks at one minute after the other and remembers which it has seen.
private struct MinuteScanner {
    private let fields: [[Bool]]
    private let zone: any ZoneRules
    private let eitherDay: Bool
    private let runsByRealTime: Bool

    init(_ text: String, _ zone: any ZoneRules) {
        let words = text.split(separator: " ").map(String.init)
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
        fields = zip(words, ranges).map { word, range in (0...59).map { Self.fits(word, $0, range) } }
        eitherDay = !words[2].hasPrefix("*") && !words[4].hasPrefix("*")
        runsByRealTime = words[1].hasPrefix("*")
        self.zone = zone
    }

    func runs(after start: Timestamp, through end: Timestamp) -> [Timestamp] {
        // Begins 26 h early, to know which local minutes have been shown before; changes may lie off the minute.
        var (found, shown): ([Timestamp], Set<Int64>) = ([], [])
        var second = start.seconds - 26 * 3600
        var (offset, change) = stretch(at: second)
        while second <= end.seconds {
            let previous = second - 1 + offset
            if second == change { (offset, change) = stretch(at: second) }
            let now = second + offset
            // The minutes that the clock passes with this second: more than one at the end of a gap.
            let isGap = now > previous + 1 && !runsByRealTime
            let minutes = isGap ? (previous + 1...now).filter { $0 % 60 == 0 } : now % 60 == 0 ? [now] : []
            let runs = minutes.contains { (runsByRealTime || !shown.contains($0)) && matches($0) }
            shown.formUnion(minutes)
            if second > start.seconds, runs { found.append(Timestamp(seconds: second)) }
            // The next second at which anything can happen: a whole minute, or a change of the clock before that.
            second = min(second + 60 - now % 60, change)
        }
        return found
    }

    private func stretch(at second: Int64) -> (offset: Int64, end: Int64) {
        let moment = Timestamp(seconds: second)
        return (Int64(zone.offset(at: moment)), zone.nextChange(after: moment)?.seconds ?? .max)
    }

    private func matches(_ local: Int64) -> Bool {
        let date = CivilDate(Timestamp(seconds: local))
        guard fields[0][date.minute], fields[1][date.hour], fields[3][date.month] else { return false }
        let day = fields[2][date.day]
        let weekday = fields[4][date.weekday] || date.weekday == 0 && fields[4][7]
        return eitherDay ? day || weekday : day && weekday
    }

    private static func fits(_ field: String, _ value: Int, _ range: ClosedRange<Int>) -> Bool {
        field.split(separator: ",").contains { item in
            let parts = item.split(separator: "/")
            let step = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
            if parts[0] == "*" { return range.contains(value) && (value - range.lowerBound) % step == 0 }
            let ends = parts[0].split(separator: "-").compactMap { Int($0) }
            return value >= ends[0] && value <= ends[ends.count - 1] && (value - ends[0]) % step == 0
        }
    }
}
