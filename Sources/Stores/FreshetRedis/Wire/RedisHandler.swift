import NIOCore

/// Cuts what comes from Redis into values.
final class RedisHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let core: RedisCore
    private var buffer = ByteBuffer()
    private var parser = RESPParser()

    init(core: RedisCore) { self.core = core }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
        do throws(RESPError) {
            while let value = try parser.next(in: &buffer) { core.received(value, from: context.channel) }
        } catch {
            core.broken(context.channel, "it sent \(error.what), which is not Redis's protocol")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        core.closed(context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        core.broken(context.channel, "\(error)")
    }
}
