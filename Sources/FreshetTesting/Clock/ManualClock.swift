public import FreshetCore
import Synchronization

/// A clock that moves only when it is told to.
///
/// Sleepers wake in the order of their deadlines, without any waiting.
public final class ManualClock: FreshetClock {
    private struct Sleeper {
        var id: Int
        var deadline: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var wall: Timestamp
        var monotonic: Duration
        var nextID = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
        var watchers: [Watcher] = []

        mutating func takeSatisfiedWatchers() -> [Watcher] {
            let satisfied = watchers.filter { $0.count <= sleepers.count }
            watchers.removeAll { $0.count <= sleepers.count }
            return satisfied
        }
    }

    private let state: Mutex<State>

    /// Creates a clock that stands still.
    ///
    /// - Parameters:
    ///   - now: The wall clock.
    ///   - monotonic: The monotonic clock; not zero by default, because no code may count on that.
    public init(now: Timestamp = Timestamp(seconds: 1_800_000_000), monotonic: Duration = .seconds(1_000)) {
        state = Mutex(State(wall: now, monotonic: monotonic))
    }

    /// The wall clock.
    public func now() -> Timestamp { state.withLock { $0.wall } }

    /// The monotonic clock.
    public func monotonic() -> Duration { state.withLock { $0.monotonic } }

    /// Returns once the clock was moved to `deadline`; throws `CancellationError` when the task is cancelled.
    public func sleep(untilMonotonic deadline: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enter(Sleeper(id: id, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
    }

    private enum Entry { case sleeps, isDue, isCancelled }

    private func enter(_ sleeper: Sleeper) {
        let (entry, watchers) = state.withLock { state -> (Entry, [Watcher]) in
            if state.cancelled.remove(sleeper.id) != nil { return (.isCancelled, []) }
            if sleeper.deadline <= state.monotonic { return (.isDue, []) }
            // Equal deadlines keep the order in which they came.
            let place = state.sleepers.firstIndex { $0.deadline > sleeper.deadline } ?? state.sleepers.endIndex
            state.sleepers.insert(sleeper, at: place)
            return (.sleeps, state.takeSatisfiedWatchers())
        }
        switch entry {
        case .sleeps: break
        case .isDue: sleeper.continuation.resume()
        case .isCancelled: sleeper.continuation.resume(throwing: CancellationError())
        }
        for watcher in watchers { watcher.continuation.resume() }
    }

    private func cancel(_ id: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
                // Not asleep yet: its entry will find this. One that woke already leaves an unused number, no more.
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: place)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    /// Moves both clocks on and wakes, in the order of their deadlines, the sleepers that have become due.
    ///
    /// - Parameter duration: Zero or more.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not go back; see jumpWall(by:)")
        let due = state.withLock { state in
            state.monotonic += duration
            state.wall = state.wall + duration
            let count = state.sleepers.prefix { $0.deadline <= state.monotonic }.count
            defer { state.sleepers.removeFirst(count) }
            return Array(state.sleepers.prefix(count))
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves to the next deadline of a sleeper and wakes it, with all others of the same deadline.
    ///
    /// - Returns: How far the clocks moved; `nil` when nobody sleeps.
    @discardableResult
    public func advanceToNextDeadline() -> Duration? {
        let step = state.withLock { state in state.sleepers.first.map { $0.deadline - state.monotonic } }
        if let step { advance(by: step) }
        return step
    }

    /// Sets the wall clock on or back, as an operator or NTP does; nobody wakes.
    public func jumpWall(by duration: Duration) { state.withLock { $0.wall = $0.wall + duration } }

    /// How many tasks sleep.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// When the next sleeper is due, monotonic.
    public var nextDeadline: Duration? { state.withLock { $0.sleepers.first?.deadline } }

    /// Returns once at least `count` tasks sleep: the moment at which a test may move the clock.
    public func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.sleepers.count < count {
                    state.watchers.append(Watcher(count: count, continuation: continuation))
                    return false
                }
                return true
            }
            if isSatisfied { continuation.resume() }
        }
    }
}
