public import FreshetCore
@_spi(CustomByteBufferAllocator) public import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What reads need of one document, as one immutable object: replaced as a whole, never changed.
public final class ServedDocument: Sendable {
    /// The compressed form of a body.
    public enum Compressed: Sendable {
        /// Nobody has asked for it yet.
        case undecided
        /// It would not be smaller by a tenth.
        case refused
        /// The gzip form.
        case gzip(ByteBuffer)
    }

    /// Whether there is something to serve.
    public let presence: DocumentState.Presence
    /// Where the content came from.
    public let origin: Origin
    /// Whether the last answers of upstream were 404.
    public let isMissedUpstream: Bool
    /// Counts the different contents, from 1.
    public let version: Int
    private let lastUpdatedAt, lastCheckedAt, lastChangedAt, freshTo, nextRefreshAt: PackedMoment
    /// When upstream last confirmed this content.
    public var lastUpdated: Timestamp? { lastUpdatedAt.moment }
    /// The last attempt of any outcome.
    public var checkedAt: Timestamp? { lastCheckedAt.moment }
    /// When the content last became different.
    public var changedAt: Timestamp? { lastChangedAt.moment }
    /// Until when the content counts as fresh.
    public var freshUntil: Timestamp? { freshTo.moment }
    /// When it is due for its next refresh by itself; `nil` when only a read causes one.
    public var nextRefresh: Timestamp? { nextRefreshAt.moment }
    /// The first 8 bytes of the hash of the body, for the `ETag`.
    public let bodyTag: UInt64
    /// The media type, printable ASCII.
    public let contentType: String
    /// The short word for the last failure; `nil` after a success.
    public let failureKind: String?
    /// The exact bytes.
    public let body: ByteBuffer
    /// The same, compressed.
    public let compressed: Compressed

    private init(
        state: DocumentState, nextRefresh: Timestamp?, body: ByteBuffer, compressed: Compressed
    ) {
        presence = state.presence
        origin = state.origin
        isMissedUpstream = state.isDoubted
        version = state.version
        lastUpdatedAt = PackedMoment(state.lastUpdated)
        lastCheckedAt = PackedMoment(state.checkedAt)
        lastChangedAt = PackedMoment(state.changedAt)
        freshTo = PackedMoment(state.freshUntil)
        nextRefreshAt = PackedMoment(nextRefresh)
        bodyTag = state.bodyHash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        contentType = ServedDocument.headerSafe(state.contentType)
        failureKind = state.failure.map { ServedDocument.word($0.kind) }
        self.body = body
        self.compressed = compressed
    }

    private init(
        copying other: ServedDocument, nextRefresh: Timestamp?, compressed: Compressed
    ) {
        presence = other.presence
        origin = other.origin
        isMissedUpstream = other.isMissedUpstream
        version = other.version
        lastUpdatedAt = other.lastUpdatedAt
        lastCheckedAt = other.lastCheckedAt
        lastChangedAt = other.lastChangedAt
        freshTo = other.freshTo
        nextRefreshAt = PackedMoment(nextRefresh)
        bodyTag = other.bodyTag
        contentType = other.contentType
        failureKind = other.failureKind
        body = other.body
        self.compressed = compressed
    }

    convenience init(_ document: StoredDocument, nextRefresh: Timestamp?) {
        self.init(
            state: document.state, nextRefresh: nextRefresh, body: ServedDocument.exactBuffer(document.body),
            compressed: .undecided)
    }

    /// The document as a record; of its state what reads need is there: times, version, presence, origin, kind of failure.
    public func stored(as id: DocumentID) -> StoredDocument {
        var state = DocumentState()
        state.presence = presence
        state.version = version
        (state.lastUpdated, state.checkedAt, state.changedAt) = (lastUpdated, checkedAt, changedAt)
        state.freshUntil = freshUntil
        state.contentType = contentType
        state.origin = origin
        state.consecutiveNotFound = isMissedUpstream ? 1 : 0
        state.failure = failureKind.map { kind in
            FailureNote(kind: kind, message: "", at: checkedAt ?? Timestamp(microseconds: 0))
        }
        return StoredDocument(id: id, state: state, body: Array(buffer: body))
    }

    /// The same body under a new state.
    func moved(to state: DocumentState, nextRefresh: Timestamp?) -> ServedDocument {
        ServedDocument(state: state, nextRefresh: nextRefresh, body: body, compressed: compressed)
    }

    /// The same document with another next refresh.
    func due(_ nextRefresh: Timestamp?) -> ServedDocument {
        ServedDocument(copying: self, nextRefresh: nextRefresh, compressed: compressed)
    }

    /// The same document with its compressed form decided.
    public func compressed(_ form: Compressed) -> ServedDocument {
        ServedDocument(copying: self, nextRefresh: nextRefresh, compressed: form)
    }

    /// Whether it is older than allowed, or the last attempts say so.
    public func isStale(at now: Timestamp) -> Bool {
        guard let freshUntil else { return true }
        return now >= freshUntil || isMissedUpstream
    }

    /// Whether upstream answered 404 for this known document less than `time` ago, so that readers do not ask again.
    func remembersMiss(at now: Timestamp, for time: Duration) -> Bool {
        guard isMissedUpstream, let checkedAt else { return false }
        return now < checkedAt + time
    }

    /// Whole seconds since upstream last confirmed the content (for a remembered 404: since it was last asked), at least 0.
    public func age(at now: Timestamp) -> Int64 {
        guard let since = presence == .live || presence == .gone ? lastUpdated : checkedAt else { return 0 }
        return max(0, (now.microseconds &- since.microseconds) / 1_000_000)
    }

    /// Bytes it occupies besides the fixed cost of an entry.
    var size: Int { body.storageCapacity + formSize }

    /// Bytes of the compressed form.
    var formSize: Int {
        guard case .gzip(let buffer) = compressed else { return 0 }
        return buffer.storageCapacity
    }

    /// Copies bytes into a buffer without spare room; NIO's own allocations are rounded up to powers of two.
    public static func exactBuffer(_ bytes: [UInt8]) -> ByteBuffer {
        guard !bytes.isEmpty, let memory = malloc(bytes.count) else { return ByteBuffer(bytes: bytes) }
        let buffer = UnsafeMutableRawBufferPointer(start: memory, count: bytes.count)
        buffer.copyBytes(from: bytes)
        // The default allocator frees with `free`, which fits `malloc`.
        return ByteBuffer(takingOwnershipOf: buffer, allocator: ByteBufferAllocator())
    }

    /// Most documents share this text; the literal costs no memory and no reference counting.
    private static func headerSafe(_ text: String) -> String {
        if text == "application/json" { return "application/json" }
        let isSafe = text.utf8.count <= 200 && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.isEmpty
        return isSafe ? text : "application/json"
    }

    private static func word(_ text: String) -> String {
        String(
            text.utf8.prefix(64).map { byte -> Character in
                let character = Character(Unicode.Scalar(byte))
                return character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
                    ? character : "-"
            })
    }
}

/// A moment that may be missing, in eight bytes instead of sixteen: there are five of them for each document.
private struct PackedMoment: Sendable {
    private let microseconds: Int64

    init(_ moment: Timestamp?) { microseconds = moment?.microseconds ?? .min }

    var moment: Timestamp? { microseconds == .min ? nil : Timestamp(microseconds: microseconds) }
}
