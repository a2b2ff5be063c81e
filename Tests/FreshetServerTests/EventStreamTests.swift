import FreshetCore
import FreshetEngine
import FreshetTesting
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import FreshetServer

/// `GET /v1/events` on a real connection.
@Suite(.timeLimit(.minutes(2))) struct EventStreamTests {
    private func write(_ world: World, _ types: [String], bytes: Int = 2) async throws {
        let payload = Array("{\"x\":\"\(String(repeating: "y", count: max(0, bytes - 8)))\"}".utf8)
        _ = try await world.mirror.store.append(
            types.map { NewEvent(type: $0, source: nil, payload: payload) }, now: world.clock.now())
        world.mirror.eventBell.ring()
    }

    @Test func `events come in order, once each, however the client reads`() async throws {
        try await World.run { world in
            let client = try await StreamClient.open(world.port, "/v1/events?topic=e.*", window: 8_192)
            _ = await client.text(until: "retry: 2000\n\n")
            // Little and much: what the kernel takes, what waits in the connection, what waits in the queue.
            for round in 1...24 {
                try await client.stopReading()
                let types = (0..<round * 2).map { "e.\(round).\($0)" }
                for (place, type) in types.enumerated() {
                    // It reads on while events still come.
                    if place == types.count * 3 / 4 { try await client.startReading() }
                    try await write(world, [type], bytes: 20_000)
                }
                let last = try #require(types.last)
                let seen = await client.text(until: "event: \(last)\n").split(separator: "\n")
                    .filter { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) }
                #expect(seen == types, "in round \(round)")
                _ = await client.text(until: "\n\n")
            }
            await client.close()
        }
    }

    @Test func `a stream whose client has closed its side ends at once`() async throws {
        try await World.run { world in
            let client = try await StreamClient.open(world.port, "/v1/events")
            _ = await client.text(until: "retry: 2000\n\n")
            try await write(world, ["e.1"])
            #expect(await client.text(until: "\n\n").contains("event: e.1\n"))
            try await client.closeOutput()
            // No event and no heartbeat is needed for it.
            #expect(await client.text(until: "never") == "")
        }
    }

    @Test func `a client that never reads is told so and dropped, others do not notice`() async throws {
        try await World.run { world in
            let slow = try await StreamClient.open(world.port, "/v1/events")
            let quick = try await StreamClient.open(world.port, "/v1/events")
            for client in [slow, quick] { _ = await client.text(until: "retry: 2000\n\n") }
            try await slow.stopReading()
            for round in 0..<200 {
                try await write(world, ["e.\(round)"], bytes: 100_000)
                #expect(await quick.text(until: "event: e.\(round)\n").contains("id: "))
            }
            try await slow.startReading()
            #expect(await slow.text(until: "event: slow\n").contains("event: slow"))
            await quick.close()
        }
    }
}

/// Reads a stream of text over HTTP.
private final class StreamClient {
    private let channel: any Channel
    private var parts: AsyncStream<String>.Iterator
    private var rest = ""

    private init(_ channel: any Channel, _ parts: AsyncStream<String>) {
        (self.channel, self.parts) = (channel, parts.makeAsyncIterator())
    }

    static func open(_ port: Int, _ path: String, window: Int = 1 << 20) async throws -> StreamClient {
        let (stream, parts) = AsyncStream.makeStream(of: String.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: window)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(BodyHandler(parts))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path, headers: ["Host": "127.0.0.1:\(port)"])
        try await channel.eventLoop.submit {
            channel.pipeline.syncOperations.write(NIOAny(HTTPClientRequestPart.head(head)), promise: nil)
            channel.pipeline.syncOperations.writeAndFlush(NIOAny(HTTPClientRequestPart.end(nil)), promise: nil)
        }.get()
        return StreamClient(channel, stream)
    }

    /// What comes up to a text, that included; less when the stream ends.
    func text(until marker: String) async -> String {
        while true {
            if let range = rest.firstRange(of: marker) {
                defer { rest = String(rest[range.upperBound...]) }
                return String(rest[..<range.upperBound])
            }
            guard let part = await parts.next(isolation: #isolation) else { return rest }
            rest += part
        }
    }

    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
        channel.read()
    }

    func closeOutput() async throws { try await channel.close(mode: .output) }

    func close() async { try? await channel.close() }
}

private final class BodyHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    private let parts: AsyncStream<String>.Continuation

    init(_ parts: AsyncStream<String>.Continuation) { self.parts = parts }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .body(let bytes) = unwrapInboundIn(data) { parts.yield(String(buffer: bytes)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { parts.finish() }
}
