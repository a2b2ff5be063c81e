import FreshetCore
import FreshetEngine
import NIOCore

/// The body of `?envelope=1`: the metadata, and the document's bytes unchanged.
enum Envelope {
    static func body(_ served: ServedDocument, id: DocumentID, answer: DocumentAnswer) -> ByteBuffer {
        let meta = JSONValue.object([
            ("source", .string(id.dataset.source)),
            ("dataset", .string(id.dataset.name)),
            ("key", .string(id.key)),
            ("last_updated", .time(served.lastUpdated)),
            ("checked_at", .time(served.checkedAt)),
            ("changed_at", .time(served.changedAt)),
            ("age_seconds", .number(answer.served.age(at: answer.now))),
            ("is_stale", .bool(answer.staleReason != nil)),
            ("stale_reason", .optional(answer.staleReason)),
            ("next_refresh_at", .time(answer.nextRefresh)),
            ("origin", .string(served.origin.rawValue)),
            ("version", .number(Int64(served.version))),
        ])
        var buffer = ByteBuffer()
        let head = meta.text
        buffer.reserveCapacity(head.utf8.count + served.body.readableBytes + 20)
        buffer.writeString("{\"meta\":\(head),\"data\":")
        if served.body.readableBytes == 0 {
            buffer.writeString("null")
        } else {
            buffer.writeImmutableBuffer(served.body)
        }
        buffer.writeString("}")
        return buffer
    }
}
