import NIOCore
import NIOHTTP1
import NIOPosix

/// What went wrong on the wire.
enum WireError: Error {
    case closed
    case timedOut(String)
}

/// One HTTP/1.1 connection that is kept: requests go one after another.
///
/// Made of the bare codec, so that the tests decide about connections, headers and pipelining, and nothing is retried.
final class WireConnection: Sendable {
    private let channel: any Channel
    private let host: String

    private init(channel: any Channel, host: String) { (self.channel, self.host) = (channel, host) }

    static func open(_ baseURL: String) async throws -> WireConnection {
        let authority = baseURL.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { throw WireError.closed }
        let host = authority[..<colon].filter { $0 != "[" && $0 != "]" }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(WireHandler())
                }
            }
            .connect(host: host, port: port).get()
        return WireConnection(channel: channel, host: String(authority))
    }

    /// Sends a request and reads the whole answer.
    ///
    /// - Throws: ``WireError`` when the connection ends first, or nothing came within `limit`.
    func send(
        _ method: String = "GET", _ path: String, headers: [(String, String)] = [], body: String? = nil,
        limit: Duration = .seconds(30)
    ) async throws -> Answer {
        let promise = channel.eventLoop.makePromise(of: Answer.self)
        var fields = HTTPHeaders([("host", host)] + headers)
        if let body {
            if !fields.contains(name: "content-type") { fields.add(name: "content-type", value: "application/json") }
            fields.replaceOrAdd(name: "content-length", value: String(body.utf8.count))
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: fields)
        let timeout = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { [channel] in
            promise.fail(WireError.timedOut("\(method) \(path)"))
            channel.close(promise: nil)
        }
        promise.futureResult.whenComplete { _ in timeout.cancel() }
        channel.writeAndFlush(
            WireRequest(head: head, body: body.map { ByteBuffer(string: $0) }, promise: promise), promise: nil)
        return try await promise.futureResult.get()
    }

    /// Closes it; a request under way fails.
    func close() async { try? await channel.close() }
}

/// A request on its way into the pipeline.
private struct WireRequest: Sendable {
    let head: HTTPRequestHead
    let body: ByteBuffer?
    let promise: EventLoopPromise<Answer>
}

/// Writes requests, and puts answers together.
private final class WireHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = WireRequest
    typealias OutboundOut = HTTPClientRequestPart

    private var waiting: [EventLoopPromise<Answer>] = []
    private var answer: Answer?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        guard context.channel.isActive else { return request.promise.fail(WireError.closed) }
        waiting.append(request.promise)
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        if let body = request.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer = Answer(
                status: Int(head.status.code), headers: head.headers.map { ($0.name, $0.value) }, body: [])
        case .body(let bytes): answer?.body += Array(bytes.readableBytesView)
        case .end:
            guard let answer, !waiting.isEmpty else { return }
            self.answer = nil
            waiting.removeFirst().succeed(answer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for promise in waiting { promise.fail(WireError.closed) }
        waiting = []
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        for promise in waiting { promise.fail(error) }
        waiting = []
        context.close(promise: nil)
    }
}
