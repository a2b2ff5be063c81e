import FreshetCore
import NIOCore

/// An event, framed once for everybody who gets it.
struct HubEvent: Sendable {
    let event: Event
    /// `epoch:offset`.
    let id: String
    /// The connection that caused it and wants no echo.
    let sender: String?
    /// As a server-sent event.
    let stream: ByteBuffer
    /// As a WebSocket frame.
    let frame: ByteBuffer

    init(_ event: Event, epoch: String) {
        self.event = event
        id = EventPlace(epoch: epoch, offset: event.offset).text
        let members = HubEvent.members(event, id: id)
        let data = JSONValue.object(members).text
        stream = ByteBuffer(string: "id: \(id)\nevent: \(event.type)\ndata: \(data)\n\n")
        frame = WebSocketFrames.text(JSONValue.object([("op", .string("event"))] + members).text)
        sender = HubEvent.sender(event.payload)
    }

    static func members(_ event: Event, id: String) -> [(String, JSONValue)] {
        [
            ("id", .string(id)), ("at", .time(event.at)), ("type", .string(event.type)),
            ("source", .optional(event.source)), ("dataset", .optional(event.document?.dataset.name)),
            ("key", .optional(event.document?.key)), ("profile", .optional(event.profile)),
            ("payload", .raw(String(decoding: event.payload, as: UTF8.self))),
        ]
    }

    /// The value of the payload's first member, if that is `sender`: only then was it put there by ``mark(_:sender:)``.
    private static func sender(_ payload: [UInt8]) -> String? {
        let opening = Array("{\"sender\":\"c_".utf8)
        guard payload.starts(with: opening) else { return nil }
        let rest = payload[(opening.count - 2)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// A payload that is not sent back to the connection that caused it.
    static func mark(_ payload: String, sender: String) -> [UInt8] {
        let rest = payload.dropFirst().drop { $0.isWhitespace }
        return Array("{\"sender\":\"\(sender)\"\(rest.first == "}" ? "" : ",")\(rest)".utf8)
    }
}
