import FreshetCore
import NIOCore

/// Events that a client has missed for good, and where it reads how things stand instead.
struct EventGap: Sendable {
    /// The last event that it has, as it was sent.
    var from: String
    /// Where it goes on.
    var to: EventPlace
    var reason: String

    static func anotherLog(from: String, to place: EventPlace) -> EventGap {
        EventGap(from: from, to: place, reason: "this is another log than the one that was read")
    }

    /// What lies before the oldest event that is kept.
    static func forgotten(from place: EventPlace, oldest: Int64) -> EventGap {
        EventGap(
            from: place.text, to: EventPlace(epoch: place.epoch, offset: oldest - 1),
            reason: "what lies between is not kept any more")
    }

    /// As a server-sent event.
    func stream(_ filters: [EventFilter]) -> ByteBuffer {
        ByteBuffer(
            string: "id: \(to.text)\nevent: gap\ndata: \(JSONValue.object(members(filters)).text)\n\n")
    }

    /// As a WebSocket frame.
    func frame(_ filters: [EventFilter]) -> ByteBuffer {
        let members = [("op", .string("gap")), ("id", .string(to.text))] + members(filters)
        return WebSocketFrames.text(JSONValue.object(members).text)
    }

    private func members(_ filters: [EventFilter]) -> [(String, JSONValue)] {
        [
            ("from", .string(from)), ("to", .string(to.text)), ("reason", .string(reason)),
            ("snapshot", .string((filters.count == 1 ? filters[0] : EventFilter()).snapshot)),
        ]
    }
}
