import FreshetCore
import FreshetEngine
import NIOCore

/// Reads the event log for one subscriber and writes it as server-sent events.
///
/// Nothing is queued for a subscriber: it reads the durable log at its own pace, and one that falls behind what is kept is
/// told so.
struct EventFeed: Sendable {
    /// Events read in one go.
    static let portion = 500

    let store: any Store
    let filter: EventFilter
    private(set) var place: EventPlace
    private var notice: String?

    /// Begins behind a place that this process has reached itself.
    init(store: any Store, filter: EventFilter, at place: EventPlace) {
        (self.store, self.filter, self.place) = (store, filter, place)
    }

    /// Begins behind `after`; where the log is another one, behind the newest event.
    ///
    /// - Throws: ``StoreError`` when the log cannot be read.
    init(store: any Store, filter: EventFilter, after: EventPlace) async throws {
        self.init(store: store, filter: filter, at: after)
        let epoch = try await store.eventEpoch()
        let newest = try await store.newestOffset()
        if after.epoch != epoch || after.offset > newest {
            place = EventPlace(epoch: epoch, offset: newest)
            notice = EventFeed.text(.anotherLog(from: after.text, to: place), filter)
        }
    }

    /// What is new, as frames, and whether there may be more at once.
    ///
    /// - Throws: ``StoreError`` when the log cannot be read.
    mutating func next() async throws -> (frames: String, hasMore: Bool) {
        var frames = notice ?? ""
        notice = nil
        let page = try await store.events(after: place.offset, limit: EventFeed.portion)
        if let oldest = page.oldest, oldest > place.offset + 1 {
            frames += EventFeed.text(.forgotten(from: place, oldest: oldest), filter)
        }
        for event in page.events {
            place.offset = event.offset
            if filter.takes(event) { frames += EventFeed.frame(event, id: place.text) }
        }
        return (frames, page.events.count == EventFeed.portion)
    }

    /// One event as a frame.
    static func frame(_ event: Event, id: String) -> String {
        "id: \(id)\nevent: \(event.type)\ndata: \(JSONValue.object(HubEvent.members(event, id: id)).text)\n\n"
    }

    private static func text(_ gap: EventGap, _ filter: EventFilter) -> String {
        String(buffer: gap.stream([filter]))
    }
}
