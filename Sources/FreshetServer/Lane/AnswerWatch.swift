import NIOCore
import NIOHTTP1

/// Sits behind the decoder: counts what the router has to answer, tells the lane when it has, and states plainly
/// whether the connection goes on, which Hummingbird reads from one exact header.
final class AnswerWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let lane: LaneHandler?
    private let activity: ConnectionActivity
    private var isLast = false

    init(lane: LaneHandler?, activity: ConnectionActivity) {
        self.lane = lane
        self.activity = activity
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(var head):
            activity.beginRequest()
            if !head.isKeepAlive || head.version != .http1_1 {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            } else if head.headers.contains(name: "Connection") {
                head.headers.remove(name: "Connection")
            }
            // HTTP/1.0 knows no Host; the router must not take its absence for a mistake.
            if head.version != .http1_1, !head.headers.contains(name: "Host") {
                head.headers.add(name: "Host", value: "")
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            activity.noteRequestEnd()
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "close" }) {
                isLast = true
            }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            // The decoder's own complaint is answered without a request.
            if activity.open > 0 { activity.endRequest() }
            lane?.answered(isLast: isLast)
        }
    }
}
