/// Whether a call may be sent now.
public enum BudgetDecision: Sendable, Hashable {
    /// Send it now, with the key that the permit names.
    case go(BudgetPermit)
    /// Ask again at `until` (monotonic), or earlier when a call finishes or a reservation becomes durable.
    case wait(until: Duration, BudgetBlock)
}

/// A limit as it is named to people: its scope, and whose count it is.
public struct LimitName: Sendable, Hashable, CustomStringConvertible {
    /// What the server counts by.
    public let scope: LimitConfig.Scope
    /// The key's id, the account, the dataset, or the source for scope ip.
    public let member: String
    /// Calls allowed in a window.
    public let calls: Int
    /// The length of the window.
    public let per: Duration
    /// The policy of upstream's that told of the window; `nil` for a declared limit.
    public var policy: String?

    /// Such as `40 per PT1S for key k1`.
    public var description: String {
        "\(calls) per \(LimitName.window(per)) for \(scope.rawValue) \(member)"
            + (policy.map { " (upstream's policy \($0))" } ?? "")
    }

    /// A window as people write it: whole days as days.
    static func window(_ per: Duration) -> Period {
        let (seconds, attoseconds) = per.components
        let isDays = seconds > 0 && seconds % 86_400 == 0 && attoseconds == 0
        return isDays ? Period(days: Int(seconds / 86_400)) : Period(per)
    }
}

/// Why a call has to wait.
public enum BudgetBlock: Sendable, Hashable {
    /// The window has room; the call is spaced from the one before.
    case pacing(LimitName)
    /// The window is full.
    case windowFull(LimitName)
    /// What is left of the window is kept for critical and high.
    case reserved(LimitName)
    /// Every key is parked; the first returns at `until`.
    case allKeysParked(until: Duration, reason: String)
    /// No key can be used until the configuration changes or the process restarts.
    case allKeysDisabled(reason: String)
    /// The source keeps failing; one probe goes out at `nextProbe`.
    case breakerOpen(nextProbe: Duration, lastError: String)
    /// The source is in maintenance; one probe goes out at `nextProbe`.
    case maintenance(nextProbe: Duration, since: Duration)
    /// An answer stopped the source.
    case stopped(until: Duration, reason: String)
    /// Upstream said that its quota is used up until then.
    case learnedQuota(until: Duration)
    /// As many calls are in flight as the source allows; the next may go when one finishes.
    case concurrency(limit: Int)
    /// Grants have to be made durable first: persist `BudgetMachine.reservationNeeded`, then ask again.
    case reservation
}

extension BudgetBlock: CustomStringConvertible {
    /// A sentence fragment for `why` and logs; times are left to the caller, who knows the wall clock.
    public var description: String {
        switch self {
        case .pacing(let limit): "paced by the limit of \(limit)"
        case .windowFull(let limit): "the limit of \(limit) is used up for now"
        case .reserved(let limit): "what is left of \(limit) is reserved for critical and high"
        case .allKeysParked(_, let reason): "every key is parked: \(reason)"
        case .allKeysDisabled(let reason): "every key is disabled: \(reason)"
        case .breakerOpen(_, let lastError): "the breaker is open: \(lastError)"
        case .maintenance: "the source is in maintenance"
        case .stopped(_, let reason): "the source is stopped: \(reason)"
        case .learnedQuota: "upstream's quota is used up"
        case .concurrency(let limit): "\(limit) calls are in flight already"
        case .reservation: "waiting for the store to record the reserved calls"
        }
    }
}
