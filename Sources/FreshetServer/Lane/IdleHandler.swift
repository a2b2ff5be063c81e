import NIOCore

/// Closes a connection on which nothing whole has happened for a while: no request, no answer, no byte taken.
///
/// It counts whole requests, not bytes, so that a client that sends one byte now and then cannot hold a connection; a
/// request that the router still works on keeps it open, and so does a client that reads its answer slowly.
final class IdleHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let timeout: TimeAmount
    private let activity: ConnectionActivity
    private var seenProgress = -1
    private var seenBuffered = -1
    private var task: RepeatedTask?
    private var isLeft = false
    private var whenLeft: (() -> Void)?

    init(timeout: TimeAmount, activity: ConnectionActivity) {
        self.timeout = timeout
        self.activity = activity
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        task?.cancel()
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    /// Runs `action` once the client has closed its side, or the connection has ended; at once when that has been.
    func onLeave(_ action: @escaping () -> Void) {
        if isLeft { action() } else { whenLeft = action }
    }

    private func leave() {
        isLeft = true
        whenLeft?()
        whenLeft = nil
    }

    func handlerRemoved(context: ChannelHandlerContext) { task?.cancel() }

    private func start(_ context: ChannelHandlerContext) {
        guard task == nil else { return }
        seenProgress = activity.progress
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        task = context.eventLoop.scheduleRepeatedTask(initialDelay: timeout, delay: timeout) { _ in
            let (handler, context) = bound.value
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        defer { (seenProgress, seenBuffered) = (activity.progress, buffered) }
        if activity.open > 0, !activity.isReading, buffered == 0 { return }
        if activity.progress != seenProgress { return }
        if buffered > 0, buffered != seenBuffered { return }
        context.close(promise: nil)
    }
}
