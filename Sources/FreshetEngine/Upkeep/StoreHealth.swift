import FreshetCore
import Synchronization

/// Whether the store takes writes.
final class StoreHealth: Sendable {
    private let state = Mutex<(problem: String?, heldUntil: Duration)>((nil, .zero))

    /// How long refreshes are held back after a failed write: what cannot be stored should cost no calls.
    static let pause = Duration.seconds(2)

    /// Notes a failure; `true` when it is news.
    func failed(_ error: StoreError, now: Duration) -> Bool {
        state.withLock { state in
            let isNews = state.problem == nil
            state = ("\(error)", now + StoreHealth.pause)
            return isNews
        }
    }

    /// Notes a success; `true` when it is news.
    @discardableResult
    func succeeded() -> Bool {
        state.withLock { state in
            guard state.problem != nil else { return false }
            state = (nil, .zero)
            return true
        }
    }

    /// Why the store takes no writes.
    var problem: String? { state.withLock { $0.problem } }

    /// Until when refreshes are held back; `nil` when they are not.
    func held(now: Duration) -> Duration? {
        state.withLock { $0.problem != nil && $0.heldUntil > now ? $0.heldUntil : nil }
    }

    /// Whether there is a problem that nobody has run into for a while: it may be over.
    func isInDoubt(now: Duration) -> Bool {
        state.withLock { $0.problem != nil && now >= $0.heldUntil + .seconds(1) }
    }
}
