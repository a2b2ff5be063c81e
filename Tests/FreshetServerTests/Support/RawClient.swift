import NIOCore
import NIOPosix

/// Sends bytes over TCP and gives back whatever comes, unread by any HTTP library.
enum RawClient {
    /// Writes the pieces, lets `between` run after each but the last, says that no more will come, and reads to the end.
    static func exchange(
        port: Int, _ pieces: [[UInt8]], halfCloses: Bool = true,
        between: @Sendable () async throws -> Void = {}
    ) async throws -> [UInt8] {
        let collector = Collector()
        let channel = try await connect(port, collector)
        for (index, piece) in pieces.enumerated() {
            // The server may have closed already: what it said then is what counts.
            try? await channel.writeAndFlush(ByteBuffer(bytes: piece))
            if index < pieces.count - 1 { try await between() }
        }
        if halfCloses { try? await channel.close(mode: .output) }
        let guardian = channel.eventLoop.scheduleTask(in: .seconds(60)) {
            collector.isAbandoned = true
            channel.close(promise: nil)
        }
        try await channel.closeFuture.get()
        guardian.cancel()
        return try await channel.eventLoop.submit {
            if collector.isAbandoned { throw StillOpen() }
            return Array(collector.received.readableBytesView)
        }.get()
    }

    /// The server did not close the connection when it should have.
    struct StillOpen: Error {}

    /// A connection that stays open until closed.
    static func connect(port: Int) async throws -> (channel: any Channel, collector: Collector) {
        let collector = Collector()
        return (try await connect(port, collector), collector)
    }

    private static func connect(_ port: Int, _ collector: Collector) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }
}

/// Keeps what comes in.
///
/// Confined to its channel's event loop.
final class Collector: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    var received = ByteBuffer()
    var isAbandoned = false
    private var waiters: [(count: Int, promise: EventLoopPromise<Void>)] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        let ready = waiters.filter { received.readableBytes >= $0.count }
        waiters.removeAll { received.readableBytes >= $0.count }
        for waiter in ready { waiter.promise.succeed(()) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for waiter in waiters { waiter.promise.fail(ChannelError.eof) }
        waiters = []
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Everything received once at least `count` bytes are.
    func bytes(_ count: Int, on loop: any EventLoop) async throws -> [UInt8] {
        try await loop.flatSubmit {
            let promise = loop.makePromise(of: Void.self)
            if self.received.readableBytes >= count {
                promise.succeed(())
            } else {
                self.waiters.append((count, promise))
            }
            return promise.futureResult
        }.get()
        return try await loop.submit { Array(self.received.readableBytesView) }.get()
    }
}

/// One answer, taken apart just enough to look at.
struct RawAnswer {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    init(_ bytes: [UInt8]) throws {
        guard let end = RawAnswer.endOfHead(bytes) else {
            throw Malformed(description: "no complete head in \(String(decoding: bytes, as: UTF8.self))")
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        status = Int(lines[0].split(separator: " ")[1]) ?? 0
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), String(parts[1].dropFirst()))
        }
        body = Array(bytes[(end + 4)...])
    }

    static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
