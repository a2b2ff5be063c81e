import FreshetCore
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import FreshetServer

@Suite(.timeLimit(.minutes(1))) struct EventQueueTests {
    private let channel = NIOAsyncTestingChannel()
    private let queue: EventQueue

    init() async throws {
        queue = EventQueue(filter: EventFilter(), channel: channel)
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80))
    }

    private func receive(_ text: String) async throws {
        let queue = queue
        try await channel.testingEventLoop.executeInContext { queue.receive(ByteBuffer(string: text)) }
    }

    private func sent() async throws -> String? {
        guard case .body(let bytes) = try await channel.readOutbound(as: HTTPResponsePart.self) else { return nil }
        return String(buffer: bytes)
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
            #expect(try await sent() == "c")
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

    @Test func `a connection that is gone ends the wait`() async throws {
        let taken = try await whileAwaited {
            try await channel.close()
            try await receive("a")
        }
        #expect(taken == nil)
        #expect(!queue.isSlow)
    }
}
