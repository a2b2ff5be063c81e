/// One count of one limit: a window as the server could see it at worst, and the pace inside it.
///
/// A call holds a slot from its grant until `per` after the latest moment at which the server can have counted it. The server
/// counts a call between grant and response head; so when the last call of any server window was granted, every other call of
/// that window still held its slot, and no server window can hold more than `calls`.
///
/// Pace: the generic cell rate algorithm (ITU-T I.371) with a tolerance of 20 ms, up to 15 calls or 2 % of the window: enough to
/// absorb late timers, too little for a burst. One slot in a hundred is left to critical work, which therefore finds a slot also
/// when everything else saturates the window.
struct LimitCounter: Sendable {
    let name: LimitName
    /// Which declared limit this counts; `nil` for a window that upstream told of.
    let limitIndex: Int?
    let per: Ticks
    private let calls: Int
    /// The most that high and aged work may occupy.
    private let urgentCalls: Int
    /// The most that medium and low may occupy.
    private let backgroundCalls: Int
    let interval: Ticks
    let backgroundInterval: Ticks
    let tolerance: Ticks
    private let criticalTolerance: Ticks
    private let highTolerance: Ticks

    private(set) var log: SlidingLog
    /// Granted, response head not seen yet.
    private(set) var inFlight = 0
    /// When the next call is due at an even pace; grants run ahead of it by at most the tolerance.
    private(set) var due: Ticks
    private var backgroundDue: Ticks
    var reservation: GrantReservation

    init(name: LimitName, limitIndex: Int?, reserve: Double, now: Ticks) {
        self.name = name
        self.limitIndex = limitIndex
        calls = max(1, name.calls)
        per = max(1, Ticks(name.per))
        let reserved = Int(Double(calls) * min(max(reserve, 0), 0.9))
        urgentCalls = calls - calls / 100
        backgroundCalls = min(urgentCalls, calls - reserved)
        interval = max(1, per / Ticks(urgentCalls))
        backgroundInterval = max(1, per / Ticks(backgroundCalls))
        // In a long window some calls may go together, as schedules that fall due at once ask for; the log bounds the window.
        let together = per >= 10_000_000_000 ? per / 6 : per / 50
        tolerance = max(min(20_000_000, per / 50), min(15 * interval, together))
        // Where the next call is more than a second away, people feel the pace: there the reserve is a stock, not a rate.
        let stock = interval > 1_000_000_000 ? per / Ticks(calls) * Ticks(reserved) : 0
        highTolerance = tolerance + stock
        criticalTolerance = tolerance + max(per / 20, stock)
        log = SlidingLog(calls: calls, per: per)
        due = now
        backgroundDue = now
        reservation = GrantReservation(interval: interval)
    }

    /// Why a call cannot be granted at `now`, and when it could be; `nil` when it can.
    func obstacle(_ lane: BudgetLane, now: Ticks) -> (until: Ticks, block: BudgetBlock)? {
        let used = used(at: now)
        let cap = capacity(lane)
        let pace = paced(lane)
        if used >= cap {
            // Slots of calls in flight return `per` after their answer: not before now + per.
            let release = log.release(of: used + 1 - cap, now: now) ?? now + per
            return (max(release, pace), used >= urgentCalls ? .windowFull(name) : .reserved(name))
        }
        return pace > now ? (pace, .pacing(name)) : nil
    }

    func used(at now: Ticks) -> Int { log.count(at: now) + inFlight }

    /// The share of the window that is occupied, for choosing the freest key.
    func load(at now: Ticks) -> Double { Double(used(at: now)) / Double(calls) }

    /// Takes a slot.
    mutating func grant(_ lane: BudgetLane, now: Ticks) {
        inFlight += 1
        due = max(due, now) + interval
        if lane == .background { backgroundDue = max(backgroundDue, now) + backgroundInterval }
        reservation.use()
    }

    /// Counts a call that was granted before this window was known.
    mutating func adopt() { inFlight += 1 }

    /// The server can have counted a call in flight at `time` at the latest.
    mutating func settle(at time: Ticks) {
        inFlight -= 1
        log.record(at: time)
    }

    /// A call in flight was never sent.
    mutating func refund(_ lane: BudgetLane, isSincePending: Bool) {
        reservation.giveBack(isSincePending: isSincePending)
        inFlight -= 1
        due -= interval
        if lane == .background { backgroundDue -= backgroundInterval }
    }

    mutating func purge(now: Ticks) { log.purge(now: now) }

    /// Counts calls of an earlier process, at most a full window of them at each moment.
    mutating func restore(_ count: Int, at time: Ticks) { log.record(min(count, calls), at: time) }

    /// Goes on with the pace of an earlier process, without its credit for idle time when `due` is unknown.
    mutating func restorePace(due earlier: Ticks?, unconfirmed: Int, now: Ticks) {
        guard let earlier else {
            due = now + tolerance
            backgroundDue = due
            return
        }
        let owed = Ticks(min(unconfirmed, calls)) * interval
        due = min(max(earlier, now - tolerance) + owed, now + max(tolerance, criticalTolerance))
        backgroundDue = min(due, now + tolerance)
    }

    func capacity(_ lane: BudgetLane) -> Int {
        switch lane {
        case .critical: calls
        case .high, .aged: urgentCalls
        case .background: backgroundCalls
        }
    }

    /// How far a call may run ahead of the even pace.
    func tolerance(_ lane: BudgetLane) -> Ticks {
        switch lane {
        case .critical: criticalTolerance
        case .high: highTolerance
        case .aged, .background: tolerance
        }
    }

    private func paced(_ lane: BudgetLane) -> Ticks {
        (lane == .background ? max(due, backgroundDue) : due) - tolerance(lane)
    }
}
