import NIOCore
import NIOEmbedded
import Testing

@testable import FreshetServer

@Suite struct IdleTests {
    private func connection() throws -> (EmbeddedChannel, ConnectionActivity) {
        let activity = ConnectionActivity()
        let channel = EmbeddedChannel(handler: IdleHandler(timeout: .seconds(60), activity: activity))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, activity)
    }

    @Test func `silence ends a connection, bytes without a request do not help`() throws {
        let (channel, _) = try connection()
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        try channel.writeInbound(ByteBuffer(string: "G"))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func `answers keep it open, and their end closes it in time`() throws {
        let (channel, activity) = try connection()
        for _ in 0..<5 {
            activity.noteAnswer()
            channel.embeddedEventLoop.advanceTime(by: .seconds(60))
            #expect(channel.isActive)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(!channel.isActive)
    }

    @Test func `a request that is being worked on keeps it open, one that does not end does not`() throws {
        let (channel, activity) = try connection()
        activity.beginRequest()
        activity.noteRequestEnd()
        channel.embeddedEventLoop.advanceTime(by: .seconds(600))
        #expect(channel.isActive)
        activity.endRequest()
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        activity.beginRequest()
        channel.embeddedEventLoop.advanceTime(by: .seconds(120))
        #expect(!channel.isActive)
    }
}
