/// The right to send one call now; give it back with ``BudgetMachine/finish(_:_:now:)`` whatever happens.
public struct BudgetPermit: Sendable, Hashable {
    /// Unique within one machine, ascending.
    public let id: UInt64
    /// The ``Credential/id`` of the key to use.
    public let keyID: String
    /// What is asked for.
    public let dataset: DatasetID
    /// How soon it was wanted.
    public let priority: Priority
    /// Whether the call tests a source in maintenance or behind an open breaker.
    public let isProbe: Bool
    /// When it was granted, on the monotonic clock.
    public let grantedAt: Duration
}

/// How a call with a permit ended.
public enum CallOutcome: Sendable, Hashable {
    /// Upstream answered, and the answer is usable (304 included).
    case success
    /// It failed; the failure's class says what that means for key and source.
    case failure(CallFailure)
    /// Nothing was sent: the call counts nowhere.
    case cancelledBeforeSend
}
