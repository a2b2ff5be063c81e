public import FreshetCore
import Synchronization

/// What a process of a deployment does.
public enum ProcessRole: String, Sendable, Hashable, CaseIterable {
    /// Answers, works and schedules.
    case all
    /// Answers reads; refreshes, schedules and upkeep are for others.
    case reader
    /// Works and schedules; answers only probes and numbers.
    case worker

    /// Whether it refreshes.
    public var works: Bool { self != .reader }
    /// Whether it answers reads.
    public var reads: Bool { self != .worker }
}

/// How a process takes part in a deployment of several.
public struct ClusterSetup: Sendable {
    /// Its name among the others.
    public var member: ClusterMember
    /// What it does.
    public var role: ProcessRole
    /// The store that all share.
    public var store: any ClusterStore
    /// Tells the others of news; it is silent where nothing carries rings.
    public var wire: any NewsWire
    /// The version and the host, for whoever lists the processes.
    public var about: (version: String, host: String)
    /// Keeps the line in front of the store; `nil` without a coordinator.
    let keeper: ModeKeeper?

    /// A process that works on a shared store without a coordinator.
    public init(
        member: ClusterMember, role: ProcessRole, store: any ClusterStore, wire: any NewsWire = SilentWire(),
        about: (version: String, host: String) = ("", "")
    ) {
        (self.member, self.role, self.store, self.wire, self.about) = (member, role, store, wire, about)
        keeper = nil
    }

    /// A process that works on a shared store with a coordinator in front of it.
    ///
    /// - Parameters:
    ///   - member: Its name among the others.
    ///   - role: What it does.
    ///   - store: Store and coordinator in one.
    ///   - about: The version and the host.
    public init<Base>(
        member: ClusterMember, role: ProcessRole, coordinated store: CoordinatedStore<Base>,
        about: (version: String, host: String) = ("", "")
    ) {
        (self.member, self.role, self.store, self.about) = (member, role, store, about)
        let state = store.state
        wire = CoordinatorWire(coordinator: store.coordinator) { state.isLine }
        keeper = ModeKeeper(state: state, base: store.base, coordinator: store.coordinator, limits: store.clusterLimits)
    }
}

/// What the rooms of the engine share of the deployment.
final class ClusterPart: Sendable {
    let setup: ClusterSetup
    let duties: DutyKeeper
    let recent = RecentChanges()
    let members = MemberList()
    let health = ClusterHealth()

    init(_ setup: ClusterSetup, duties: DutyKeeper) { (self.setup, self.duties) = (setup, duties) }

    var store: any ClusterStore { setup.store }
    var wire: any NewsWire { setup.wire }
    var limits: any SharedLimits { setup.store.limits }

    /// How often to look into the queue although nobody rang.
    var lookInterval: Duration { wire.isLive ? .seconds(2) : .milliseconds(200) }
}

/// What this process cannot reach at present.
final class ClusterHealth: Sendable {
    private let problems = Mutex<[String: String]>([:])

    func note(_ part: String, _ problem: String) { problems.withLock { $0[part] = problem } }

    func clear(_ part: String) { problems.withLock { _ = $0.removeValue(forKey: part) } }

    func problem(of part: String) -> String? { problems.withLock { $0[part] } }
}
