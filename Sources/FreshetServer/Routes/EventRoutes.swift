import FreshetCore
import FreshetEngine
import HTTPTypes
import HummingbirdCore
import NIOCore

/// `GET /v1/events`: the event log as server-sent events (WHATWG HTML, section 9.2).
struct EventRoutes: Sendable {
    let service: any MirrorService

    func stream(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["topic", "source", "dataset", "key", "after"])
        var filter = EventFilter()
        filter.topics = try (exchange.parameter("topic") ?? "").split(separator: ",").map(String.init)
        filter.source = try exchange.parameter("source")
        filter.dataset = try exchange.parameter("dataset")
        filter.keys = try exchange.parameter("key").map { [$0] } ?? []
        let text = try exchange.headers[.lastEventID] ?? exchange.parameter("after")
        let after = text.flatMap(EventPlace.init)
        if text != nil, after == nil {
            throw Problem(
                400, "bad-parameter",
                "Last-Event-ID and after take the id of an event, such as 6f0c…:42, as it was sent.")
        }
        // Listen first, read then: what happens in between rings.
        let rings = service.eventBell.rings()
        var feed = try await EventFeed(store: service.store, filter: filter, after: after)
        // A log that cannot be read is a problem, not a stream that breaks.
        let first = try await feed.next()
        let (begun, clock) = (feed, exchange.clock)
        var reply = Reply(
            200,
            [
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
            ])
        reply.stream = { @concurrent (writer: inout any ResponseBodyWriter) async throws in
            var feed = begun
            var (frames, hasMore) = first
            try await writer.write(
                ByteBuffer(
                    string: ": freshet events; resume with Last-Event-ID: \(feed.place.text)\nretry: 2000\n\n" + frames)
            )
            while hasMore { hasMore = try await pass(&feed, to: &writer, comments: false).hasMore }
            var spokeAt = clock.monotonic()
            for await _ in rings {
                // A comment now and then keeps proxies from closing the connection, and finds out who is gone.
                let isSilent = clock.monotonic() - spokeAt >= EventBell.heartbeat / 2
                repeat {
                    let (spoke, more) = try await pass(&feed, to: &writer, comments: isSilent)
                    if spoke { spokeAt = clock.monotonic() }
                    hasMore = more
                } while hasMore
            }
        }
        return reply
    }

    /// Sends what is new, or a comment where nothing is and `comments` says so.
    @concurrent private func pass(
        _ feed: inout EventFeed, to writer: inout any ResponseBodyWriter, comments: Bool
    ) async throws -> (spoke: Bool, hasMore: Bool) {
        var (frames, hasMore) = try await feed.next()
        if frames.isEmpty, comments, !hasMore { frames = ": \(feed.place.text)\n\n" }
        if !frames.isEmpty { try await writer.write(ByteBuffer(string: frames)) }
        return (!frames.isEmpty, hasMore)
    }
}
