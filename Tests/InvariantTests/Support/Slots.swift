import Synchronization

/// Bounds how many servers run at once, so that timings hold on two cores although suites run beside each other.
final class Slots: Sendable {
    /// Shared by all suites of this target.
    static let shared = Slots(2)

    private struct State {
        var free: Int
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let all: Int
    private let state: Mutex<State>

    init(_ count: Int) {
        all = count
        state = Mutex(State(free: count))
    }

    /// Runs `body` with a slot, or alone.
    func use<Result>(alone: Bool = false, _ body: () async throws -> Result) async rethrows -> Result {
        let count = alone ? all : 1
        await take(count)
        defer { giveBack(count) }
        return try await body()
    }

    private func take(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.waiting.isEmpty, state.free >= count else {
                    state.waiting.append((count, continuation))
                    return false
                }
                state.free -= count
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func giveBack(_ count: Int) {
        let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.free += count
            var ready: [CheckedContinuation<Void, Never>] = []
            while let first = state.waiting.first, first.count <= state.free {
                state.free -= first.count
                ready.append(first.continuation)
                state.waiting.removeFirst()
            }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }
}
