import FreshetDocument
import NIOCore
import NIOPosix
import Synchronization

/// A player's WebSocket on bare TCP: an upgrade, then texts; pings are answered.
final class GameClient: Sendable {
    private let channel: any Channel
    private let inbox: GameInbox

    private init(_ channel: any Channel, _ inbox: GameInbox) { (self.channel, self.inbox) = (channel, inbox) }

    /// Connects and upgrades, from an address of this machine: a server counts new guests by it.
    static func open(_ url: String, from address: String = "127.0.0.1") async throws -> GameClient {
        let authority = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" }
        let port = Int(authority.drop { $0 != ":" }.dropFirst()) ?? 0
        let inbox = GameInbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(inbox) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let head =
            "GET /apps/oec/ws HTTP/1.1\r\nHost: \(authority)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: head))
        // Nothing may be sent before the upgrade is done.
        guard let greeting = await inbox.next(), greeting.contains(#""type":"connected""#) else {
            throw WireError.closed
        }
        return GameClient(channel, inbox)
    }

    /// Sends a message: its type, and further members as JSON.
    func send(_ type: String, _ members: String = "") async throws {
        let text = #"{"type":"\#(type)"\#(members.isEmpty ? "" : "," + members)}"#
        try await channel.writeAndFlush(GameInbox.frame(1, ByteBuffer(string: text)))
    }

    /// The next message; `nil` once the connection is closed.
    func next() async -> JSONValue? {
        guard let text = await inbox.next() else { return nil }
        return try? JSONTape(Array(text.utf8)).root
    }

    /// The next message of a type; what comes before it is passed over.
    func next(_ type: String) async throws -> JSONValue {
        while let message = await next() { if message.text("type") == type { return message } }
        throw WireError.closed
    }

    /// The code that the server closed with, once it has.
    func closeCode() async -> UInt16? {
        while await inbox.next() != nil {}
        return inbox.closeCode
    }

    func close() async { try? await channel.close() }
}

/// Takes frames apart; one waits at a time.
final class GameInbox: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct State {
        var buffer = ByteBuffer()
        var isUpgraded = false
        var isRefused = false
        var texts: [String] = []
        var taker: CheckedContinuation<String?, Never>?
        var isClosed = false
        var closeCode: UInt16?
    }

    private let state = Mutex(State())

    var closeCode: UInt16? { state.withLock { $0.closeCode } }

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

    /// A masked frame; the mask is all zeros.
    static func frame(_ kind: UInt8, _ payload: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x80 | kind)
        if payload.readableBytes < 126 {
            frame.writeInteger(0x80 | UInt8(payload.readableBytes))
        } else {
            frame.writeInteger(UInt8(0xFE))
            frame.writeInteger(UInt16(payload.readableBytes))
        }
        frame.writeInteger(UInt32(0))
        frame.writeImmutableBuffer(payload)
        return frame
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let (pongs, taken) = state.withLock { state -> ([ByteBuffer], (CheckedContinuation<String?, Never>, String)?) in
            state.buffer.writeBuffer(&bytes)
            var pongs: [ByteBuffer] = []
            if !state.isUpgraded {
                let view = state.buffer.readableBytesView
                guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return ([], nil) }
                state.isUpgraded = view.starts(with: Array("HTTP/1.1 101".utf8))
                state.isRefused = !state.isUpgraded
                state.buffer.moveReaderIndex(to: end.upperBound)
            }
            while state.isUpgraded, let (kind, frame) = Self.take(&state.buffer) {
                var payload = frame
                switch kind {
                case 1: state.texts.append(String(buffer: payload))
                case 8: state.closeCode = payload.readInteger(as: UInt16.self)
                case 9: pongs.append(payload)
                default: break
                }
            }
            guard let taker = state.taker, !state.texts.isEmpty else { return (pongs, nil) }
            state.taker = nil
            return (pongs, (taker, state.texts.removeFirst()))
        }
        for pong in pongs { context.writeAndFlush(wrapOutboundOut(Self.frame(10, pong)), promise: nil) }
        if let taken { taken.0.resume(returning: taken.1) }
        if state.withLock({ $0.closeCode != nil || $0.isRefused }) { context.close(promise: nil) }
    }

    private static func take(_ buffer: inout ByteBuffer) -> (UInt8, ByteBuffer)? {
        var copy = buffer
        guard let first = copy.readInteger(as: UInt8.self), let second = copy.readInteger(as: UInt8.self) else {
            return nil
        }
        var length = Int(second & 127)
        if length == 126 {
            guard let long = copy.readInteger(as: UInt16.self) else { return nil }
            length = Int(long)
        } else if length == 127 {
            guard let long = copy.readInteger(as: UInt64.self) else { return nil }
            length = Int(long)
        }
        guard let payload = copy.readSlice(length: length) else { return nil }
        buffer = copy
        return (first & 15, payload)
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
