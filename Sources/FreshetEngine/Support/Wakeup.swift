import FreshetCore
import Synchronization

/// Wakes one waiting loop; a signal that comes early is kept for the next wait.
final class Wakeup: Sendable {
    private enum State {
        case idle
        case signalled
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    /// Wakes the waiter, or lets the next wait return at once.
    func signal() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .idle
                return continuation
            }
            state = .signalled
            return nil
        }
        waiter?.resume()
    }

    /// Returns at the next signal, at `deadline` on the monotonic clock, or when the task is cancelled.
    func wait(until deadline: Duration?, clock: any FreshetClock) async {
        // Unstructured: the alarm must not hold up the return when a signal comes first.
        let alarm = deadline.map { deadline in
            Task {
                if (try? await clock.sleep(untilMonotonic: deadline)) != nil { self.signal() }
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumeNow = state.withLock { state in
                    if case .signalled = state {
                        state = .idle
                        return true
                    }
                    if Task.isCancelled { return true }
                    state = .waiting(continuation)
                    return false
                }
                if resumeNow { continuation.resume() }
            }
        } onCancel: {
            signal()
        }
        alarm?.cancel()
    }
}

/// Collects distinct things for one loop that handles them in batches.
final class Mailbox<Element: Hashable & Sendable>: Sendable {
    private let items = Mutex<Set<Element>>([])
    private let limit: Int
    let wakeup = Wakeup()

    /// - Parameter limit: More distinct things than this are dropped until the loop has caught up.
    init(limit: Int) { self.limit = limit }

    /// Adds a thing; one that waits already counts once.
    func put(_ item: Element) {
        let isFirst = items.withLock { items in
            guard items.count < limit else { return false }
            items.insert(item)
            return items.count == 1
        }
        if isFirst { wakeup.signal() }
    }

    /// Takes everything.
    func takeAll() -> Set<Element> {
        items.withLock { items in
            defer { items = [] }
            return items
        }
    }
}
