import FreshetCore
import NIOCore
import Synchronization

/// What waits for one client that reads a stream, bounded in bytes.
///
/// Shared bytes cost each client a reference; a client that does not take them is told and dropped. While nothing waits and the
/// connection takes more, bytes go to it from the event loop that gives them out, past the encoder, whose work is done once for
/// all; the task that writes the answer sleeps on.
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
    /// The client's connection, when its event loop is the one that gives out events.
    private let own: NIOLoopBound<Own>?
    private let state = Mutex(State())

    private struct Own {
        let channel: any Channel
        let writer: DirectWriter
    }

    /// A queue for one client.
    ///
    /// - Parameters:
    ///   - filter: What the client wants.
    ///   - channel: The client's connection, to be given on its event loop; `nil` leaves every write to the task.
    init(filter: EventFilter, channel: (any Channel)?) {
        filters = [filter]
        // Between this handler and the socket nobody changes bytes, unlike the encoder behind it.
        let place = try? channel?.pipeline.syncOperations.context(handlerType: IdleHandler.self)
        own = place.map { place in
            let own = Own(channel: place.channel, writer: DirectWriter(place))
            return NIOLoopBound(own, eventLoop: place.eventLoop)
        }
        // A stream is written now and then: without this, one whose client is gone would wait for the next event.
        (place?.handler as? IdleHandler)?.onLeave { [weak self] in self?.close() }
    }

    /// Takes a chunk (``HTTPChunk``).
    func receive(_ bytes: ByteBuffer) {
        if let own {
            if isAwaited {
                let channel = own.value.channel
                guard channel.isActive else { return close() }
                if channel.isWritable { return own.value.writer.write(bytes) }
            }
            // It will come through NIO.
            own.value.writer.noteQueued()
        }
        let bytes = HTTPChunk.content(bytes)
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

    /// Whether everything before is in the connection, and its task waits for more.
    var isAwaited: Bool {
        state.withLock { state in
            guard state.taker != nil else { return false }
            state.isBusy = true
            return true
        }
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

    private static let comment = HTTPChunk.framed(ByteBuffer(string: ":\n\n"))

    /// Waits for bytes, without the chunk around them; `nil` once it is closed and empty.
    ///
    /// Whoever calls says by it that all it took before has reached the connection's event loop.
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
