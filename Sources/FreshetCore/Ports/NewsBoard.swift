import Synchronization

/// Everybody of this process who listens for news.
public final class NewsBoard: Sendable {
    private struct State {
        var boxes: [Int: NewsBox] = [:]
        var next = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Creates a board to which nobody listens.
    public init() {}

    /// The rings from now on, in order; those that come while nobody takes them are one of each kind.
    public func stream() -> AsyncStream<News> {
        let box = NewsBox()
        let id = state.withLock { state in
            state.next += 1
            if state.isOver { box.end() } else { state.boxes[state.next] = box }
            return state.next
        }
        return AsyncStream {
            await box.take()
        } onCancel: {
            box.end()
            self.state.withLock { state in state.boxes[id] = nil }
        }
    }

    /// Tells everybody; never waits.
    public func put(_ news: News) {
        for box in state.withLock({ Array($0.boxes.values) }) { box.put(news) }
    }

    /// Ends every stream, those that are still to come too.
    public func end() {
        let boxes = state.withLock { state in
            state.isOver = true
            defer { state.boxes = [:] }
            return Array(state.boxes.values)
        }
        for box in boxes { box.end() }
    }
}

/// Rings that nobody took yet, one of each kind, in the order in which they came.
final class NewsBox: Sendable {
    private struct State {
        var pending: [News] = []
        var waiter: UnsafeContinuation<News?, Never>?
        var isOver = false
    }

    private let state = Mutex(State())

    func put(_ news: News) {
        let waiter = state.withLock { state -> UnsafeContinuation<News?, Never>? in
            guard !state.isOver else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            if !state.pending.contains(news) { state.pending.append(news) }
            return nil
        }
        waiter?.resume(returning: news)
    }

    /// Waits for the next ring; `nil` at the end.
    ///
    /// For one task at a time.
    func take() async -> News? {
        await withUnsafeContinuation { continuation in
            enum Next { case now(News?), later }
            let next = state.withLock { state -> Next in
                if state.isOver { return .now(nil) }
                if !state.pending.isEmpty { return .now(state.pending.removeFirst()) }
                state.waiter = continuation
                return .later
            }
            if case .now(let news) = next { continuation.resume(returning: news) }
        }
    }

    func end() {
        let waiter = state.withLock { state -> UnsafeContinuation<News?, Never>? in
            state.isOver = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
