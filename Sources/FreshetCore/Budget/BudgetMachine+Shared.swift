extension BudgetMachine {
    /// The counts that a granted call falls under, as all processes of a deployment share them.
    ///
    /// Empty when nothing limits the call, or it has ended. The same limits give the same names in every process.
    public func sharedCounts(of permit: BudgetPermit) -> [SharedCount] {
        guard let grant = grants[permit.id] else { return [] }
        return grant.route.flatMap { index -> [SharedCount] in
            let counter = counters[index]
            let name = sharedName(index)
            let main = counter.shared(name, grant.lane)
            return counter.sharedPace(name, grant.lane).map { [main, $0] } ?? [main]
        }
    }

    /// Every count of the declared limits, with the name under which ``status(now:)`` shows it.
    public func sharedCounts() -> [(name: LimitName, count: SharedCount)] {
        counters.indices.filter { counters[$0].limitIndex != nil }.map { index in
            (counters[index].name, counters[index].shared(sharedName(index), .critical))
        }
    }

    /// The longest that a call can take before the server has counted it or never will.
    public var longestCall: Duration { source.timeout + .seconds(5) }

    private func sharedName(_ index: Int) -> String {
        let name = counters[index].name
        let filter = counters[index].limitIndex.flatMap { source.limits[$0].datasets }?.sorted().map(\.description)
        return [
            source.name, name.policy.map { "policy \($0)" } ?? name.scope.rawValue, name.member, "\(name.calls)",
            Period(name.per).description, filter?.joined(separator: ",") ?? "",
        ].joined(separator: "|")
    }
}

extension LimitCounter {
    /// This count with the capacity and the pace that calls of a lane have.
    func shared(_ name: String, _ lane: BudgetLane) -> SharedCount {
        SharedCount(
            name: name, per: per.duration, capacity: max(1, capacity(lane)), interval: interval.duration,
            tolerance: tolerance(lane).duration)
    }

    /// The pace of background calls among themselves; `nil` where it is that of all calls.
    func sharedPace(_ name: String, _ lane: BudgetLane) -> SharedCount? {
        guard lane == .background, backgroundInterval > interval else { return nil }
        return SharedCount(
            name: name + "|background", per: per.duration, capacity: max(1, capacity(.background)),
            interval: backgroundInterval.duration, tolerance: tolerance.duration)
    }
}

/// A rest that one process was told of, and all should keep.
public struct SharedRest: Sendable, Hashable {
    /// What rests.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The whole source for quota.
        case source
        /// An account for quota.
        case account
        /// A dataset for quota.
        case dataset
        /// A key, parked or disabled.
        case key
        /// The source, for maintenance.
        case maintenance
        /// The source, because an answer said so.
        case stopped
    }

    /// What rests.
    public var kind: Kind
    /// The account, dataset or key; empty for the source.
    public var name: String
    /// How long it still rests; `nil` until a person returns it, zero when it rests no more.
    public var remaining: Duration?
    /// Why.
    public var reason: String

    /// Creates a rest.
    public init(kind: Kind, name: String = "", remaining: Duration?, reason: String = "") {
        (self.kind, self.name, self.remaining, self.reason) = (kind, name, remaining, reason)
    }

    /// What other processes should keep of a change in this one; `nil` when it concerns this one only.
    ///
    /// `now`: the monotonic clock.
    public init?(_ event: BudgetEvent, now: Duration) {
        switch event {
        case .maintenanceStarted(let next, let text):
            self.init(kind: .maintenance, remaining: next - now, reason: text)
        case .maintenanceEnded: self.init(kind: .maintenance, remaining: .zero)
        case .keyParked(let key, let until, let reason):
            self.init(kind: .key, name: key, remaining: until.map { $0 - now }, reason: reason)
        case .keyDisabled(let key, let reason): self.init(kind: .key, name: key, remaining: nil, reason: reason)
        case .sourceStopped(let until, let reason):
            self.init(kind: .stopped, remaining: until - now, reason: reason)
        case .quotaHeld(let holder, let until):
            let parts = holder.split(separator: " ", maxSplits: 1)
            guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }) else { return nil }
            self.init(
                kind: kind, name: parts.count > 1 ? String(parts[1]) : "", remaining: until - now,
                reason: "upstream's quota is used up")
        // Ends that come by themselves, each process sees by itself; one by hand is told as such.
        case .keyReturned, .sourceResumed, .breakerOpened, .breakerClosed, .sourceAnswersAgain: return nil
        }
    }
}

extension BudgetMachine {
    /// Keeps a rest that another process was told of, or ends it; a longer rest of this process stays.
    public mutating func keep(_ rest: SharedRest, now: Duration) {
        let time = Ticks(now)
        let until = rest.remaining.map { time + Ticks($0) } ?? .never
        let isOver = until <= time
        switch rest.kind {
        case .key:
            if isOver {
                unpark(keyID: rest.name)
            } else {
                park(keyID: rest.name, until: rest.remaining.map { now + $0 }, reason: rest.reason)
            }
        case .maintenance: gate.followMaintenance(until: until, rest.reason, now: time)
        case .stopped: gate.followStop(until: until, rest.reason, now: time)
        case .source: sourceHold.hold(until: until)
        case .account:
            guard let index = accounts.firstIndex(of: rest.name) else { return }
            accountHolds[index].hold(until: until)
        case .dataset:
            let index = datasets.firstIndex { $0.description == rest.name } ?? datasets.count
            datasetHolds[index].hold(until: until)
        }
    }
}
