import Crypto
import FreshetCore
import FreshetDocument

/// What the runners of all endpoints share.
struct WebhookContext: Sendable {
    let store: any EventStore & StateStore
    let clock: any FreshetClock
    /// The rings of the event log.
    let rings: @Sendable () -> AsyncStream<Void>
    /// Rings it.
    let ring: @Sendable () -> Void
    let notice: @Sendable (WebhookNotice) -> Void

    /// Under what an endpoint's state is kept.
    func stateName(_ webhook: String) -> String { "webhook/\(webhook)" }

    /// What tells URLs apart without holding them.
    func mark(of url: Secret) -> String {
        SHA256.hash(data: Array(url.reveal().utf8)).prefix(8).map { String($0, radix: 16) }.joined(separator: ".")
    }

    /// Writes an event about an endpoint; one that cannot be written is only missing from the log.
    func append(_ type: String, webhook: String, error: String?) async {
        var json = JSONWriter()
        json.beginObject()
        json.field("webhook", webhook)
        if let error { json.field("message", error) }
        json.endObject()
        let event = NewEvent(type: type, source: nil, payload: json.bytes)
        if (try? await store.append([event], now: clock.now())) != nil { ring() }
    }
}
