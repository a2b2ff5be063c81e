/// What one refresh brought, before it is weighed against what is kept.
public enum RefreshOutcome: Sendable {
    /// A good document.
    case content(FetchedContent)
    /// Upstream says that what we keep is current (304).
    case notModified(validators: Validators, freshFor: Duration)
    /// Upstream says that the document does not exist.
    case notFound(rememberFor: Duration, goneAfter: Int, note: FailureNote)
    /// Anything else; the last good document stays.
    case failed(FailureNote)
}

/// A good document as fetched.
public struct FetchedContent: Sendable {
    /// The exact bytes to serve.
    public var body: [UInt8]
    /// Hash of the content, object key order and `ignore_changes` paths aside; 16 bytes.
    public var contentHash: [UInt8]
    /// Hash of the exact bytes; 16 bytes.
    public var bodyHash: [UInt8]
    /// Upstream's media type.
    public var contentType: String
    /// Upstream's validators.
    public var validators: Validators
    /// How long it counts as fresh.
    public var freshFor: Duration
    /// Where it came from.
    public var origin: Origin

    /// Creates fetched content.
    public init(
        body: [UInt8], contentHash: [UInt8], bodyHash: [UInt8], contentType: String = "application/json",
        validators: Validators = Validators(), freshFor: Duration, origin: Origin = .upstream
    ) {
        self.body = body
        self.contentHash = contentHash
        self.bodyHash = bodyHash
        self.contentType = contentType
        self.validators = validators
        self.freshFor = freshFor
        self.origin = origin
    }
}

/// What has to be written after an outcome was weighed.
public enum DocumentEffect: Sendable, Hashable {
    /// Nothing but the state: same content, or a failure.
    case stateOnly
    /// The body of the current version is replaced quietly: only ignored paths, key order or spacing differ.
    case replaceBody
    /// A new version begins; the previous one becomes history.
    case newVersion
}

extension DocumentState {
    /// Weighs an outcome: moves this state on and says what else has to be written.
    ///
    /// The rules of the contract: identical content moves `last_updated` and `checked_at` only; a failure never displaces
    /// good content; a 404 of a known key keeps it until `goneAfter` in a row; fallback never displaces real data.
    public mutating func apply(_ outcome: RefreshOutcome, at now: Timestamp) -> DocumentEffect {
        switch outcome {
        case .content(let content): return apply(content, at: now)
        case .notModified(let validators, let freshFor):
            confirm(at: now, freshFor: freshFor)
            if validators.etag != nil { self.validators.etag = validators.etag }
            if validators.lastModified != nil { self.validators.lastModified = validators.lastModified }
            return .stateOnly
        case .notFound(let rememberFor, let goneAfter, let note):
            checkedAt = now
            consecutiveNotFound += 1
            fail(note)
            if version == 0 {
                presence = .missing
                freshUntil = now + rememberFor
            } else if consecutiveNotFound >= goneAfter {
                presence = .gone
                freshUntil = now + rememberFor
            } else if presence == .live {
                freshUntil = min(freshUntil ?? now, now)
            }
            return .stateOnly
        case .failed(let note):
            checkedAt = now
            fail(note)
            return .stateOnly
        }
    }

    private mutating func apply(_ content: FetchedContent, at now: Timestamp) -> DocumentEffect {
        if content.origin == .fallback, version > 0, origin != .fallback { return .stateOnly }
        let wasServed = presence == .live
        confirm(at: now, freshFor: content.freshFor)
        validators = content.validators
        contentType = content.contentType
        let sameOrigin = origin == content.origin
        origin = content.origin
        if version > 0, contentHash == content.contentHash, sameOrigin {
            // A document that comes back after being gone is news to its readers, though its content is not.
            if !wasServed { changedAt = now }
            guard bodyHash != content.bodyHash else { return .stateOnly }
            bodyHash = content.bodyHash
            return .replaceBody
        }
        version += 1
        changedAt = now
        contentHash = content.contentHash
        bodyHash = content.bodyHash
        return .newVersion
    }

    private mutating func confirm(at now: Timestamp, freshFor: Duration) {
        presence = .live
        lastUpdated = now
        checkedAt = now
        freshUntil = now + freshFor
        consecutiveNotFound = 0
        failure = nil
    }

    private mutating func fail(_ note: FailureNote) {
        var note = note
        note.count = (failure?.count ?? 0) + 1
        failure = note
    }
}
