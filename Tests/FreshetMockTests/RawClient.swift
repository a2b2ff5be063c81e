import NIOCore
import NIOPosix
import Testing

@testable import FreshetMock

/// One answer as it came off the wire.
struct RawAnswer: Sendable {
    var status = 0
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Whether the body had the length or the last chunk that the head promised.
    var isComplete = false

    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
    var text: String { String(decoding: body, as: UTF8.self) }
    func json() throws -> MockJSON { try MockJSON(parsing: body) }
}

/// A client that sees bytes: it can pipeline, stop reading, and tell a reset from an end.
final class RawConnection {
    private enum Event: Sendable {
        case bytes([UInt8])
        case failed
        case ended
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let events: AsyncStream<Event>.Continuation

        init(_ events: AsyncStream<Event>.Continuation) { self.events = events }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            events.yield(.bytes(Array(unwrapInboundIn(data).readableBytesView)))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            events.yield(.failed)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            events.yield(.ended)
            events.finish()
        }
    }

    let channel: any Channel
    private var iterator: AsyncStream<Event>.Iterator
    private(set) var bytes: [UInt8] = []
    private(set) var isClosed = false
    private(set) var wasReset = false

    init(_ bound: BoundMock, autoRead: Bool = true) async throws {
        let (stream, events) = AsyncStream.makeStream(of: Event.self)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(events))
                }
            }
            .connect(host: bound.host, port: bound.port).get()
        iterator = stream.makeAsyncIterator()
    }

    deinit { channel.close(promise: nil) }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Waits for more bytes or the end.
    func more() async {
        guard !isClosed else { return }
        switch await iterator.next(isolation: #isolation) {
        case .bytes(let part): bytes += part
        case .failed: wasReset = true
        case .ended, nil: isClosed = true
        }
    }

    func waitForEnd() async { while !isClosed { await more() } }

    /// Takes the next answer off the connection, as much of it as ever comes.
    func answer(isHead: Bool = false) async throws -> RawAnswer {
        var split = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        while split == nil, !isClosed {
            await more()
            split = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        }
        guard let split else { return RawAnswer() }
        var answer = RawAnswer()
        let lines = String(decoding: bytes[..<split.lowerBound], as: UTF8.self).split(separator: "\r\n")
        answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        answer.headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        bytes.removeSubrange(..<split.upperBound)
        if isHead || answer.status == 204 || answer.status == 304 || answer.status == 100 {
            answer.isComplete = true
        } else if answer.header("transfer-encoding") == "chunked" {
            try await chunks(into: &answer)
        } else {
            let length = try #require(answer.header("content-length").flatMap { Int($0) })
            while bytes.count < length, !isClosed { await more() }
            answer.isComplete = bytes.count >= length
            answer.body = Array(bytes.prefix(length))
            bytes.removeFirst(min(length, bytes.count))
        }
        return answer
    }

    private func chunks(into answer: inout RawAnswer) async throws {
        while true {
            var line = bytes.firstRange(of: Array("\r\n".utf8))
            while line == nil, !isClosed {
                await more()
                line = bytes.firstRange(of: Array("\r\n".utf8))
            }
            guard let line else { return }
            let size = try #require(Int(String(decoding: bytes[..<line.lowerBound], as: UTF8.self), radix: 16))
            let end = line.upperBound + size + 2
            while bytes.count < end, !isClosed { await more() }
            answer.body += bytes[line.upperBound..<min(bytes.count, line.upperBound + size)]
            guard bytes.count >= end else { return }
            bytes.removeSubrange(..<end)
            if size == 0 {
                answer.isComplete = true
                return
            }
        }
    }
}

extension BoundMock {
    /// One request on a connection of its own.
    func call(
        _ target: String, method: String = "GET", headers: [String: String] = [:], body: String = ""
    ) async throws -> RawAnswer {
        let connection = try await RawConnection(self)
        try await connection.send(request(target, method: method, headers: headers, body: body))
        return try await connection.answer(isHead: method == "HEAD")
    }

    func request(
        _ target: String, method: String = "GET", headers: [String: String] = [:], body: String = ""
    ) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\nhost: \(host):\(port)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "content-length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + body
    }
}

/// Runs a mock around a test.
func withMock(
    _ handler: any MockHandler = FixedHandler(.json(["name": "one", "level": 7, "points": [1, 2, 3]])),
    _ options: MockOptions = MockOptions(), faults: [String] = [],
    _ body: (MockUpstream, BoundMock) async throws -> Void
) async throws {
    var options = options
    options.faults += try FaultSpec.parse(faults)
    let mock = MockUpstream(handler: handler, options: options)
    let bound = try await mock.startAside()
    do {
        try await body(mock, bound)
    } catch {
        await mock.shutdown()
        throw error
    }
    await mock.shutdown()
}

extension MockUpstream {
    /// Starts on a port below those that the kernel gives out, so that nobody takes it while this server is down.
    func startAside() async throws -> BoundMock {
        for _ in 0..<50 {
            if let bound = try? await start(port: Int.random(in: 10_000..<19_000)) { return bound }
        }
        return try await start()
    }
}
