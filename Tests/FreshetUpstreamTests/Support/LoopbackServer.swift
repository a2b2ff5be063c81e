import FreshetCore
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A raw TCP server for one test: it reads requests and answers with exactly the bytes it is told to, or misbehaves.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        var line: String
        var headers: [String: String]
        var body: String
    }

    enum Action: Sendable {
        case send(String)
        case bytes([UInt8])
        /// Sends a piece again and again until the client goes away.
        case flood([UInt8])
        case close
        /// Closes with RST.
        case reset
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
        var flooded = 0
    }

    private let answer: @Sendable (Request, Int) -> [Action]
    private let state = Mutex(State())
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let closes: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    fileprivate let greeting: [Action]

    private init(greeting: [Action], _ answer: @escaping @Sendable (Request, Int) -> [Action]) {
        (self.greeting, self.answer) = (greeting, answer)
        closes = AsyncStream.makeStream(of: Void.self)
    }

    /// Starts a server for the time of `body`.
    ///
    /// - Parameters:
    ///   - host: An address of this machine.
    ///   - tls: Speak TLS with this certificate.
    ///   - greeting: What to do with a new connection.
    ///   - answer: What to do for a request and its number from 0. No `close` keeps the connection open.
    ///   - body: The test.
    /// - Returns: What the test returns.
    /// - Throws: What the test throws.
    static func run<Value>(
        host: String = "127.0.0.1", tls: NIOSSLContext? = nil, greeting: [Action] = [],
        _ answer: @escaping @Sendable (Request, Int) -> [Action],
        _ body: (LoopbackServer) async throws -> Value
    ) async throws -> Value {
        let server = LoopbackServer(greeting: greeting, answer)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(RawHandler(server: server))
                }
            }
            .bind(host: host, port: 0).get()
        server.listener.withLock { $0 = channel }
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var base: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }
    /// Bytes that a flood could send before the client went away.
    var flooded: Int { state.withLock { $0.flooded } }

    /// Waits until a connection is closed.
    func waitForClose() async { for await _ in closes.stream { return } }

    fileprivate func opened() { state.withLock { $0.connections += 1 } }
    fileprivate func closed() { closes.continuation.yield() }
    fileprivate func sent(_ count: Int) { state.withLock { $0.flooded += count } }

    fileprivate func actions(for request: Request) -> [Action] {
        let number = state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        return answer(request, number)
    }
}

private final class RawHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: LoopbackServer
    private var received = ByteBuffer()
    private var flood: ByteBuffer?

    init(server: LoopbackServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        server.opened()
        for action in server.greeting { perform(action, context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        flood = nil
        server.closed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        received.writeBuffer(&data)
        while let request = next() {
            for action in server.actions(for: request) { perform(action, context) }
        }
    }

    private func perform(_ action: LoopbackServer.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .flood(let piece):
            flood = ByteBuffer(bytes: piece)
            pour(context)
        case .close:
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
        case .reset:
            // With no time to linger, closing sends RST.
            let channel = context.channel
            let isSet = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            guard let isSet else { return context.close(promise: nil) }
            isSet.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private func pour(_ context: ChannelHandlerContext) {
        while let flood, context.channel.isActive, context.channel.isWritable {
            server.sent(flood.readableBytes)
            context.writeAndFlush(wrapOutboundOut(flood), promise: nil)
        }
    }

    /// Takes one complete request off the buffer.
    private func next() -> LoopbackServer.Request? {
        let text = String(buffer: received)
        guard let end = text.range(ofText: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let line = lines.first else { return nil }
        var headers: [String: String] = [:]
        for field in lines.dropFirst() {
            let parts = field.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? String(HeaderText.trim(parts[1])) : ""
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let rest = text[end.upperBound...]
        guard rest.utf8.count >= length else { return nil }
        received.moveReaderIndex(forwardBy: text[..<end.upperBound].utf8.count + length)
        return LoopbackServer.Request(line: String(line), headers: headers, body: String(rest.prefix(length)))
    }
}

private enum HeaderText {
    static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        return text
    }
}

extension StringProtocol {
    /// The first place of a text, without Foundation.
    func range(ofText needle: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(needle) { return index..<self.index(index, offsetBy: needle.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
