import FreshetCore
import Synchronization

/// What the router has answered, for `/metrics`.
final class RouterCounters: Sendable {
    private struct State {
        var byClass = [Int](repeating: 0, count: 6)
        var seconds = 0.0
    }

    private let state = Mutex(State())

    func record(status: Int, took: Duration) {
        state.withLock { state in
            state.byClass[min(5, max(1, status / 100))] += 1
            state.seconds += took.inSeconds
        }
    }

    /// Answers by the first digit of their status, and the time they took together.
    var current: (byClass: [Int], seconds: Double) { state.withLock { ($0.byClass, $0.seconds) } }
}
