import Synchronization

/// Tells subscribers that the event log has grown; the log itself says with what.
///
/// It rings also when nothing happened, every ``heartbeat``, so that subscribers can tell their clients that they are there.
public final class EventBell: Sendable {
    private struct State {
        var nextID = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var isClosed = false
    }

    /// The time between two rings at most.
    public static let heartbeat = Duration.seconds(15)

    private let state = Mutex(State())

    /// Creates a bell that nobody listens to.
    public init() {}

    /// Every ring from now on; rings that come while one is handled are one.
    ///
    /// It ends with ``close()``.
    public func rings() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = state.withLock { state -> Int? in
                guard !state.isClosed else { return nil }
                state.nextID += 1
                state.listeners[state.nextID] = continuation
                return state.nextID
            }
            guard let id else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
            }
        }
    }

    /// Rings.
    public func ring() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
    }

    /// Ends every subscription, and those that come.
    public func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }

    /// How many listen.
    public var listenerCount: Int { state.withLock { $0.listeners.count } }
}
