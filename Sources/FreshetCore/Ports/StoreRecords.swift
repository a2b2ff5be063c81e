/// A document as kept: its state and its current body.
public struct StoredDocument: Sendable {
    /// The address.
    public var id: DocumentID
    /// Everything but the body.
    public var state: DocumentState
    /// The current body; empty when there never was one.
    public var body: [UInt8]

    /// Creates a record.
    public init(id: DocumentID, state: DocumentState, body: [UInt8]) {
        (self.id, self.state, self.body) = (id, state, body)
    }
}

/// One content of a document over a span of time.
public struct StoredVersion: Sendable, Hashable {
    /// From 1.
    public var version: Int
    /// When it became the current one.
    public var changedAt: Timestamp
    /// When it was superseded; `nil` for the current one.
    public var endedAt: Timestamp?
    /// The exact bytes.
    public var body: [UInt8]
    /// Where it came from.
    public var origin: Origin

    /// Creates a record.
    public init(version: Int, changedAt: Timestamp, endedAt: Timestamp?, body: [UInt8], origin: Origin) {
        self.version = version
        self.changedAt = changedAt
        self.endedAt = endedAt
        self.body = body
        self.origin = origin
    }
}

/// One key in a list.
public struct KeySummary: Sendable, Hashable {
    /// The key.
    public var key: String
    /// Everything but the body.
    public var state: DocumentState
    /// Bytes of the current body.
    public var bytes: Int

    /// Creates a summary.
    public init(key: String, state: DocumentState, bytes: Int) {
        (self.key, self.state, self.bytes) = (key, state, bytes)
    }
}

/// A key whose refresh is due.
public struct DueKey: Sendable, Hashable {
    /// The key.
    public var key: String
    /// Its last attempt.
    public var checkedAt: Timestamp?
    /// Reads since its last refresh.
    public var heat: Int

    /// Creates a record.
    public init(key: String, checkedAt: Timestamp?, heat: Int) {
        (self.key, self.checkedAt, self.heat) = (key, checkedAt, heat)
    }
}

/// How many documents of a dataset stand where.
public struct DatasetCensus: Sendable, Hashable {
    /// With a good body and fresh or stale.
    public var live = 0
    /// Of these, the stale ones.
    public var stale = 0
    /// Remembered 404s.
    public var missing = 0
    /// Once known, 404 by now.
    public var gone = 0
    /// Asked for but never fetched with success.
    public var unknown = 0
    /// Bytes of current bodies.
    public var bytes = 0
    /// The oldest `last_updated` of a live document.
    public var oldest: Timestamp?

    /// Creates an empty census.
    public init() {}
}

/// What a worker hands to the store at the end of a refresh.
public struct RefreshCommit: Sendable {
    /// The document.
    public var id: DocumentID
    /// What the refresh brought.
    public var outcome: RefreshOutcome
    /// The moment of the attempt.
    public var at: Timestamp
    /// The job it serves and how that ends; `nil` for a refresh without a job.
    public var job: (lease: LeasedJob, end: JobEnd)?
    /// Whether superseded versions are kept.
    public var keepsHistory: Bool
    /// Whether, without history, the one version before the current is kept all the same: what was replaced can be restored.
    public var keepsPrevious = false
    /// The rows that the new content becomes; `nil` leaves the tables alone.
    public var tables: TableCommit?
    /// Events to write if, and only if, a new version begins.
    public var eventsOnChange: [NewEvent]
    /// Events to write in any case.
    public var events: [NewEvent]

    /// Creates a commit.
    public init(
        id: DocumentID, outcome: RefreshOutcome, at: Timestamp, job: (lease: LeasedJob, end: JobEnd)? = nil,
        keepsHistory: Bool = false, eventsOnChange: [NewEvent] = [], events: [NewEvent] = [],
        tables: TableCommit? = nil
    ) {
        self.id = id
        self.outcome = outcome
        self.at = at
        self.job = job
        self.keepsHistory = keepsHistory
        self.eventsOnChange = eventsOnChange
        self.events = events
        self.tables = tables
    }
}

/// What a commit wrote.
public struct CommitResult: Sendable {
    /// The state after it.
    public var state: DocumentState
    /// What was written besides the state.
    public var effect: DocumentEffect
    /// The events, with their offsets.
    public var events: [Event]
    /// What became of the rows; `nil` when the commit had none, or brought no content.
    public var tables: TableOutcome?

    /// Creates a result.
    public init(state: DocumentState, effect: DocumentEffect, events: [Event], tables: TableOutcome? = nil) {
        (self.state, self.effect, self.events, self.tables) = (state, effect, events, tables)
    }
}

/// An access token as kept.
public struct TokenRecord: Sendable, Hashable {
    /// What a token may do; each role includes the ones before it.
    public enum Role: String, Sendable, CaseIterable, Comparable {
        /// Read documents.
        case reader
        /// Also ask for refreshes, retry and drop jobs, park keys.
        case `operator`
        /// Everything.
        case admin

        /// Orders by power.
        public static func < (a: Role, b: Role) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// A short public id.
    public var id: String
    /// A name given by a person.
    public var name: String
    /// SHA-256 of the token.
    public var hash: [UInt8]
    /// What it may do.
    public var role: Role
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was revoked.
    public var revokedAt: Timestamp?

    /// Creates a record.
    public init(
        id: String, name: String, hash: [UInt8], role: Role, createdAt: Timestamp, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.hash = hash
        self.role = role
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}
