/// What a clock on the wall of a zone shows; all times in seconds, local ones counted as if the zone were UTC.
struct LocalClock {
    let zone: any ZoneRules

    /// Twice the largest offset: local times further apart than this never change their order.
    private static let reach = 2 * Int64(ZoneLimits.offset)

    /// The offset at a moment and the moment from which another may count.
    func stretch(at moment: Int64) -> (offset: Int64, end: Int64) {
        let start = Timestamp(seconds: moment)
        return (Int64(zone.offset(at: start)), zone.nextChange(after: start)?.seconds ?? .max)
    }

    /// The latest local time that the clock has shown up to and including a moment.
    ///
    /// A clock that was set back has shown later times than it shows now.
    func latestLocal(through moment: Int64) -> Int64 {
        var (latest, start) = (Int64.min, moment - LocalClock.reach)
        while start <= moment {
            let stretch = stretch(at: start)
            let last = min(stretch.end - 1, moment)
            latest = max(latest, last + stretch.offset)
            start = last + 1
        }
        return latest
    }

    /// The first instant at which the clock shows a local time or, when it skips that, a later one.
    func firstInstant(reaching local: Int64) -> Int64 {
        var start = local - LocalClock.reach
        while true {
            let stretch = stretch(at: start)
            let instant = max(start, local - stretch.offset)
            if instant < stretch.end { return instant }
            start = stretch.end
        }
    }
}
