import FreshetCore
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import FreshetServer

@Suite(.timeLimit(.minutes(1))) struct EventQueueTests {
    private let channel = NIOAsyncTestingChannel()
    private let queue: EventQueue

    init() async throws {
        let channel = channel
        queue = try await channel.testingEventLoop.submit {
            // The encoder stands behind it; what goes past it must come out as it is.
            try channel.pipeline.syncOperations.addHandlers([
                IdleHandler(timeout: .hours(1), activity: ConnectionActivity()), HTTPResponseEncoder(),
            ])
            return EventQueue(filter: EventFilter(), channel: channel)
        }.get()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80))
    }

    private func receive(_ text: String) async throws {
        let (queue, chunk) = (queue, HTTPChunk.framed(ByteBuffer(string: text)))
        try await channel.testingEventLoop.executeInContext { queue.receive(chunk) }
    }

    private func sent() async throws -> String? {
        try await channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
    }

    /// Lets the queue's task wait, and then `body` run.
    private func whileAwaited(_ body: () async throws -> Void) async throws -> [String]? {
        async let taken = queue.next()
        while !queue.isAwaited { await Task.yield() }
        try await body()
        return await taken.map { $0.map { String(buffer: $0) } }
    }

    @Test func `bytes pass the sleeping task while the connection takes them, and only then`() async throws {
        try await receive("a")
        #expect(try await sent() == nil, "nobody waits yet: what was written before may still be on its way")
        #expect(await queue.next().map { $0.map { String(buffer: $0) } } == ["a"])
        try await receive("b")
        #expect(try await sent() == nil)
        #expect(await queue.next()?.count == 1)
        let taken = try await whileAwaited {
            try await receive("c")
            #expect(try await sent() == "1\r\nc\r\n")
            channel.isWritable = false
            try await receive("d")
        }
        #expect(taken == ["d"])
        channel.isWritable = true
        try await receive("e")
        #expect(try await sent() == nil, "d is with the task")
        queue.close()
        #expect(await queue.next().map { $0.map { String(buffer: $0) } } == ["e"])
        #expect(await queue.next() == nil)
    }

    @Test(arguments: [1, 15, 16, 255, 256, 70_000])
    func `a chunk says its length and gives its content back`(length: Int) {
        let content = ByteBuffer(string: String(repeating: "\n", count: length))
        let chunk = HTTPChunk.framed(content)
        #expect(String(buffer: chunk).hasPrefix("\(String(length, radix: 16))\r\n\n"))
        #expect(chunk.readableBytesView.suffix(3).elementsEqual("\n\r\n".utf8))
        #expect(HTTPChunk.content(chunk) == content)
    }

    @Test func `a connection that is gone ends the wait`() async throws {
        let taken = try await whileAwaited {
            try await channel.close()
            try await receive("a")
        }
        #expect(taken == nil)
        #expect(!queue.isSlow)
    }
}
