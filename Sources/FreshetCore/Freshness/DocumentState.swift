/// Everything the store knows of one document besides its body.
public struct DocumentState: Sendable, Hashable {
    /// Whether there is something to serve.
    public enum Presence: String, Sendable {
        /// Never fetched with success, and upstream has not said that it does not exist.
        case unknown
        /// A good body is kept.
        case live
        /// Upstream answered 404 and no good body was ever kept; remembered until ``DocumentState/freshUntil``.
        case missing
        /// A good body is kept, but upstream has answered 404 often enough; reads answer 404, history stays.
        case gone
    }

    /// Whether there is something to serve.
    public var presence = Presence.unknown
    /// Counts the different contents, from 1; 0 before the first.
    public var version = 0
    /// When upstream last confirmed this content: fetched, found identical, or 304.
    public var lastUpdated: Timestamp?
    /// The last attempt of any outcome.
    public var checkedAt: Timestamp?
    /// When the content last became different.
    public var changedAt: Timestamp?
    /// Until when the content counts as fresh, at the latest until upstream answers 404 (or, when missing, the 404 is remembered).
    public var freshUntil: Timestamp?
    /// Hash of the content, object key order and `ignore_changes` paths aside; 16 bytes.
    public var contentHash: [UInt8] = []
    /// Hash of the exact bytes; 16 bytes.
    public var bodyHash: [UInt8] = []
    /// Upstream's validators, sent back as conditions.
    public var validators = Validators()
    /// Upstream's media type.
    public var contentType = "application/json"
    /// 404s in a row.
    public var consecutiveNotFound = 0
    /// Why the last attempt failed; `nil` after a success.
    public var failure: FailureNote?
    /// Where the content came from.
    public var origin = Origin.upstream
    /// The ``TableCommit/mark`` under which the current body's rows were written; `nil` when they were not.
    public var tablesMark: Int64?

    /// Creates the state of a document that was never asked for.
    public init() {}

    /// Whether the content is older than allowed, or upstream has begun to answer 404 for it.
    ///
    /// A remembered 404 (``Presence/missing``, ``Presence/gone``) is stale when it is to be asked for again.
    public func isStale(at now: Timestamp) -> Bool {
        guard let freshUntil else { return true }
        return now >= freshUntil || isDoubted
    }

    /// Whether the last good body is served although upstream answered 404 the last time.
    public var isDoubted: Bool { presence == .live && consecutiveNotFound > 0 }
}

/// What upstream gave to ask "has it changed?" with (RFC 9110 section 8.8).
public struct Validators: Sendable, Hashable {
    /// The `ETag` as given, quotes and weakness mark included.
    public var etag: String?
    /// The `Last-Modified` as given.
    public var lastModified: String?

    /// Creates validators.
    public init(etag: String? = nil, lastModified: String? = nil) {
        (self.etag, self.lastModified) = (etag, lastModified)
    }
}

/// Where a document's content came from.
public enum Origin: String, Sendable, Codable {
    /// From the source itself.
    case upstream
    /// Filler that was never upstream's.
    case fallback
    /// From a file that was brought in.
    case `import`
}

/// Why an attempt failed, in a form that can be shown and counted.
public struct FailureNote: Sendable, Hashable, Codable {
    /// A short stable word for metrics and `stale_reason`, such as `upstream-503`, `timeout`, `invalid-json`.
    public var kind: String
    /// A sentence for a person; never holds secrets or data.
    public var message: String
    /// When it happened.
    public var at: Timestamp
    /// The HTTP status, when there was an answer.
    public var status: Int?
    /// Failures in a row, this one included.
    public var count: Int

    /// Creates a note.
    public init(kind: String, message: String, at: Timestamp, status: Int? = nil, count: Int = 1) {
        self.kind = kind
        self.message = message
        self.at = at
        self.status = status
        self.count = count
    }
}
