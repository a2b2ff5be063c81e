import FreshetCore
import NIOCore
import Synchronization

/// What waits for one client that reads a stream, bounded in bytes.
///
/// Shared bytes cost each client a reference; a client that does not take them is told and dropped.
final class EventQueue: HubMember, Sendable {
    /// The bytes that may wait for a client.
    static let limit = 1 << 20

    private struct State {
        var waiting: [ByteBuffer] = []
        var bytes = 0
        var taker: CheckedContinuation<[ByteBuffer]?, Never>?
        var isClosed = false
        var isSlow = false
        /// Whether anything was put in since the last beat.
        var isBusy = false
    }

    let connectionID = ""
    let format = HubFormat.stream
    let filters: [EventFilter]
    private let state = Mutex(State())

    init(filter: EventFilter) { filters = [filter] }

    func receive(_ bytes: ByteBuffer) {
        let taker = state.withLock { state -> CheckedContinuation<[ByteBuffer]?, Never>? in
            guard !state.isClosed else { return nil }
            state.isBusy = true
            if let taker = state.taker {
                state.taker = nil
                return taker
            }
            state.bytes += bytes.readableBytes
            if state.bytes > EventQueue.limit {
                (state.isClosed, state.isSlow) = (true, true)
            } else {
                state.waiting.append(bytes)
            }
            return nil
        }
        taker?.resume(returning: [bytes])
    }

    func beat() {
        let isBusy = state.withLock { state in
            defer { state.isBusy = false }
            return state.isBusy
        }
        // A comment now and then keeps proxies from closing the connection, and finds out who is gone.
        if !isBusy { receive(EventQueue.comment) }
    }

    func end() { close() }

    private static let comment = ByteBuffer(string: ":\n\n")

    /// Waits for bytes; `nil` once it is closed and empty.
    func next() async -> [ByteBuffer]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> [ByteBuffer]?? in
                    if !state.waiting.isEmpty {
                        defer { (state.waiting, state.bytes) = ([], 0) }
                        return .some(state.waiting)
                    }
                    if state.isClosed { return .some(nil) }
                    state.taker = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            close()
        }
    }

    /// Ends it; what waits can still be taken.
    func close() {
        let taker = state.withLock { state in
            defer { (state.isClosed, state.taker) = (true, nil) }
            return state.taker
        }
        taker?.resume(returning: nil)
    }

    /// Whether more waited than may.
    var isSlow: Bool { state.withLock { $0.isSlow } }
}
