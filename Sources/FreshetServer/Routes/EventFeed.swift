import FreshetCore
import FreshetEngine

/// Which events a subscriber wants; everything that is given must fit.
struct EventFilter: Sendable {
    /// Patterns of types in which `*` stands for any characters; empty takes all.
    var topics: [String] = []
    var source: String?
    var dataset: String?
    var key: String?

    func takes(_ event: Event) -> Bool {
        if !topics.isEmpty, !topics.contains(where: { EventFilter.matches(event.type, $0) }) { return false }
        if let source, event.source != source { return false }
        if let dataset, event.document?.dataset.name != dataset { return false }
        if let key, event.document?.key != key { return false }
        return true
    }

    /// Whether a text fits a pattern with `*`.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return text == pattern }
        guard text.hasPrefix(first), text.hasSuffix(last), text.count >= first.count + last.count else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}

/// A place in the event log: `epoch:offset`, as clients send it back.
struct EventPlace: Sendable, Equatable {
    var epoch: String
    var offset: Int64

    init(epoch: String, offset: Int64) { (self.epoch, self.offset) = (epoch, offset) }

    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let offset = Int64(parts[1]), offset >= 0 else { return nil }
        self.init(epoch: String(parts[0]), offset: offset)
    }

    var text: String { "\(epoch):\(offset)" }
}

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

    /// Begins behind `after`; without it, or where the log is another one, behind the newest event.
    ///
    /// - Throws: ``StoreError`` when the log cannot be read.
    init(store: any Store, filter: EventFilter, after: EventPlace?) async throws {
        self.store = store
        self.filter = filter
        let epoch = try await store.eventEpoch()
        let newest = try await EventFeed.newest(in: store)
        guard let after else {
            place = EventPlace(epoch: epoch, offset: newest)
            return
        }
        place = after
        if after.epoch != epoch || after.offset > newest {
            place = EventPlace(epoch: epoch, offset: newest)
            notice = EventFeed.gap(from: after.text, to: place.text, "this is another log than the one that was read")
        }
    }

    /// The offset of the newest event, 0 before the first.
    private static func newest(in store: any Store) async throws -> Int64 {
        // Offsets have no gaps: there is something behind every offset below the newest, and nothing from there on.
        var (below, beyond): (Int64, Int64) = (-1, 1)
        while try await !store.events(after: beyond, limit: 1).events.isEmpty { (below, beyond) = (beyond, beyond * 2) }
        while beyond - below > 1 {
            let middle = below + (beyond - below) / 2
            if try await store.events(after: middle, limit: 1).events.isEmpty {
                beyond = middle
            } else {
                below = middle
            }
        }
        return beyond
    }

    /// What is new, as frames, and whether there may be more at once.
    ///
    /// - Throws: ``StoreError`` when the log cannot be read.
    mutating func next() async throws -> (frames: String, hasMore: Bool) {
        var frames = notice ?? ""
        notice = nil
        let page = try await store.events(after: place.offset, limit: EventFeed.portion)
        if let oldest = page.oldest, oldest > place.offset + 1 {
            frames += EventFeed.gap(
                from: place.text, to: "\(place.epoch):\(oldest - 1)", "what lies between is not kept any more")
        }
        for event in page.events {
            place.offset = event.offset
            if filter.takes(event) { frames += EventFeed.frame(event, id: place.text) }
        }
        return (frames, page.events.count == EventFeed.portion)
    }

    /// One event as a frame.
    static func frame(_ event: Event, id: String) -> String {
        let data = JSONValue.object([
            ("id", .string(id)), ("at", .time(event.at)), ("type", .string(event.type)),
            ("source", .optional(event.source)), ("dataset", .optional(event.document?.dataset.name)),
            ("key", .optional(event.document?.key)),
            ("payload", .raw(String(decoding: event.payload, as: UTF8.self))),
        ])
        return "id: \(id)\nevent: \(event.type)\ndata: \(data.text)\n\n"
    }

    private static func gap(from: String, to: String, _ reason: String) -> String {
        let data = JSONValue.object([
            ("from", .string(from)), ("to", .string(to)), ("reason", .string(reason)),
            ("snapshot", .string("/v1/{source}/{dataset}")),
        ])
        return "id: \(to)\nevent: gap\ndata: \(data.text)\n\n"
    }
}
