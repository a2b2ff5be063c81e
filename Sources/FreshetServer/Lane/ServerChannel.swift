import FreshetCore
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// How each accepted connection is set up: fast lane, idle watch, NIO's HTTP/1 decoder, WebSocket upgrade,
/// Hummingbird.
struct ServerChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: Responder
    let loops: LaneLoops
    let usesLane: Bool
    let idleTimeout: TimeAmount
    let sockets: any WebSocketDirectory

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let activity = ConnectionActivity()
            var lane: LaneHandler?
            if usesLane, let loop = loops.loop(for: channel.eventLoop) {
                let handler = LaneHandler(loop: loop, activity: activity)
                try pipeline.addHandler(handler)
                // The lane reads for itself: a read request need not pass every handler for each hit.
                try channel.syncOptions?.setOption(.autoRead, value: false)
                lane = handler
            }
            try pipeline.addHandler(IdleHandler(timeout: idleTimeout, activity: activity))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
            try pipeline.addHandler(WebSocketUpgrade(directory: sockets, activity: activity))
            try pipeline.addHandler(AnswerWatch(lane: lane, activity: activity))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}

/// The shared part of the lanes, one per event loop.
struct LaneLoops: Sendable {
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<LaneLoop>]
    /// The counters of every loop.
    let counters: [LaneCounters]

    /// One for each event loop of the group, made by `make`.
    init(group: any EventLoopGroup, make: (LaneCounters) -> sending LaneLoop) {
        let parts = group.makeIterator().map { (eventLoop: $0, counters: LaneCounters()) }
        counters = parts.map(\.counters)
        loops = Dictionary(
            uniqueKeysWithValues: parts.map { part in
                let loop = make(part.counters)
                return (
                    ObjectIdentifier(part.eventLoop), .makeBoxSendingValue(loop, eventLoop: part.eventLoop)
                )
            })
    }

    /// The shared part on an event loop; to be called there.
    func loop(for eventLoop: any EventLoop) -> LaneLoop? { loops[ObjectIdentifier(eventLoop)]?.value }
}
