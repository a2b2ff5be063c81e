import NIOCore
import NIOEmbedded
import Testing

@testable import FreshetServer

struct WebSocketConnectionTests {
    @Test func `a write that finds the connection broken ends the session once`() throws {
        let session = Recorder()
        let connection = WebSocketConnection(
            id: "c_1", role: nil, session: session, activity: ConnectionActivity())
        let channel = EmbeddedChannel(handlers: [BreakingHandler(), connection])
        connection.send(ByteBuffer(string: "a"))
        #expect(session.ends == 1)
        connection.send(ByteBuffer(string: "b"))
        connection.close(1001)
        #expect(session.ends == 1)
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(session.ends == 1)
    }
}

/// Tells of the end within the write, as a socket does whose peer has gone.
private final class BreakingHandler: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }
}

private final class Recorder: WebSocketSession {
    var ends = 0

    func opened(_ connection: WebSocketConnection) {}
    func received(_ text: String, _ connection: WebSocketConnection) {}
    func closed() { ends += 1 }
}
