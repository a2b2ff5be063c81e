/// A change of state that is worth a log line and an event; times are monotonic.
public enum BudgetEvent: Sendable, Hashable {
    /// The source announced maintenance.
    case maintenanceStarted(nextProbe: Duration, message: String)
    /// A probe was answered; the source had been in maintenance for `lasted`.
    case maintenanceEnded(lasted: Duration)
    /// Too many failures in a row.
    case breakerOpened(failures: Int, nextProbe: Duration, lastError: String)
    /// A probe was answered; the breaker had been open for `lasted`.
    case breakerClosed(lasted: Duration)
    /// An answer after so many failures in a row that opened no breaker (it is off, or takes more).
    case sourceAnswersAgain(failures: Int, lasted: Duration)
    /// A key rests until then; `nil` means until it is unparked.
    case keyParked(keyID: String, until: Duration?, reason: String)
    /// A parked key is in use again.
    case keyReturned(keyID: String)
    /// A key is out until the configuration changes or the process restarts.
    case keyDisabled(keyID: String, reason: String)
    /// Nothing is sent until then.
    case sourceStopped(until: Duration, reason: String)
    /// The stop is over.
    case sourceResumed
    /// Upstream refused for quota; `holder` (`source`, `account x`, `dataset x`) waits until then.
    case quotaHeld(holder: String, until: Duration)
}
