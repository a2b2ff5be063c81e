import FreshetCore
import NIOCore
import NIOWebSocket

/// What a connection is for; confined to the connection's event loop.
protocol WebSocketSession: AnyObject {
    /// The connection is open.
    func opened(_ connection: WebSocketConnection)
    /// A whole text has come.
    func received(_ text: String, _ connection: WebSocketConnection)
    /// The connection is closed.
    func closed()
}

/// One WebSocket: the last handler that sees its bytes.
final class WebSocketConnection: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = ByteBuffer

    /// The longest message of a client.
    static let messageLimit = 64 << 10
    /// The bytes that may wait for a client.
    static let outputLimit = 1 << 20
    /// How long a client may take to answer a close.
    private static let closeTime = TimeAmount.seconds(5)

    /// Unique in this process's life; `c_` and 32 digits.
    let id: String
    /// What the client's token allows.
    let role: TokenRecord.Role?
    private let session: any WebSocketSession
    private let activity: ConnectionActivity
    private var machine = WebSocketMachine(limit: messageLimit)
    private var context: ChannelHandlerContext?
    private var writer: DirectWriter?
    private var isClosing = false
    private var waiters: [EventLoopPromise<Void>] = []

    init(id: String, role: TokenRecord.Role?, session: any WebSocketSession, activity: ConnectionActivity) {
        (self.id, self.role, self.session, self.activity) = (id, role, session, activity)
    }

    var eventLoop: (any EventLoop)? { context?.eventLoop }

    // MARK: Output

    /// Sends framed bytes; a client that does not take what it is sent is told and dropped.
    func send(_ frames: ByteBuffer) {
        guard let context, !isClosing else { return }
        guard context.channel.isWritable else {
            // It gets this after what it has not read, if it ever reads on.
            return close(1008, "too slow: more than \(WebSocketConnection.outputLimit) bytes waited")
        }
        writer?.write(frames)
    }

    func send(_ value: JSONValue) { send(WebSocketFrames.text(value.text)) }

    /// Closes; the client may answer for a moment.
    func close(_ code: UInt16?, _ reason: String = "") {
        guard let context, !isClosing else { return }
        isClosing = true
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrames.close(code, reason)), promise: nil)
        context.eventLoop.scheduleTask(in: WebSocketConnection.closeTime) { bound.value.close(promise: nil) }
        for waiter in waiters { waiter.succeed() }
        waiters = []
    }

    /// Done once the client has taken most of what it was sent, or is gone.
    func whenWritable() -> EventLoopFuture<Void>? {
        guard let context, !isClosing else { return nil }
        let promise = context.eventLoop.makePromise(of: Void.self)
        if context.channel.isWritable { promise.succeed() } else { waiters.append(promise) }
        return promise.futureResult
    }

    /// Sends a ping, unless so much waits that nobody would see it.
    func ping() {
        if context?.channel.isWritable == true { send(WebSocketFrames.ping) }
    }

    // MARK: Input

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Nothing between this handler and the socket changes bytes once the upgrade is done.
        writer = DirectWriter(context)
        session.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        activity.noteAnswer()
        let action = machine.receive(unwrapInboundIn(data))
        if isClosing {
            // The client's answer to our close, or what it sent before it got it.
            if case .close = action { context.close(promise: nil) }
            return
        }
        switch action {
        case .nothing: break
        case .text(let text): session.received(text, self)
        case .binary: close(1003, "only text is understood")
        case .pong(let data): send(WebSocketFrames.pong(data))
        case .close(let code): finish(context, code, "")
        case .fail(let code, let reason): finish(context, code, reason)
        }
    }

    /// Says goodbye and closes when that is written.
    private func finish(_ context: ChannelHandlerContext, _ code: UInt16?, _ reason: String) {
        isClosing = true
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrames.close(code, reason))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isClosing else { return context.close(promise: nil) }
        if case .invalidFrameLength = error as? NIOWebSocketError {
            finish(context, 1009, "a frame is too long")
        } else if error is NIOWebSocketError {
            finish(context, 1002, "a control frame is broken")
        } else {
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(1001, "the server stops")
        case let event as ChannelEvent where event == .inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            for waiter in waiters { waiter.succeed() }
            waiters = []
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    private func ended() {
        guard context != nil else { return }
        (context, writer) = (nil, nil)
        isClosing = true
        for waiter in waiters { waiter.succeed() }
        waiters = []
        session.closed()
    }
}
