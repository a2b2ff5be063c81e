/// Whether a source is used at all: breaker, maintenance and stops in one state, so that they cannot contradict each other.
struct SourceGate: Sendable {
    enum State: Sendable, Hashable {
        /// In use; so many failures in a row.
        case passing(failures: Int)
        case broken(since: Ticks, nextProbe: Ticks, lastError: String)
        case maintenance(since: Ticks, nextProbe: Ticks, message: String)
        case stopped(until: Ticks, reason: String)
    }

    private(set) var state: State
    private let breakAfter: Int
    private let breakerProbe: Ticks
    private let maintenanceProbe: Ticks
    private var stops = 0
    /// When the failures in a row began, and the last of them.
    private var troubled: (since: Ticks, last: Ticks)?
    /// So many failures in a row are an outage although no breaker opened.
    static let outage = 5
    /// The longest wish of a 503 that delays the next probe.
    static let longestWish: Ticks = 900_000_000_000

    init(source: SourceConfig, state: State = .passing(failures: 0)) {
        self.state = state
        breakAfter = source.breaker.failures
        breakerProbe = max(1_000_000, Ticks(source.breaker.probeEvery))
        maintenanceProbe = max(1_000_000, Ticks(source.maintenance.probeEvery))
    }

    /// What stands in the way at `now`; `nil` in use or when a probe is due.
    func obstacle(now: Ticks) -> (until: Ticks, block: BudgetBlock)? {
        switch state {
        case .passing: nil
        case .broken(_, let next, let error):
            next <= now ? nil : (next, .breakerOpen(nextProbe: next.duration, lastError: error))
        case .maintenance(let since, let next, _):
            next <= now ? nil : (next, .maintenance(nextProbe: next.duration, since: since.duration))
        case .stopped(let until, let reason):
            until <= now ? nil : (until, .stopped(until: until.duration, reason: reason))
        }
    }

    /// Whether a call granted now is a probe.
    var probes: Bool {
        switch state {
        case .broken, .maintenance: true
        case .passing, .stopped: false
        }
    }

    /// A probe goes out: the next one an interval later, whatever becomes of this one.
    mutating func probed(now: Ticks) {
        switch state {
        case .broken(let since, _, let error):
            state = .broken(since: since, nextProbe: now + breakerProbe, lastError: error)
        case .maintenance(let since, _, let message):
            state = .maintenance(since: since, nextProbe: now + maintenanceProbe, message: message)
        case .passing, .stopped: break
        }
    }

    /// The probe was not sent: another may go at once.
    mutating func probeReturned(now: Ticks) {
        switch state {
        case .broken(let since, _, let error): state = .broken(since: since, nextProbe: now, lastError: error)
        case .maintenance(let since, _, let text): state = .maintenance(since: since, nextProbe: now, message: text)
        case .passing, .stopped: break
        }
    }

    /// When the last of the failures in a row was, while no breaker, maintenance or stop sees to the next try; `nil` without failures.
    var failedAt: Ticks? {
        if case .passing(let failures) = state, failures > 0 { troubled?.last } else { nil }
    }

    /// Upstream answered, be it with a refusal.
    mutating func answered(isProbe: Bool, now: Ticks) -> BudgetEvent? {
        switch state {
        case .passing(let failures):
            state = .passing(failures: 0)
            defer { troubled = nil }
            guard failures >= SourceGate.outage, let since = troubled?.since else { return nil }
            return .sourceAnswersAgain(failures: failures, lasted: (now - since).duration)
        case .broken(let since, _, _) where isProbe:
            state = .passing(failures: 0)
            return .breakerClosed(lasted: (now - since).duration)
        case .maintenance(let since, _, _) where isProbe:
            state = .passing(failures: 0)
            return .maintenanceEnded(lasted: (now - since).duration)
        default: break
        }
        return nil
    }

    mutating func succeeded() { stops = 0 }

    /// A failure that may pass: no answer, a broken answer, 5xx.
    mutating func failed(_ message: String, now: Ticks) -> BudgetEvent? {
        switch state {
        case .passing(let failures):
            troubled = (failures > 0 ? troubled?.since ?? now : now, now)
            guard breakAfter > 0, failures + 1 >= breakAfter else {
                state = .passing(failures: failures + 1)
                return nil
            }
            let next = now + breakerProbe
            state = .broken(since: now, nextProbe: next, lastError: message)
            return .breakerOpened(failures: failures + 1, nextProbe: next.duration, lastError: message)
        case .broken(let since, let next, _): state = .broken(since: since, nextProbe: next, lastError: message)
        case .maintenance, .stopped: break
        }
        return nil
    }

    /// Upstream announced maintenance.
    mutating func maintained(_ message: String, wish: Ticks?, isProbe: Bool, now: Ticks) -> [BudgetEvent] {
        let wished = now + min(wish ?? 0, SourceGate.longestWish)
        switch state {
        case .stopped: return []
        case .maintenance(let since, let next, _):
            state = .maintenance(since: since, nextProbe: isProbe ? max(next, wished) : next, message: message)
            return []
        case .passing, .broken:
            let next = max(now + maintenanceProbe, wished)
            var events: [BudgetEvent] = []
            if case .broken(let since, _, _) = state { events.append(.breakerClosed(lasted: (now - since).duration)) }
            state = .maintenance(since: now, nextProbe: next, message: message)
            return events + [.maintenanceStarted(nextProbe: next.duration, message: message)]
        }
    }

    /// Sends nothing for `wish`, or for 1 min doubling to 1 h.
    ///
    /// A second stop while one lasts does not count for the doubling.
    mutating func stop(_ reason: String, wish: Ticks?, now: Ticks) -> BudgetEvent {
        var until = now
        if case .stopped(let earlier, _) = state { until = earlier } else { stops += 1 }
        let wait =
            wish.flatMap { $0 > 0 ? $0 : nil } ?? min(3_600_000_000_000, 60_000_000_000 << Ticks(min(stops - 1, 6)))
        until = max(until, now + wait)
        state = .stopped(until: until, reason: reason)
        return .sourceStopped(until: until.duration, reason: reason)
    }

    /// Keeps a maintenance that another process was told of, or ends one that it has seen end.
    mutating func followMaintenance(until: Ticks, _ message: String, now: Ticks) {
        switch state {
        case .maintenance where until <= now: state = .passing(failures: 0)
        case .maintenance(let since, let next, _):
            state = .maintenance(since: since, nextProbe: max(next, until), message: message)
        case .passing where until > now, .broken where until > now:
            state = .maintenance(since: now, nextProbe: until, message: message)
        case .passing, .broken, .stopped: break
        }
    }

    /// Keeps a stop that another process was told of; one that is over ends by itself.
    mutating func followStop(until: Ticks, _ reason: String, now: Ticks) {
        guard until > now else { return }
        if case .stopped(let earlier, _) = state, earlier >= until { return }
        state = .stopped(until: until, reason: reason)
    }

    /// Ends a stop whose time has come.
    mutating func advance(now: Ticks) -> BudgetEvent? {
        guard case .stopped(let until, _) = state, until <= now else { return nil }
        state = .passing(failures: 0)
        return .sourceResumed
    }
}
