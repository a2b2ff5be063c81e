import FreshetCore
import Synchronization

/// What a process knows of the place of the queue, and the leases it holds; shared by store, keeper and limits.
final class QueueState: Sendable {
    /// A lease in this process's hands.
    struct Held: Sendable {
        var lease: LeasedJob
        /// The epoch of the line that gave it; `nil` when the store did.
        var epoch: String?
    }

    private struct State {
        var mode = QueueMode()
        var held: [Int64: Held] = [:]
        /// When the line last failed a call, and has not answered since.
        var failingSince: Duration?
    }

    let clock: any FreshetClock
    private let state = Mutex(State())
    /// Rings when the line may be lost, or the place should be read at once.
    let doubt = Wakeup()

    init(clock: any FreshetClock) { self.clock = clock }

    /// Whether the queue is in a line that this process works with.
    var isLine: Bool { if case .line = leasing { true } else { false } }

    var leasing: QueueMode.Leasing { mode { $0.leasing(now: self.clock.monotonic()) } }

    /// Reads or changes what is known of the place.
    @discardableResult
    func mode<Result>(_ body: (inout QueueMode) -> Result) -> Result { state.withLock { body(&$0.mode) } }

    /// The epoch of the line that calls should be repeated to, if any: also while leases are not given.
    var lineEpoch: String? {
        mode { mode in mode.place?.epoch.flatMap { $0 == mode.lostEpoch ? nil : $0 } }
    }

    // MARK: Leases

    func hold(_ leases: [LeasedJob], epoch: String?) {
        state.withLock { state in
            for lease in leases { state.held[lease.job.id] = Held(lease: lease, epoch: epoch) }
        }
    }

    /// Forgets a lease that has ended.
    @discardableResult
    func release(_ lease: LeasedJob) -> Held? {
        state.withLock { state in
            guard state.held[lease.job.id]?.lease.fence == lease.fence else { return nil }
            return state.held.removeValue(forKey: lease.job.id)
        }
    }

    func held(_ lease: LeasedJob) -> Held? {
        state.withLock { state in
            state.held[lease.job.id].flatMap { $0.lease.fence == lease.fence ? $0 : nil }
        }
    }

    /// The leases that a line gave.
    var lineLeases: [LeasedJob] { state.withLock { $0.held.values.filter { $0.epoch != nil }.map(\.lease) } }

    /// Leases of a line are held in the store now, or lost.
    func claimed(_ leases: [LeasedJob], _ isHeld: [Bool]) {
        state.withLock { state in
            for (lease, isHeld) in zip(leases, isHeld)
            where state.held[lease.job.id]?.lease.fence == lease.fence {
                state.held[lease.job.id] = isHeld ? Held(lease: lease, epoch: nil) : nil
            }
        }
    }

    // MARK: The line

    /// A call to the line failed: whether it is lost is found out.
    func lineFailed() {
        let now = clock.monotonic()
        state.withLock { $0.failingSince = $0.failingSince ?? now }
        doubt.signal()
    }

    func lineAnswered() { state.withLock { $0.failingSince = nil } }

    /// How long the line has been failing.
    var failingFor: Duration? {
        let now = clock.monotonic()
        return state.withLock { $0.failingSince.map { now - $0 } }
    }
}
