import FreshetCore
import FreshetEngine
import HTTPTypes
import HummingbirdCore
import NIOCore

/// `GET /v1/events`: the event log as server-sent events (WHATWG HTML, section 9.2).
struct EventRoutes: Sendable {
    let service: any MirrorService
    let hub: EventHub

    func stream(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["topic", "source", "dataset", "key", "profile", "after"])
        var filter = EventFilter()
        filter.topics = try (exchange.parameter("topic") ?? "").split(separator: ",").map(String.init)
        filter.source = try exchange.parameter("source")
        filter.dataset = try exchange.parameter("dataset")
        filter.keys = try exchange.parameter("key").map { [$0] } ?? []
        filter.profile = try exchange.parameter("profile")
        let text = try exchange.headers[.lastEventID] ?? exchange.parameter("after")
        let after = text.flatMap(EventPlace.init)
        if text != nil, after == nil {
            throw Problem(
                400, "bad-parameter",
                "Last-Event-ID and after take the id of an event, such as 6f0c…:42, as it was sent.")
        }
        let own = exchange.channel.flatMap { channel in hub.loop(for: channel.eventLoop).map { ($0, channel) } }
        let loop = own?.0 ?? hub.anyLoop()
        var first: (frames: String, hasMore: Bool) = ("", false)
        var feed: EventFeed
        if let after {
            feed = try await EventFeed(store: service.store, filter: filter, after: after)
            // A log that cannot be read is a problem, not a stream that breaks.
            first = try await feed.next()
        } else {
            // Where events are given out just now: nothing has to be read.
            let place = try await loop.eventLoop.submit { loop.place }.get()
            feed = EventFeed(store: service.store, filter: filter, at: place)
        }
        let (begun, news) = (feed, first)
        var reply = Reply(
            200,
            [
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
            ])
        reply.stream = { @concurrent (writer: inout any ResponseBodyWriter) async throws in
            var feed = begun
            var (frames, hasMore) = news
            try await writer.write(
                ByteBuffer(
                    string: ": freshet events; resume with Last-Event-ID: \(feed.place.text)\nretry: 2000\n\n" + frames)
            )
            while hasMore {
                (frames, hasMore) = try await feed.next()
                if !frames.isEmpty { try await writer.write(ByteBuffer(string: frames)) }
            }
            let filter = feed.filter
            let queue = try await loop.eventLoop.submit {
                let queue = EventQueue(filter: filter, channel: own?.1)
                loop.enter(queue)
                return queue
            }.get()
            defer { loop.eventLoop.execute { loop.exit(queue) } }
            while true {
                let place = feed.place.offset
                if try await loop.eventLoop.submit({ loop.join(queue, behind: place) }).get() { break }
                // Meanwhile events were given out that this stream has not read.
                frames = try await feed.next().frames
                if !frames.isEmpty { try await writer.write(ByteBuffer(string: frames)) }
            }
            while let waiting = await queue.next() {
                for bytes in waiting { try await writer.write(bytes) }
                try await loop.eventLoop.submit {}.get()
            }
            if queue.isSlow { try await writer.write(EventRoutes.slow) }
        }
        return reply
    }

    private static let slow = ByteBuffer(
        string:
            "event: slow\ndata: {\"reason\":\"more than \(EventQueue.limit) bytes waited; resume with Last-Event-ID\"}\n\n"
    )
}
