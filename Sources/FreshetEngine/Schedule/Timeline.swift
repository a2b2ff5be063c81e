import FreshetCore

/// The times at which a schedule runs, and what to do about those that have passed; pure.
struct Timeline: Sendable {
    /// How late a run may be and still count as on time.
    static let grace = Duration.seconds(5)

    /// Where a schedule stands: durable between processes.
    struct Mark: Sendable, Hashable {
        /// The first run; intervals are counted from it.
        var anchor: Timestamp
        /// The last time that was run or skipped.
        var last: Timestamp

        init(anchor: Timestamp, last: Timestamp) { (self.anchor, self.last) = (anchor, last) }

        init?(decoding bytes: [UInt8]) {
            let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int64($0) }
            guard parts.count == 2 else { return nil }
            self.init(anchor: Timestamp(microseconds: parts[0]), last: Timestamp(microseconds: parts[1]))
        }

        func encode() -> [UInt8] { Array("\(anchor.microseconds) \(last.microseconds)".utf8) }
    }

    /// What to do now.
    struct Step: Sendable, Hashable {
        var runsNow = false
        var skipped = 0
        /// Where the schedule stands afterwards; `nil` before the first run.
        var mark: Mark?
        /// When to look again; `nil` when the schedule has no further time.
        var next: Timestamp?
    }

    private enum Times: Sendable {
        case interval(Period)
        case cron(CronExpression, any ZoneRules)
    }

    private let times: Times

    /// `nil` when the expression or the zone cannot be read; configuration loading has refused that before.
    init?(_ timing: RefreshSchedule.Timing, zones: some ZoneSource) {
        switch timing {
        case .every(let period): times = .interval(period)
        case .cron(let text, let zone):
            guard let expression = try? CronExpression(text), let rules = zones.rules(for: zone) else { return nil }
            times = .cron(expression, rules)
        }
    }

    /// The first time after `last`.
    private func next(after last: Timestamp, anchor: Timestamp) -> Timestamp? {
        switch times {
        case .interval(let period): IntervalSchedule(period: period, anchor: anchor).next(after: last)
        case .cron(let expression, let zone): expression.next(after: last, zone: zone)
        }
    }

    /// Decides what to do at `now`.
    ///
    /// A schedule that never ran runs at once when it is an interval, else at its first time.
    func step(after mark: Mark?, now: Timestamp, missed: RefreshSchedule.Missed) -> Step {
        guard let mark else { return first(now: now) }
        let passed = passed(since: mark, now: now)
        var step = Step(mark: mark, next: passed.next)
        guard let latest = passed.latest else { return step }
        step.mark?.last = latest
        step.runsNow = missed == .once || now - latest <= Timeline.grace
        step.skipped = passed.count - (step.runsNow ? 1 : 0)
        return step
    }

    /// The times after a mark that have come.
    private struct Passed {
        var count = 0
        var latest: Timestamp?
        var next: Timestamp?
    }

    /// Intervals are counted by arithmetic: after months of downtime a run every second has passed millions of times.
    ///
    /// Cron is walked from time to time, each found directly: at most one a minute.
    private func passed(since mark: Mark, now: Timestamp) -> Passed {
        switch times {
        case .interval(let period):
            let schedule = IntervalSchedule(period: period, anchor: mark.anchor)
            guard let first = schedule.position(after: mark.last) else { return Passed() }
            // A clock that went back finds fewer than have been run.
            guard let end = schedule.position(after: now), end > first else { return Passed(next: schedule[first]) }
            return Passed(count: end - first, latest: schedule[end - 1], next: schedule[end])
        case .cron(let expression, let zone):
            var passed = Passed(next: expression.next(after: mark.last, zone: zone))
            while let due = passed.next, due <= now {
                passed = Passed(count: passed.count + 1, latest: due, next: expression.next(after: due, zone: zone))
            }
            return passed
        }
    }

    private func first(now: Timestamp) -> Step {
        let mark = Mark(anchor: now, last: now)
        switch times {
        case .interval: return Step(runsNow: true, mark: mark, next: next(after: now, anchor: now))
        case .cron: return Step(mark: mark, next: next(after: now, anchor: now))
        }
    }
}

/// Where time zone rules come from.
protocol ZoneSource {
    /// The rules of an IANA zone; `nil` when it is unknown.
    func rules(for name: String) -> (any ZoneRules)?
}
