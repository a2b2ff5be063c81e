/// A budget as it is shown to people and metrics; times are monotonic.
public struct BudgetStatus: Sendable, Hashable {
    /// One count of one limit.
    public struct Limit: Sendable, Hashable {
        /// The limit, and whose count it is.
        public let name: LimitName
        /// Slots taken, calls in flight included.
        public let used: Int
        /// Slots left, 0 or more.
        public let remaining: Int
        /// When the next slot returns; `nil` when none is taken.
        public let nextReturn: Duration?
        /// When the window will be empty if nothing more is sent and what is in flight ends now; `nil` when it is empty.
        public let empty: Duration?
    }

    /// One key of the pool.
    public struct Key: Sendable, Hashable {
        /// Whether a key is in use.
        public enum State: Sendable, Hashable {
            /// In use.
            case active
            /// At rest; `returnsAt` is `nil` when only an operator ends it.
            case parked(returnsAt: Duration?, reason: String)
            /// Out until the configuration changes or the process restarts.
            case disabled(reason: String)
        }

        /// The ``Credential/id``.
        public let id: String
        /// The account it belongs to.
        public let account: String
        /// Whether it is in use.
        public let state: State
        /// Calls in flight.
        public let inFlight: Int
        /// Calls granted since the process started, but for those that were given back unsent.
        public let granted: UInt64
        /// Upstream's quota is used up until then.
        public let quotaUntil: Duration?
        /// What upstream last said is left of its quota, less what was sent since.
        public let quotaRemaining: Int?
    }

    /// Whether the source is used at all.
    public enum Gate: Sendable, Hashable {
        /// In use; so many failures in a row.
        case passing(failures: Int)
        /// The breaker is open.
        case breakerOpen(since: Duration, nextProbe: Duration, lastError: String)
        /// Upstream is in maintenance.
        case maintenance(since: Duration, nextProbe: Duration, message: String)
        /// An answer stopped the source.
        case stopped(until: Duration, reason: String)
    }

    /// Every count, in the order of the configuration, then those of windows that upstream told of.
    public let limits: [Limit]
    /// Every key, in the order of the configuration.
    public let keys: [Key]
    /// Whether the source is used at all.
    public let gate: Gate
    /// Calls in flight.
    public let inFlight: Int
    /// The source as a whole waits for upstream's quota until then.
    public let quotaUntil: Duration?
    /// What upstream last said is left of the source's quota, less what was sent since.
    public let quotaRemaining: Int?
}

extension BudgetMachine {
    /// When the last call failed, if nothing has been sent since and no breaker, maintenance or stop sees to the next try.
    public var silentSince: Duration? { grants.isEmpty ? gate.failedAt?.duration : nil }

    /// What the budget looks like at `now`.
    public func status(now: Duration) -> BudgetStatus {
        let time = Ticks(now)
        let limits = counters.indices.filter { !spare.contains($0) }.map { index in
            let counter = counters[index]
            let used = counter.used(at: time)
            let recorded = counter.log.count(at: time)
            let last = counter.inFlight > 0 ? time + counter.per : counter.log.release(of: recorded, now: time)
            return BudgetStatus.Limit(
                name: counter.name, used: used, remaining: max(0, counter.name.calls - used),
                nextReturn: used == 0
                    ? nil : (counter.log.release(of: 1, now: time) ?? time + counter.per).duration,
                empty: used == 0 ? nil : last?.duration)
        }
        return BudgetStatus(
            limits: limits, keys: keys.map { describe($0, now: time) }, gate: gateStatus, inFlight: grants.count,
            quotaUntil: sourceHold.obstacle(.critical, reserve: 0, now: time)?.duration,
            quotaRemaining: remaining(sourceHold, now: time))
    }

    private func remaining(_ hold: QuotaHold, now: Ticks) -> Int? {
        hold.quotas.filter { $0.resetsAt > now }.map { max(0, $0.remaining) }.min()
    }

    private func describe(_ key: KeySlot, now: Ticks) -> BudgetStatus.Key {
        let state: BudgetStatus.Key.State
        switch key.state {
        case .parked(let until, let reason) where until > now:
            state = .parked(returnsAt: until >= .never ? nil : until.duration, reason: reason)
        case .active, .parked: state = .active
        case .disabled(let reason): state = .disabled(reason: reason)
        }
        return BudgetStatus.Key(
            id: key.id, account: key.account, state: state, inFlight: key.inFlight, granted: key.granted,
            quotaUntil: key.hold.obstacle(.critical, reserve: 0, now: now)?.duration,
            quotaRemaining: remaining(key.hold, now: now))
    }

    private var gateStatus: BudgetStatus.Gate {
        switch gate.state {
        case .passing(let failures): .passing(failures: failures)
        case .broken(let since, let next, let error):
            .breakerOpen(since: since.duration, nextProbe: next.duration, lastError: error)
        case .maintenance(let since, let next, let message):
            .maintenance(since: since.duration, nextProbe: next.duration, message: message)
        case .stopped(let until, let reason): .stopped(until: until.duration, reason: reason)
        }
    }
}
