import FreshetCore

/// Why a whole source takes no calls, for stale answers.
enum SourceConditions {
    /// The condition and its cause in words; `nil` while calls go.
    ///
    /// `time`: turns a monotonic time into one that can be shown.
    static func of(
        _ budget: BudgetStatus, time: (Duration) -> Timestamp
    ) -> (condition: SourceCondition, detail: String)? {
        switch budget.gate {
        case .breakerOpen(_, let next, let error):
            return (SourceCondition(reason: "breaker-open", until: time(next)), error)
        case .maintenance(_, let next, let message):
            return (SourceCondition(reason: "maintenance", until: time(next)), message)
        case .stopped(let until, let reason): return (SourceCondition(reason: "stopped", until: time(until)), reason)
        case .passing: break
        }
        var (parked, disabled) = ([(until: Duration?, reason: String)](), [String]())
        for key in budget.keys {
            switch key.state {
            case .active: return nil
            case .parked(let until, let reason): parked.append((until, reason))
            case .disabled(let reason): disabled.append(reason)
            }
        }
        if let first = parked.first {
            let returns = parked.compactMap(\.until).min()
            return (SourceCondition(reason: "key-parked", until: returns.map(time)), first.reason)
        }
        return disabled.first.map { (SourceCondition(reason: "key-disabled"), $0) }
    }
}
