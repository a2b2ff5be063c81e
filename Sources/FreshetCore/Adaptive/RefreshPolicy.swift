#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Decides when a key is refreshed next, how urgent that is, and why; pure.
///
/// - A key belongs to the first class that applies. With calls to spare it is refreshed each `every` of its class, sooner (down to
///   `least`) when so many read it, or it changes so often, that a call sooner is worth as much as one to a key that is read and changes
///   once in `every`.
/// - When calls are scarce they have a price, in seconds of staleness that readers are spared. A key waits until a refresh is worth that
///   in one order for all classes: see ``StalenessMath``. A critical class counts twice, a key past its `most` a quarter more.
/// - What it is worth counts the readers that are expected at that time of the day and within the lead after it, so that a key is
///   refreshed shortly before its readers usually come: see ``DemandMemory``.
/// - Its priority is that of its class, or of the class next to it whose pace it has; one for all while calls are scarce.
public struct RefreshPolicy: Sendable {
    /// Reads are counted every half minute: so long after a fetch, a key without any may have been read all the same.
    static let uncounted = Duration.seconds(60)

    /// The moment that stands for never.
    public static let never = Timestamp(seconds: 253_370_764_800)
    /// While calls are scarce the readers of a key that waits for longer than the `most` of its class count so many times.
    static let overdue = 1.25
    /// While calls are scarce a key is looked at again after so long at the latest, whatever it is worth.
    static let horizon = Duration.seconds(30 * 86_400)

    /// What it was made from.
    public let config: AdaptiveRefresh
    private let windows: [CalendarWindow?]

    /// Creates a policy.
    public init(_ config: AdaptiveRefresh) {
        self.config = config
        windows = config.classes.map { kind in config.calendar.first { $0.name == kind.during } }
    }

    /// What was decided of a key.
    public struct Decision: Sendable, Hashable {
        /// When it is due; ``RefreshPolicy/never`` when it is left alone.
        public var due: Timestamp
        /// How urgent it is then.
        public var priority: Priority
        /// The number of its class.
        public var kind: Int
        /// What decided the time.
        public var cause: Cause
    }

    /// What decided the time.
    public enum Cause: String, Sendable {
        /// The interval of its class or strategy.
        case pace
        /// It is worth a call sooner.
        case demand
        /// Its readers usually come then.
        case hours
        /// Calls are scarce.
        case price
        /// A moment that the document names.
        case look
        /// A client shows it.
        case viewing
        /// The last attempt failed.
        case failure
        /// A window of the calendar opens.
        case calendar
        /// Upstream does not know it, or nobody reads it.
        case none
    }

    /// Changes per second that are likely for a key before any was looked at twice: one in two of the longest intervals.
    public var priorRate: Double { 0.5 / max(1, config.classes.map(\.every.inSeconds).max() ?? 1) }

    /// How much more the readers of a class count while calls are scarce; bounded, so that no class starves another.
    func weight(of kind: Int) -> Double {
        switch config.classes[kind].priority {
        case .critical: 2
        case .high, .medium, .low: 1
        }
    }

    /// The one priority of all classes while calls are scarce: the order is by worth then.
    private var shared: Priority {
        min(max(.medium, config.classes.first?.priority ?? .medium), config.classes.last?.priority ?? .medium)
    }

    /// The first class that applies, else the last.
    public func kind(of memory: KeyMemory, at now: Timestamp) -> Int {
        let last = config.classes.count - 1
        return (0..<last).first { applies($0, to: memory, at: now) } ?? last
    }

    private func applies(_ index: Int, to memory: KeyMemory, at now: Timestamp) -> Bool {
        let kind = config.classes[index]
        if !kind.when.isEmpty, memory.matches & (1 << UInt32(index)) == 0 { return false }
        if let within = kind.readWithin {
            let isViewed = memory.viewedUntil.map { $0 > now } ?? false
            guard isViewed || memory.demand.lastRead.map({ $0 > now - within }) ?? false else { return false }
        }
        if let within = kind.changedWithin {
            guard memory.changedAt.map({ $0 > now - within }) ?? false else { return false }
        }
        if kind.during != nil { return windows[index]?.isOpen(at: now) ?? false }
        return true
    }

    /// Decides about a key.
    ///
    /// - Parameters:
    ///   - memory: What is known of it.
    ///   - strategy: Its strategy.
    ///   - now: The moment of the decision.
    ///   - price: What a call must save, in reader-seconds; 0 when calls are not scarce.
    ///   - habits: When the dataset's readers come.
    /// - Returns: When it is due, how urgent it is then, and what decided that.
    public func decide(
        _ memory: KeyMemory, strategy: RefreshStrategy, now: Timestamp, price: Double, habits: HourHabits
    ) -> Decision {
        let index = kind(of: memory, at: now)
        let kind = config.classes[index]
        let isViewed = memory.viewedUntil.map { $0 > now } ?? false
        guard !memory.isMissing, isTracked(memory, isViewed: isViewed, now: now) else {
            return Decision(due: RefreshPolicy.never, priority: kind.priority, kind: index, cause: .none)
        }
        let start = memory.checkedAt ?? now
        var found = Decision(due: now, priority: kind.priority, kind: index, cause: .pace)
        if memory.checkedAt != nil {
            switch strategy.kind {
            case .fixed: found.due = start + (strategy.every ?? kind.every)
            case .adaptive:
                (found.due, found.cause) = adaptive(memory, index, start: start, now: now, price: price, habits)
                found.priority = price > 0 ? shared : priority(ofPace: found.due - start, index)
            }
        }
        if isViewed { view(&found, kind, start: start) }
        if memory.failures > 0, found.cause != .viewing || memory.failures > 3 {
            let rest = min(kind.most, kind.least * (1 << min(Int(memory.failures), 10)))
            if start + rest > found.due { (found.due, found.cause) = (start + rest, .failure) }
        }
        if let opening = nextOpening(index, after: now), opening < found.due {
            (found.due, found.cause) = (opening, .calendar)
        }
        if let look = memory.lookAt, look <= found.due {
            found = Decision(due: look, priority: min(memory.lookPriority, found.priority), kind: index, cause: .look)
        }
        return found
    }

    /// What a refresh now would spare readers, in reader-seconds; orders keys of one priority.
    public func worth(_ memory: KeyMemory, kind: Int, now: Timestamp, habits: HourHabits) -> Double {
        let age = (now - (memory.confirmedAt ?? memory.checkedAt ?? now)).inSeconds
        let forecast = DemandForecast(memory.demand, now: now, habits: habits, lead: config.lead)
        return weight(of: kind)
            * StalenessMath.worth(reads: forecast.weight(at: now), changes: changes(memory, habits), after: age)
    }

    private func isTracked(_ memory: KeyMemory, isViewed: Bool, now: Timestamp) -> Bool {
        guard let span = config.trackedFor, !isViewed else { return true }
        if let lastRead = memory.demand.lastRead { return lastRead > now - span }
        return memory.checkedAt.map { now - $0 < RefreshPolicy.uncounted } ?? false
    }

    private func view(_ found: inout Decision, _ kind: RefreshClass, start: Timestamp) {
        let pace = min(kind.least, config.classes[0].every)
        found.priority = min(found.priority, .high)
        if start + pace < found.due { (found.due, found.cause) = (start + pace, .viewing) }
    }

    /// When a class above this one opens by the calendar.
    private func nextOpening(_ index: Int, after now: Timestamp) -> Timestamp? {
        (0..<index).compactMap { place in
            config.classes[place].when.isEmpty ? windows[place]?.nextOpening(after: now) : nil
        }.min()
    }

    // MARK: By worth

    private func adaptive(
        _ memory: KeyMemory, _ index: Int, start: Timestamp, now: Timestamp, price: Double, _ habits: HourHabits
    ) -> (Timestamp, Cause) {
        let kind = config.classes[index]
        let look = Outlook(
            // With calls to spare only reads that were seen bring a key forward.
            forecast: DemandForecast(
                memory.demand, now: now, habits: habits, lead: config.lead, guess: price > 0 ? 0.5 : 0),
            changes: changes(memory, habits), start: start, now: now)
        guard price > 0 else {
            let calm = reach(StalenessMath.price(every: kind.every), look, from: kind.least, to: kind.every)
            return (calm.at, calm.isJump ? .hours : calm.at < start + kind.every ? .demand : .pace)
        }
        let asked = price / weight(of: index)
        var found = reach(asked, look, from: kind.least, to: RefreshPolicy.horizon)
        if found.at > start + kind.most {
            // Past the longest interval of its class a key counts more, too; but it does not go whatever it is worth.
            found = reach(asked / RefreshPolicy.overdue, look, from: kind.most, to: RefreshPolicy.horizon)
        }
        return (found.at, found.isJump ? .hours : .price)
    }

    /// Changes per second of a key, as far as known; what its dataset's keys do on average before that.
    private func changes(_ memory: KeyMemory, _ habits: HourHabits) -> Double {
        memory.change.rate(prior: habits.changes(prior: priorRate))
    }

    /// What the worth of a key is worked out from.
    private struct Outlook {
        var forecast: DemandForecast
        var changes: Double
        var start: Timestamp
        var now: Timestamp
    }

    /// The first moment from now on, between two ages, at which a refresh is worth the price; the later age when none is before.
    ///
    /// `isJump`: whether it is one at which more readers are expected than before.
    private func reach(
        _ price: Double, _ look: Outlook, from least: Duration, to most: Duration
    ) -> (at: Timestamp, isJump: Bool) {
        let end = max(look.start + most, look.now)
        let lead = config.lead.microseconds
        let hour: Int64 = 3_600_000_000
        var (moment, steps) = (max(look.start + least, look.now), 0)
        // Piece by piece between the moments at which the expected readers change: each hour, and each lead before one.
        while moment < end, steps < 50 {
            let begun = floorDivide(moment.microseconds, hour).quotient * hour
            let change = begun + hour - lead
            let pieceEnd = min(Timestamp(microseconds: moment.microseconds < change ? change : begun + hour), end)
            let reads = look.forecast.weight(at: moment)
            let atEnd = StalenessMath.worth(
                reads: reads, changes: look.changes, after: (pieceEnd - look.start).inSeconds)
            if atEnd >= price {
                let age = StalenessMath.age(reads: reads, changes: look.changes, price: price)
                let at = min(max(moment, look.start + .seconds(age)), pieceEnd)
                return (at, steps > 0 && at == moment)
            }
            (moment, steps) = (pieceEnd, steps + 1)
        }
        guard moment < end else { return (end, false) }
        // More than a day away the hours have come round: an average one will do.
        let age = StalenessMath.age(reads: look.forecast.usual, changes: look.changes, price: price)
        return (min(max(moment, look.start + .seconds(min(age, 1e9))), end), false)
    }

    /// The priority of the class next to its own whose pace is nearer; one step at most.
    private func priority(ofPace pace: Duration, _ index: Int) -> Priority {
        let kind = config.classes[index]
        let seconds = max(1e-3, pace.inSeconds)
        if let upper = config.classes[..<index].last(where: { $0.priority < kind.priority && $0.every < kind.every }),
            seconds * seconds <= upper.every.inSeconds * kind.every.inSeconds
        {
            return upper.priority
        }
        if let lower = config.classes[(index + 1)...].first(where: {
            $0.priority > kind.priority && $0.every > kind.every
        }),
            seconds * seconds >= lower.every.inSeconds * kind.every.inSeconds
        {
            return lower.priority
        }
        return kind.priority
    }
}

extension RefreshPolicy {
    /// What becomes of a key whose plan has come due.
    public enum Review: Sendable, Hashable {
        /// It is refreshed: with this urgency, and inside a priority by what it is worth.
        case refresh(Priority, heat: Int)
        /// It can wait: less is known to be gained, or calls have become dearer.
        case later(Decision)
    }

    /// Looks again at a key whose plan has come due.
    public func review(
        _ memory: KeyMemory, strategy: RefreshStrategy, now: Timestamp, price: Double, habits: HourHabits
    ) -> Review {
        let decision = decide(memory, strategy: strategy, now: now, price: price, habits: habits)
        guard decision.due <= now else { return .later(decision) }
        let worth = worth(memory, kind: decision.kind, now: now, habits: habits)
        return .refresh(decision.priority, heat: Int(min(worth.rounded(), 1_000_000_000)))
    }
}
