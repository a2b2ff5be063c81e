import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// A WebSocket client that keeps what it is sent.
package final class SocketClient: Sendable {
    package struct NoUpgrade: Error {}

    private let channel: any Channel
    private let inbox: Inbox

    private init(_ channel: any Channel, _ inbox: Inbox) { (self.channel, self.inbox) = (channel, inbox) }

    /// Connects to the loopback and upgrades, on a connection from an address of this machine.
    package static func open(
        _ port: Int, _ path: String = "/v1/ws", _ fields: [(String, String)] = [], from address: String = "127.0.0.1"
    ) async throws -> SocketClient {
        let inbox = Inbox()
        let upgraded: EventLoopFuture<Bool> = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrader = NIOTypedWebSocketClientUpgrader<Bool>(maxFrameSize: 1 << 20) { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(inbox)
                            return true
                        }
                    }
                    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
                    head.headers.add(name: "Host", value: "127.0.0.1:\(port)")
                    for (name, value) in fields { head.headers.add(name: name, value: value) }
                    let configuration = NIOTypedHTTPClientUpgradeConfiguration(
                        upgradeRequestHead: head, upgraders: [upgrader]
                    ) { channel in channel.close().map { false } }
                    var pipeline = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: configuration)
                    // The first frame may come in one piece with the answer.
                    pipeline.leftOverBytesStrategy = .forwardBytes
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: pipeline)
                }
            }
        guard try await upgraded.get() else { throw NoUpgrade() }
        return SocketClient(try await inbox.channel(), inbox)
    }

    package func send(_ text: String) async throws {
        let frame = WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(string: text))
        try await channel.writeAndFlush(frame)
    }

    /// The next text; `nil` once it is closed.
    package func next() async -> String? { await inbox.next() }

    /// The texts up to the first that holds `marker`, that one included.
    package func texts(until marker: String) async -> [String] {
        var found: [String] = []
        while let text = await next() {
            found.append(text)
            if text.contains(marker) { break }
        }
        return found
    }

    /// The code that the server closed with, once the connection is closed.
    package func closeCode() async -> UInt16? {
        while await next() != nil {}
        return inbox.closeCode
    }

    package func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }
    package func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
        channel.read()
    }
    package func close() async throws { try? await channel.close() }
}

/// Keeps what is received; one waits at a time.
private final class Inbox: ChannelInboundHandler, Sendable {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private struct State {
        var texts: [String] = []
        var taker: CheckedContinuation<String?, Never>?
        var isClosed = false
        var closeCode: UInt16?
        var channel: (any Channel)?
        var opener: CheckedContinuation<any Channel, any Error>?
    }

    private let state = Mutex(State())

    var closeCode: UInt16? { state.withLock { $0.closeCode } }

    func channel() async throws -> any Channel {
        try await withCheckedThrowingContinuation { continuation in
            let channel = state.withLock { state -> (any Channel)? in
                if state.channel == nil { state.opener = continuation }
                return state.channel
            }
            if let channel { continuation.resume(returning: channel) }
        }
    }

    func next() async -> String? {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> String?? in
                if !state.texts.isEmpty { return .some(state.texts.removeFirst()) }
                if state.isClosed { return .some(nil) }
                state.taker = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        let opener = state.withLock { state in
            state.channel = channel
            return state.opener
        }
        opener?.resume(returning: channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        var bytes = frame.unmaskedData
        switch frame.opcode {
        case .text: put(String(buffer: bytes))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: bytes)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            let code = bytes.readInteger(as: UInt16.self)
            state.withLock { $0.closeCode = code }
            context.close(promise: nil)
        default: break
        }
    }

    private func put(_ text: String) {
        let taker = state.withLock { state in
            if state.taker == nil { state.texts.append(text) }
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume(returning: text)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let taker = state.withLock { state in
            state.isClosed = true
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume(returning: nil)
    }
}
