import NIOCore
import NIOHTTP1

/// Serves one connection: requests are counted when their head arrives and answered in their order, one at a time.
///
/// It writes bytes itself instead of using NIO's encoder, because half of the faults are bytes that no encoder would write.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Pending {
        let head: HTTPRequestHead
        let ticket: MockCore.Ticket
        var body = ByteBuffer()
        var isComplete = false
        var isTooLarge = false
    }

    /// Requests read ahead of the answers; beyond it the connection is no longer read.
    private static let maxPipelined = 32

    private let core: MockCore
    private let control: @Sendable (ControlAction, any Channel) -> Void
    private let writer: AnswerWriter
    private var queue = CircularBuffer<Pending>()
    private var current: Pending?
    private var status = 0
    private var ip = "local"
    private var wantsRead = false
    private var delay: Scheduled<Void>?
    private var isInsideRead = false
    private var needsFlush = false

    init(core: MockCore, control: @escaping @Sendable (ControlAction, any Channel) -> Void) {
        self.core = core
        self.control = control
        writer = AnswerWriter(core: core)
    }

    // MARK: Reading

    func channelActive(context: ChannelHandlerContext) {
        ip = context.remoteAddress?.ipAddress ?? "local"
        core.connected()
        core.open.add(context.channel)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInsideRead = true
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(var part):
            guard !queue.isEmpty else { return }
            let last = queue.index(before: queue.endIndex)
            if queue[last].body.readableBytes + part.readableBytes > core.options.maxRequestBody {
                queue[last].isTooLarge = true
            } else {
                queue[last].body.writeBuffer(&part)
            }
        case .end:
            guard !queue.isEmpty else { return }
            queue[queue.index(before: queue.endIndex)].isComplete = true
            advance(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInsideRead = false
        if needsFlush {
            needsFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if queue.count >= Self.maxPipelined { wantsRead = true } else { context.read() }
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let ticket = core.arrive(method: head.method.rawValue, target: head.uri, headers: head.headers, ip: ip)
        queue.append(Pending(head: head, ticket: ticket))
        if ticket.isDown { return context.channel.resetConnection() }
        if current == nil, queue.count == 1, head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An answer in progress must not be mixed with another; what cannot be parsed ends the connection either way.
        if error is HTTPParserError, current == nil, queue.isEmpty {
            let answer = MockResponse.json(["error": "The request is no valid HTTP."], status: 400)
            writer.send(answer, Delivery.Mode(), isHead: false, keepAlive: false, context) {}
            closeAfterFlush(context)
        } else {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        delay?.cancel()
        writer.stop()
        core.open.remove(context.channel)
        if let current { core.finish(current.ticket, status: 0) }
        current = nil
        for pending in queue { core.finish(pending.ticket, status: 0) }
        queue.removeAll()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writer.resume(context)
        context.fireChannelWritabilityChanged()
    }

    // MARK: Answering

    private func advance(_ context: ChannelHandlerContext) {
        guard current == nil, let first = queue.first, first.isComplete, context.channel.isActive else { return }
        queue.removeFirst()
        current = first
        if wantsRead, queue.count < Self.maxPipelined {
            wantsRead = false
            context.read()
        }
        guard first.ticket.plan.delay > .zero else { return answer(first, context) }
        let wait = TimeAmount.nanoseconds(first.ticket.plan.delay.nanosecondsClamped)
        delay = context.eventLoop.assumeIsolated().scheduleTask(in: wait) { self.answer(first, context) }
    }

    private func answer(_ pending: Pending, _ context: ChannelHandlerContext) {
        let request = MockRequest(
            method: pending.head.method.rawValue, target: pending.head.uri, headers: pending.head.headers,
            body: pending.body, key: pending.ticket.key, time: pending.ticket.time)
        let keepAlive = pending.head.isKeepAlive && !pending.isTooLarge
        if pending.isTooLarge {
            let answer = MockResponse.json(["error": "The request body is too large."], status: 413)
            return send(answer, Delivery.Mode(), pending, keepAlive: false, context)
        }
        if pending.ticket.isControl {
            let (response, action) = ControlAPI(core: core).respond(to: request)
            control(action, context.channel)
            return send(response, Delivery.Mode(), pending, keepAlive: keepAlive, context)
        }
        switch Responder(core: core).deliver(request, pending.ticket) {
        case .reset: context.channel.resetConnection()
        case .silence: break
        case .raw(let bytes):
            status = 0
            context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in
                context.close(promise: nil)
            }
        case .answer(let response, let mode): send(response, mode, pending, keepAlive: keepAlive, context)
        case .stream(let response, let source, let chunked):
            status = response.status
            writer.stream(response, source, chunked: chunked, isHead: isHead(pending), keepAlive: keepAlive, context) {
                self.finished(keepAlive: keepAlive, context)
            }
        }
    }

    private func isHead(_ pending: Pending) -> Bool { pending.head.method == .HEAD }

    private func send(
        _ response: MockResponse, _ mode: Delivery.Mode, _ pending: Pending, keepAlive: Bool,
        _ context: ChannelHandlerContext
    ) {
        status = response.status
        let keepAlive = keepAlive && mode.cutAfter == nil
        writer.send(response, mode, isHead: isHead(pending), keepAlive: keepAlive, context) {
            self.finished(keepAlive: keepAlive, context)
        }
    }

    private func finished(keepAlive: Bool, _ context: ChannelHandlerContext) {
        guard let done = current else { return }
        core.finish(done.ticket, status: status)
        current = nil
        guard keepAlive else { return closeAfterFlush(context) }
        // One flush for all answers to requests that came in one read.
        if isInsideRead { needsFlush = true } else { context.flush() }
        advance(context)
    }

    private func closeAfterFlush(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
