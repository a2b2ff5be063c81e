import FreshetCore
import FreshetEngine
import FreshetMemory
import FreshetTesting
import NIOCore
import Testing

@testable import FreshetServer

@Suite struct EventFeedTests {
    private let store = MemoryStore()
    private static let clan = DatasetID(source: "clash", name: "clan")

    private func write(_ types: [String], key: String = "A") async throws {
        _ = try await store.append(
            types.map { type in
                NewEvent(
                    type: type, source: "clash", document: DocumentID(dataset: Self.clan, key: key),
                    payload: Array(#"{"n":1}"#.utf8))
            }, now: Timestamp(seconds: 1_700_000_000))
    }

    private func newest() async throws -> EventPlace {
        EventPlace(epoch: try await store.eventEpoch(), offset: try await store.newestOffset())
    }

    private func types(_ frames: String) -> [String] {
        frames.split(separator: "\n").filter { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) }
    }

    @Test func `a new subscriber sees what comes, not what was`() async throws {
        try await write(["dataset.updated", "job.dead", "dataset.gone"])
        var feed = EventFeed(store: store, filter: EventFilter(), at: try await newest())
        #expect(try await feed.next().frames == "")
        try await write(["key.parked"])
        let frames = try await feed.next().frames
        #expect(types(frames) == ["key.parked"])
        #expect(frames.hasPrefix("id: \(try await store.eventEpoch()):4\n"))
        #expect(frames.contains(#""dataset":"clan","key":"A","profile":null,"payload":{"n":1}}"#))
        #expect(frames.hasSuffix("\n\n"))
    }

    @Test func `one who comes back gets everything since, once and in order`() async throws {
        try await write(["a", "b", "c", "d"])
        let epoch = try await store.eventEpoch()
        var feed = try await EventFeed(
            store: store, filter: EventFilter(), after: EventPlace(epoch: epoch, offset: 2))
        #expect(try await types(feed.next().frames) == ["c", "d"])
        #expect(try await feed.next().frames == "")
        #expect(feed.place == EventPlace(epoch: epoch, offset: 4))
    }

    @Test func `what is not kept any more, and another log, are told as a gap`() async throws {
        try await write(["a", "b", "c"])
        _ = try await store.removeEvents(before: Timestamp(seconds: 1_700_000_001), limit: 2)
        let epoch = try await store.eventEpoch()
        var late = try await EventFeed(
            store: store, filter: EventFilter(), after: EventPlace(epoch: epoch, offset: 0))
        let frames = try await late.next().frames
        #expect(types(frames) == ["gap", "c"])
        #expect(frames.contains(#""from":"\#(epoch):0","to":"\#(epoch):2""#))
        var foreign = try await EventFeed(
            store: store, filter: EventFilter(), after: EventPlace(epoch: "other", offset: 1))
        #expect(try await types(foreign.next().frames) == ["gap"])
        #expect(foreign.place.offset == 3)
    }

    @Test func `topics, source, dataset and key choose`() async throws {
        var filter = EventFilter()
        filter.topics = ["dataset.*", "key.parked"]
        filter.keys = ["A"]
        var feed = EventFeed(store: store, filter: filter, at: try await newest())
        try await write(["dataset.updated", "job.dead", "key.parked", "key.returned", "dataset.gone"])
        try await write(["dataset.updated"], key: "B")
        #expect(try await types(feed.next().frames) == ["dataset.updated", "key.parked", "dataset.gone"])
    }

    @Test(
        arguments: [
            (EventFilter(), "/v1/{source}/{dataset}"),
            (EventFilter(source: "clash"), "/v1/{source}/{dataset}"),
            (EventFilter(source: "clash", dataset: "clan"), "/v1/clash/clan"),
            (EventFilter(source: "clash", dataset: "clan", keys: ["A*"]), "/v1/clash/clan"),
            (EventFilter(source: "clash", dataset: "clan", keys: ["A", "B"]), "/v1/clash/clan"),
            (EventFilter(source: "clash", dataset: "clan", keys: ["A/b%2Fc ü"]), "/v1/clash/clan/A/b%2Fc%20%C3%BC"),
        ])
    func `a gap says where what was followed can be read`(_ filter: EventFilter, _ link: String) {
        let gap = EventGap.forgotten(from: EventPlace(epoch: "e", offset: 3), oldest: 9)
        #expect(String(buffer: gap.stream([filter])).contains("\"snapshot\":\"\(link)\""))
        #expect(String(buffer: gap.frame([filter])).contains("\"snapshot\":\"\(link)\""))
        #expect(String(buffer: gap.frame([filter, filter])).contains("\"snapshot\":\"/v1/{source}/{dataset}\""))
    }

    @Test func `a profile gets what concerns it only`() async throws {
        var feed = EventFeed(store: store, filter: EventFilter(profile: "ann"), at: try await newest())
        _ = try await store.append(
            ["ann", "anna", nil, "ann"].enumerated().map { place, profile in
                NewEvent(type: "e.\(place)", source: nil, profile: profile)
            }, now: Timestamp(seconds: 1_700_000_000))
        let frames = try await feed.next().frames
        #expect(types(frames) == ["e.0", "e.3"])
        #expect(frames.contains(#""profile":"ann","payload":{}}"#))
    }

    @Test(
        arguments: [
            ("dataset.updated", "dataset.*", true), ("dataset.updated", "*", true),
            ("dataset.updated", "*.updated", true),
            ("dataset.updated", "d*.u*d", true), ("dataset.updated", "key.*", false), ("ab", "ab*ab", false),
            ("abab", "ab*ab", true), ("a", "a", true), ("a", "b", false), ("", "*", true),
        ])
    func `a star stands for any characters`(_ text: String, _ pattern: String, _ fits: Bool) {
        #expect(EventFilter.matches(text, pattern) == fits)
    }

    @Test func `a subscriber far behind reads in portions`() async throws {
        try await write(Array(repeating: "x", count: EventFeed.portion + 3))
        var feed = try await EventFeed(
            store: store, filter: EventFilter(), after: EventPlace(epoch: try await store.eventEpoch(), offset: 0))
        let first = try await feed.next()
        #expect(first.hasMore && types(first.frames).count == EventFeed.portion)
        let second = try await feed.next()
        #expect(!second.hasMore && types(second.frames).count == 3)
    }

    @Test func `a bell rings for everyone and ends when it is closed`() async {
        let bell = EventBell()
        var first = bell.rings().makeAsyncIterator()
        var second = bell.rings().makeAsyncIterator()
        bell.ring()
        bell.ring()
        #expect(await first.next() != nil)
        #expect(await second.next() != nil)
        bell.close()
        #expect(await first.next() == nil)
        #expect(await second.next() == nil)
        var late = bell.rings().makeAsyncIterator()
        #expect(await late.next() == nil)
    }
}
