import Crypto
import FreshetCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// A request that asks for a WebSocket, read in full and found in order.
struct WebSocketRequest: Sendable {
    var path: String
    var query: String
    var headers: HTTPHeaders
    var client: ClientAddress
    var role: TokenRecord.Role?
}

/// Finds what a WebSocket is for; `nil` lets the router answer, which says why.
protocol WebSocketDirectory: Sendable {
    func session(for request: WebSocketRequest, on eventLoop: any EventLoop) -> (any WebSocketSession)?
    /// What a token allows; `nil` without a valid one.
    func role(authorization: String?) -> TokenRecord.Role?
}

/// Behind the decoder: turns a connection into a WebSocket when a request asks for one and may have it.
///
/// Everything else, an upgrade that is refused included, goes on to the router as it is, so a client always gets an answer.
final class WebSocketUpgrade: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The subprotocol of a client that sends its token as another one, `bearer.fr_…`: browsers can set no header.
    static let subprotocol = "freshet"

    private let directory: any WebSocketDirectory
    private let activity: ConnectionActivity
    private var accepted: (session: any WebSocketSession, role: TokenRecord.Role?, head: HTTPRequestHead)?

    init(directory: any WebSocketDirectory, activity: ConnectionActivity) {
        (self.directory, self.activity) = (directory, activity)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // A request that the router still works on must be answered first.
            guard activity.open == 0, let found = judge(head, context) else { return context.fireChannelRead(data) }
            accepted = (found.0, found.1, head)
        case .body: if accepted == nil { context.fireChannelRead(data) }
        case .end:
            guard let accepted else { return context.fireChannelRead(data) }
            self.accepted = nil
            upgrade(context, accepted.head, accepted.session, accepted.role)
        }
    }

    private func judge(
        _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) -> (any WebSocketSession, TokenRecord.Role?)? {
        guard WebSocketUpgrade.isWellFormed(head) else { return nil }
        let target = head.uri
        let path = target.prefix { $0 != "?" }
        let query = target.dropFirst(path.count + 1)
        let token = WebSocketUpgrade.token(head.headers, query: query)
        let role = directory.role(authorization: token ?? head.headers.first(name: "authorization"))
        let request = WebSocketRequest(
            path: String(path), query: String(query), headers: head.headers,
            client: ClientAddress(context.channel.remoteAddress), role: role)
        // A page of another site may only come with a token that it was given.
        guard role != nil || WebSocketUpgrade.isSameSite(head.headers) else { return nil }
        return directory.session(for: request, on: context.eventLoop).map { ($0, role) }
    }

    static func isWellFormed(_ head: HTTPRequestHead) -> Bool {
        func has(_ name: String, _ token: String) -> Bool {
            head.headers[canonicalForm: name].contains { $0.lowercased() == token }
        }
        let keys = head.headers["sec-websocket-key"]
        return head.method == .GET && head.version == .http1_1 && has("upgrade", "websocket")
            && has("connection", "upgrade") && head.headers["sec-websocket-version"] == ["13"] && keys.count == 1
            && keys[0].utf8.count == 24 && head.headers["host"].count == 1
            && !head.headers.contains(name: "content-length") && !head.headers.contains(name: "transfer-encoding")
    }

    /// Whether a request comes from no page, or from one of this server.
    static func isSameSite(_ headers: HTTPHeaders) -> Bool {
        guard let origin = headers.first(name: "origin") else { return true }
        let host = headers.first(name: "host") ?? ""
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    /// A token from the query or a subprotocol, as an `Authorization` value.
    static func token(_ headers: HTTPHeaders, query: Substring) -> String? {
        for name in headers[canonicalForm: "sec-websocket-protocol"] where name.hasPrefix("bearer.") {
            return "Bearer \(name.dropFirst(7))"
        }
        for field in query.split(separator: "&") where field.hasPrefix("access_token=") {
            return "Bearer \(field.dropFirst("access_token=".count))"
        }
        return nil
    }

    private func upgrade(
        _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ session: any WebSocketSession,
        _ role: TokenRecord.Role?
    ) {
        let key = (head.headers.first(name: "sec-websocket-key") ?? "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let digest = Insecure.SHA1.hash(data: Array(key.utf8))
        var headers: HTTPHeaders = ["Upgrade": "websocket", "Connection": "Upgrade"]
        headers.add(name: "Sec-WebSocket-Accept", value: Base64Text.encode(Array(digest)))
        if head.headers[canonicalForm: "sec-websocket-protocol"].contains(where: { $0 == WebSocketUpgrade.subprotocol })
        {
            headers.add(name: "Sec-WebSocket-Protocol", value: WebSocketUpgrade.subprotocol)
        }
        let answer = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        do {
            try rebuild(context, session, role)
        } catch {
            // Only a pipeline of another shape than ServerChannel builds gets here.
            context.close(promise: nil)
        }
    }

    private func rebuild(
        _ context: ChannelHandlerContext, _ session: any WebSocketSession, _ role: TokenRecord.Role?
    ) throws {
        let pipeline = context.pipeline.syncOperations
        try context.channel.syncOptions?.setOption(
            .writeBufferWaterMark,
            value: .init(low: WebSocketConnection.outputLimit / 2, high: WebSocketConnection.outputLimit))
        let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        // First, since a connection speaks as soon as it is there.
        pipeline.removeHandler(encoder, promise: nil)
        let frames = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: WebSocketConnection.messageLimit))
        try pipeline.addHandler(frames, position: .after(self))
        let connection = WebSocketConnection(
            id: WebSocketUpgrade.makeID(), role: role, session: session, activity: activity)
        try pipeline.addHandler(connection, position: .after(frames))
        // What lies behind stays, idle, until the channel closes: Hummingbird waits there for a first request.
        pipeline.removeHandler(decoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
    }

    private static func makeID() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        return "c_" + String((0..<32).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
}

/// Base64 (RFC 4648, section 4).
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let piece = bytes[at..<min(at + 3, bytes.count)]
            var bits = piece.reduce(0) { $0 << 8 | UInt32($1) } << UInt32((3 - piece.count) * 8)
            for _ in 0..<4 {
                text.append(alphabet[Int(bits >> 18 & 63)])
                bits <<= 6
            }
            at += 3
        }
        let padding = (3 - bytes.count % 3) % 3
        text.replaceSubrange((text.count - padding)..., with: Array(repeating: UInt8(ascii: "="), count: padding))
        return String(decoding: text, as: UTF8.self)
    }
}
