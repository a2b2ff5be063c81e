import FreshetCore
import NIOCore

/// Brings a WebSocket from a place in the log to where events are given out, at the client's own pace.
struct EventCatchUp: Sendable {
    /// Events read and sent in one go.
    static let portion = 100

    let store: any Store
    let filter: EventFilter
    /// Sends bytes; done when the client has taken most of them, `false` once it is gone.
    let deliver: @Sendable (ByteBuffer) async -> Bool
    /// Goes over to what is given out; `false` when that is further on.
    let join: @Sendable (Int64) async -> Bool

    /// - Throws: ``StoreError`` when the log cannot be read.
    func run(after: EventPlace) async throws {
        var place = after
        let newest = EventPlace(epoch: try await store.eventEpoch(), offset: try await store.newestOffset())
        if after.epoch != newest.epoch || after.offset > newest.offset {
            place = newest
            guard await deliver(EventGap.anotherLog(from: after.text, to: place).frame([filter])) else { return }
        }
        while !Task.isCancelled {
            let page = try await store.events(after: place.offset, limit: EventCatchUp.portion)
            var bytes = ByteBuffer()
            if let oldest = page.oldest, oldest > place.offset + 1 {
                let gap = EventGap.forgotten(from: place, oldest: oldest)
                bytes.writeImmutableBuffer(gap.frame([filter]))
                place = gap.to
            }
            for event in page.events {
                place.offset = event.offset
                if filter.takes(event) { bytes.writeImmutableBuffer(HubEvent(event, epoch: place.epoch).frame) }
            }
            if bytes.readableBytes > 0 { guard await deliver(bytes) else { return } }
            if page.events.count < EventCatchUp.portion, await join(place.offset) { return }
        }
    }
}
