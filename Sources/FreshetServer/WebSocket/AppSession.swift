import FreshetCore
import NIOCore

/// A WebSocket of an app: its messages, one after the other, go to the app's own session.
final class AppSession: WebSocketSession {
    /// Messages that may wait for the app.
    private static let backlog = 256

    private let socket: AppSocket
    private let request: AppSocketRequest
    private let eventLoop: any EventLoop
    private let hub: HubLoop
    private var messages: AsyncStream<String>.Continuation?
    private var pulse: Pulse?

    init(socket: AppSocket, request: AppSocketRequest, hub: HubLoop) {
        (self.socket, self.request, self.hub, eventLoop) = (socket, request, hub, hub.eventLoop)
    }

    func opened(_ connection: WebSocketConnection) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let eventLoop = eventLoop
        let handle = AppSocketConnection(id: connection.id) { text in
            let frame = WebSocketFrames.text(text)
            eventLoop.execute { bound.value.send(frame) }
        } close: { code, reason in
            eventLoop.execute { bound.value.close(code, reason) }
        }
        let (stream, continuation) = AsyncStream<String>.makeStream(
            bufferingPolicy: .bufferingOldest(AppSession.backlog))
        messages = continuation
        let (socket, request) = (socket, request)
        // Unstructured on purpose: it ends with the connection, which ends the stream.
        Task {
            let session = await socket.open(request, handle)
            for await text in stream { await session.received(text) }
            await session.closed()
        }
        let pulse = Pulse(connection)
        self.pulse = pulse
        hub.enter(pulse)
    }

    func received(_ text: String, _ connection: WebSocketConnection) {
        if case .dropped = messages?.yield(text) { connection.close(1008, "messages come faster than they are read") }
    }

    func closed() {
        messages?.finish()
        if let pulse { hub.exit(pulse) }
        pulse = nil
    }

    /// Keeps the connection alive; it wants no events.
    private final class Pulse: HubMember {
        let connectionID = ""
        let format = HubFormat.frames
        let filters: [EventFilter] = []
        private let connection: WebSocketConnection

        init(_ connection: WebSocketConnection) { self.connection = connection }

        func receive(_ bytes: ByteBuffer) {}
        func beat() { connection.ping() }
        func end() { connection.close(1001, "the server stops") }
    }
}
