/// Why a key is refreshed when it is, for people.
public struct PlanExplanation: Sendable, Hashable {
    /// The name of its class.
    public var kind: String
    /// The name of its strategy.
    public var strategy: String
    /// When it is due; `nil` when it is left alone.
    public var due: Timestamp?
    /// How urgent it is then.
    public var priority: Priority
    /// Short phrases, the one that decided the time first.
    public var reasons: [String]
    /// Changes a day, as far as known.
    public var changesPerDay: Double
    /// Reads a day that are expected now.
    public var readsPerDay: Double
    /// When its readers usually come next.
    public var nextBusyHour: Timestamp?
    /// A client shows it until then.
    public var viewedUntil: Timestamp?
    /// It is looked at then, because of what it says.
    public var lookAt: Timestamp?
    /// What a call must save, in reader-seconds; 0 when calls are not scarce.
    public var price: Double
}

extension RefreshPolicy {
    /// Explains what is decided of a key.
    public func explain(
        _ memory: KeyMemory, strategy: RefreshStrategy, now: Timestamp, price: Double, habits: HourHabits
    ) -> PlanExplanation {
        let decision = decide(memory, strategy: strategy, now: now, price: price, habits: habits)
        let kind = config.classes[decision.kind]
        let busy = memory.demand.nextBusyHour(after: now, prior: habits)
        let viewed = memory.viewedUntil.flatMap { $0 > now ? $0 : nil }
        var reasons = [cause(decision, kind, memory, strategy, price, busy: busy)]
        reasons.append(belonging(kind))
        if decision.priority != kind.priority, decision.cause != .look, viewed == nil {
            reasons.append("at priority \(decision.priority.name), that of the class whose pace it has")
        }
        if let viewed, decision.cause != .viewing { reasons.append("a client shows it until \(viewed.rfc3339)") }
        if let look = memory.lookAt, decision.cause != .look { reasons.append("looked at again at \(look.rfc3339)") }
        return PlanExplanation(
            kind: kind.name, strategy: strategy.name,
            due: decision.due == RefreshPolicy.never ? nil : decision.due, priority: decision.priority,
            reasons: reasons,
            changesPerDay: memory.change.rate(prior: habits.changes(prior: priorRate)) * 86_400,
            readsPerDay: memory.demand.readsPerDay(at: now, habits: habits), nextBusyHour: busy, viewedUntil: viewed,
            lookAt: memory.lookAt, price: strategy.kind == .adaptive ? price : 0)
    }

    private func belonging(_ kind: RefreshClass) -> String {
        var parts: [String] = kind.when.map { "\($0.path) is \($0.values.joined(separator: " or "))" }
        if let within = kind.readWithin { parts.append("read within \(Period(within))") }
        if let within = kind.changedWithin { parts.append("changed within \(Period(within))") }
        if let window = kind.during { parts.append("\(window) is open") }
        return "class \(kind.name): " + (parts.isEmpty ? "no other applies" : parts.joined(separator: ", "))
    }

    private func cause(
        _ decision: Decision, _ kind: RefreshClass, _ memory: KeyMemory, _ strategy: RefreshStrategy, _ price: Double,
        busy: Timestamp?
    ) -> String {
        let pace = memory.checkedAt.map { decision.due - $0 } ?? .zero
        switch decision.cause {
        case .pace where strategy.kind == .fixed: return "every \(Period(strategy.every ?? kind.every)), a fixed pace"
        case .pace: return "every \(Period(kind.every)), the pace of its class"
        case .demand: return "after \(Period(pace.rounded)), for so many read it or it changes so often"
        case .hours: return "shortly before its readers usually come"
        case .price:
            return
                "after \(Period(pace.rounded)): calls are scarce, each must save readers \(Int(price)) s of staleness"
        case .look: return "a moment that the document names"
        case .viewing: return "a client shows it"
        case .failure: return "the last \(memory.failures) attempt(s) failed"
        case .calendar: return "a window of the calendar opens"
        case .none: return memory.isMissing ? "upstream does not know it" : "nobody has read it lately"
        }
    }
}

extension Duration {
    /// Whole seconds; what is shorter stays.
    fileprivate var rounded: Duration { self < .seconds(1) ? self : .seconds(Int64(inSeconds.rounded())) }
}
