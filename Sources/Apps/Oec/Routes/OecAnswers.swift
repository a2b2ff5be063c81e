import FreshetCore
import FreshetDocument

/// Answers that several routes give.
enum OecAnswers {
    /// RFC 9457.
    static func problem(_ status: Int, _ title: String, _ detail: String, headers: [(name: String, value: String)] = [])
        -> AppReply
    {
        var json = JSONWriter()
        json.beginObject()
        json.field("title", title)
        json.field("status", status)
        // The seed's clients read this name.
        json.field("detail", detail)
        json.endObject()
        return AppReply(status, type: "application/problem+json", headers: headers, body: json.bytes)
    }

    static func json(_ status: Int = 200, _ write: (inout JSONWriter) -> Void) -> AppReply {
        var json = JSONWriter()
        json.beginObject()
        write(&json)
        json.endObject()
        return AppReply(status, body: json.bytes)
    }

    static let starting = problem(
        503, "The values are being read.", "Try again in a moment.", headers: [("Retry-After", "1")])

    static func noValues(_ product: OecProduct) -> AppReply {
        problem(
            503, "There are no values of \(product.name).",
            "Upstream has not given any yet, and made-up ones are switched off (fallback: off). /apps/oec/health says why.",
            headers: [("Retry-After", "30")])
    }

    /// Where values come from and how old they are.
    static func write(_ row: ExportMatrix.Row, now: Timestamp, to json: inout JSONWriter) {
        json.field("origin", row.origin?.rawValue)
        json.field("last_updated", row.isFallback ? nil : row.updatedAt?.rfc3339)
        json.field("is_stale", row.isStale(at: now))
        json.field(
            "stale_reason",
            row.isStale(at: now) ? row.failure?.kind ?? (row.isFallback ? "never-fetched" : "expired") : nil)
        if let other = row.answeredFor { json.field("answered_for", other) }
    }
}
