import Crypto
import FreshetCore
import FreshetDocument

/// One message to an endpoint.
struct WebhookMessage: Sendable, Equatable {
    /// The same at every attempt, also after a restart: the receiver knows by it what it has seen.
    var id: String
    /// `{type, timestamp, data}`.
    var body: [UInt8]

    /// Payloads beyond this are left out.
    static let payloadLimit = 256 << 10

    init(_ event: Event, epoch: String, endpoint: String) {
        let place = EventPlace(epoch: epoch, offset: event.offset).text
        id = WebhookMessage.id(place, endpoint)
        body = WebhookMessage.body(type: event.type, at: event.at) { json in
            json.field("id", place)
            WebhookMessage.optional("source", event.source, &json)
            WebhookMessage.optional("dataset", event.document?.dataset.name, &json)
            WebhookMessage.optional("key", event.document?.key, &json)
            WebhookMessage.optional("profile", event.profile, &json)
            json.key("payload")
            if event.payload.count <= WebhookMessage.payloadLimit {
                json.raw(event.payload)
            } else {
                json.beginObject()
                json.key("omitted_bytes")
                json.int(event.payload.count)
                json.endObject()
            }
        }
    }

    /// That events were lost before they could be sent.
    init(gapFrom from: String, to: String, reason: String, snapshot: String, at: Timestamp, endpoint: String) {
        id = WebhookMessage.id("gap:\(from):\(to)", endpoint)
        body = WebhookMessage.body(type: "gap", at: at) { json in
            json.field("from", from)
            json.field("to", to)
            json.field("reason", reason)
            json.field("snapshot", snapshot)
        }
    }

    /// A message that tells nothing.
    init(testOf endpoint: String, at: Timestamp) {
        id = WebhookMessage.id("test:\(at.microseconds)", endpoint)
        body = WebhookMessage.body(type: "webhook.test", at: at) { $0.field("webhook", endpoint) }
    }

    private static func body(type: String, at: Timestamp, _ data: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("type", type)
        json.field("timestamp", at.rfc3339)
        json.key("data")
        json.beginObject()
        data(&json)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private static func optional(_ name: String, _ value: String?, _ json: inout JSONWriter) {
        json.key(name)
        if let value { json.string(value) } else { json.null() }
    }

    private static func id(_ what: String, _ endpoint: String) -> String {
        let digits = SHA256.hash(data: Array("\(endpoint)\u{0}\(what)".utf8)).prefix(16)
        return "msg_"
            + digits.map { byte in byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16) }.joined()
    }
}
