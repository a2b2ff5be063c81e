import FreshetCore
import FreshetEngine
import NIOCore

/// The answer to a read of a document that is there: computed once, here, for the fast lane and the router alike.
struct DocumentAnswer {
    /// Which body follows the head.
    enum Payload {
        case none
        case bytes(ByteBuffer)
    }

    /// The face of the document.
    enum Face: Equatable {
        /// As upstream gave it, with Freshet's headers.
        case document
        /// For clients written for the upstream: `Cache-Control` in the one form that all of them read.
        case proxy
        /// With the metadata around it; the length of the whole body.
        case envelope(length: Int)
    }

    private(set) var served: ServedDocument
    let dataset: DatasetRecord
    /// The moment of the answer in whole seconds: all that an answer says stays the same for a second.
    let now: Timestamp
    var face: Face
    /// Whether the compressed form is answered.
    var isCompressed = false

    init(served: ServedDocument, dataset: DatasetRecord, now: Timestamp, face: Face = .document) {
        self.served = served
        self.dataset = dataset
        self.now = Timestamp(seconds: now.seconds)
        self.face = face
    }

    /// The same answer with the compressed form as it was decided just now.
    func with(_ form: ServedDocument.Compressed) -> DocumentAnswer {
        var result = self
        result.served = served.compressed(form)
        if case .gzip = form { result.isCompressed = true }
        return result
    }

    /// Bodies below this are never compressed.
    static let leastCompressed = 512

    /// Why the document is stale; `nil` when it is fresh.
    var staleReason: String? {
        guard served.isStale(at: now) else { return nil }
        return StaleReason.word(
            isDoubted: served.isMissedUpstream, failure: served.failureKind, source: dataset.source.condition?.reason)
    }

    /// When the next refresh is due; a stale document that can be refreshed is due now, by this very read.
    var nextRefresh: Timestamp? {
        let due = served.isStale(at: now) ? max(served.nextRefresh ?? now, now) : served.nextRefresh
        guard let due, let until = dataset.source.condition?.until else { return due }
        return max(due, until)
    }

    /// Seconds until it goes stale; negative when it is.
    var timeToLive: Int64 {
        let left = served.freshUntil.map { floorSeconds($0.microseconds &- now.microseconds) } ?? -1
        return served.isStale(at: now) ? min(left, -1) : left
    }

    /// The strong validator of the bytes answered, with its quotes.
    func entityTag(_ writer: inout ByteWriter) {
        writer.literal("\"v")
        writer.number(Int64(served.version))
        writer.byte(UInt8(ascii: "-"))
        writer.hex(served.bodyTag)
        if isCompressed { writer.literal("-gzip") }
        writer.byte(UInt8(ascii: "\""))
    }

    /// The entity tag as bytes, for comparing.
    func withEntityTag<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { memory in
            var writer = ByteWriter(memory)
            entityTag(&writer)
            return body(UnsafeRawBufferPointer(rebasing: memory[..<writer.count]))
        }
    }

    /// The bytes of the body.
    var body: ByteBuffer {
        if isCompressed, case .gzip(let buffer) = served.compressed { return buffer }
        return served.body
    }

    /// Whether the answer depends on `Accept-Encoding`.
    var varies: Bool {
        guard served.body.readableBytes >= DocumentAnswer.leastCompressed else { return false }
        if case .refused = served.compressed { return false }
        return true
    }

    /// Writes the status line and all headers, with the empty line that ends them.
    ///
    /// - Parameters:
    ///   - buffer: The head goes behind what it holds.
    ///   - isNotModified: Answer 304 instead of 200.
    func writeHead(to buffer: inout ByteBuffer, isNotModified: Bool) {
        var dates = DateText()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: headRoom) { memory in
            var writer = ByteWriter(memory)
            writeHead(&writer, isNotModified: isNotModified, &dates)
            return writer.count
        }
    }

    /// Bytes that the head takes at most.
    var headRoom: Int { 1200 + served.contentType.utf8.count + 2 * (staleReason?.utf8.count ?? 0) }

    /// The same into memory with room for ``headRoom`` bytes.
    func writeHead(_ writer: inout ByteWriter, isNotModified: Bool, _ dates: inout DateText) {
        let reason = staleReason
        writer.literal(isNotModified ? "HTTP/1.1 304 Not Modified\r\n" : "HTTP/1.1 200 OK\r\n")
        if !isNotModified { writeContentFields(&writer) }
        writeValidators(&writer, &dates)
        writer.literal("Date: ")
        dates.writeHTTP(now, to: &writer)
        writer.literal("\r\nAge: ")
        writer.number(served.age(at: now))
        writeCaching(&writer, reason, &dates)
        writer.literal("\r\n\r\n")
    }

    private func writeContentFields(_ writer: inout ByteWriter) {
        writer.literal("Content-Type: ")
        if case .envelope(let length) = face {
            writer.literal("application/json\r\nContent-Length: ")
            writer.number(Int64(length))
        } else {
            writer.text(served.contentType)
            writer.literal("\r\nContent-Length: ")
            writer.number(Int64(body.readableBytes))
            if isCompressed { writer.literal("\r\nContent-Encoding: gzip") }
        }
        writer.literal("\r\n")
    }

    /// An envelope holds the age, so its bytes are never the same: it has no validators.
    private func writeValidators(_ writer: inout ByteWriter, _ dates: inout DateText) {
        if case .envelope = face { return }
        writer.literal("ETag: ")
        entityTag(&writer)
        if let changed = served.changedAt {
            writer.literal("\r\nLast-Modified: ")
            dates.writeHTTP(min(changed, now), to: &writer)
        }
        writer.literal(varies ? "\r\nVary: Accept-Encoding\r\n" : "\r\n")
    }

    private func writeCaching(_ writer: inout ByteWriter, _ reason: String?, _ dates: inout DateText) {
        let left = timeToLive
        writer.literal("\r\nCache-Control: max-age=")
        writer.number(max(0, left))
        if face != .proxy {
            writer.literal(", stale-while-revalidate=")
            writer.number(dataset.maxAgeSeconds)
            writer.literal(", stale-if-error=86400")
        }
        writer.literal("\r\nCache-Status: freshet; hit; ttl=")
        writer.number(left)
        if let reason {
            writer.literal("; detail=\"")
            writer.text(reason)
            writer.byte(UInt8(ascii: "\""))
        }
        writer.literal("\r\nFreshet-Origin: ")
        switch served.origin {
        case .upstream: writer.literal("upstream")
        case .fallback: writer.literal("fallback")
        case .import: writer.literal("import")
        }
        if let reason {
            writer.literal("\r\nFreshet-Stale-Reason: ")
            writer.text(reason)
        }
        if let next = nextRefresh {
            writer.literal("\r\nFreshet-Next-Refresh: ")
            dates.writeRFC3339(next, to: &writer)
        }
    }
}

private func floorSeconds(_ microseconds: Int64) -> Int64 {
    let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
}
