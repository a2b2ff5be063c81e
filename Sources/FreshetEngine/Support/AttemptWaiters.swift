import FreshetCore
import Synchronization

/// Readers that asked to wait until an attempt on a document has ended.
final class AttemptWaiters: Sendable {
    private struct State {
        var waiters: [DocumentID: [UInt64: CheckedContinuation<Bool, Never>]] = [:]
        var nextID: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Wakes everyone who waits for this document.
    func attemptEnded(_ id: DocumentID) {
        let waiting = state.withLock { $0.waiters.removeValue(forKey: id) }
        waiting?.values.forEach { $0.resume(returning: true) }
    }

    /// Whether anyone waits for this document.
    func isAwaited(_ id: DocumentID) -> Bool { state.withLock { $0.waiters[id] != nil } }

    /// Returns `true` when an attempt ended before `deadline` on the monotonic clock.
    func wait(for id: DocumentID, until deadline: Duration, clock: any FreshetClock) async -> Bool {
        let ticket = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // Unstructured: it only ends this wait, and is cancelled with it.
        let alarm = Task {
            if (try? await clock.sleep(untilMonotonic: deadline)) != nil { self.expire(id, ticket) }
        }
        let ended = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let tooLate = state.withLock { state in
                    if state.cancelled.remove(ticket) != nil { return true }
                    state.waiters[id, default: [:]][ticket] = continuation
                    return false
                }
                if tooLate { continuation.resume(returning: false) }
            }
        } onCancel: {
            expire(id, ticket)
        }
        alarm.cancel()
        state.withLock { _ = $0.cancelled.remove(ticket) }
        return ended
    }

    private func expire(_ id: DocumentID, _ ticket: UInt64) {
        let waiter = state.withLock { state in
            guard let found = state.waiters[id]?.removeValue(forKey: ticket) else {
                state.cancelled.insert(ticket)
                return nil as CheckedContinuation<Bool, Never>?
            }
            if state.waiters[id]?.isEmpty == true { state.waiters[id] = nil }
            return found
        }
        waiter?.resume(returning: false)
    }
}
