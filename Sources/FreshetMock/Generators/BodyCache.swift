import Synchronization

/// Keeps generated bodies up to a number of bytes, then forgets them all: what is asked again is made again.
final class BodyCache: Sendable {
    private struct State {
        var bodies: [String: MockBody] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: Bytes kept at most.
    init(capacity: Int = 64_000_000) { self.capacity = capacity }

    func body(_ key: String, make: () -> MockJSON) -> MockBody {
        if let body = state.withLock({ $0.bodies[key] }) { return body }
        // Made outside of the lock: two threads may make the same body once, which is harmless.
        let body = MockBody(make().bytes)
        state.withLock { state in
            if state.bytes + body.count > capacity { state = State() }
            if state.bodies.updateValue(body, forKey: key) == nil { state.bytes += body.count }
        }
        return body
    }
}
