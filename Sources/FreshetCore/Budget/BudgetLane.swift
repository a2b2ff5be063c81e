/// How a call may use a window, from its priority and whether it has waited too long.
enum BudgetLane: Sendable, Hashable {
    /// May use every slot.
    case critical
    /// May use the reserve.
    case high
    /// Medium or low that has waited so long that the reserve is open to it.
    case aged
    /// Medium or low.
    case background

    init(priority: Priority, aged: Bool) {
        switch priority {
        case .critical: self = .critical
        case .high: self = .high
        case .medium, .low: self = aged ? .aged : .background
        }
    }
}
