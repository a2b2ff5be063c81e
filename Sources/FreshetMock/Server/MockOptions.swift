/// How a mock upstream behaves apart from its handler.
public struct MockOptions: Sendable {
    /// Which quota headers go on every answer.
    public enum QuotaHeaders: Sendable, Equatable, CaseIterable {
        /// None.
        case none
        /// `X-RateLimit-Limit`, `-Remaining`, `-Used` and `-Reset` (seconds since 1970).
        case xRateLimit
        /// `RateLimit-Policy` and `RateLimit` of the IETF draft.
        case draft
    }

    /// An OAuth2 token endpoint at `/__oauth/token`.
    public struct OAuth: Sendable, Equatable {
        /// Secret by client id.
        public var clients: [String: String]
        /// How long a token is valid.
        public var lifetime: Duration
        /// Whether a new token makes the client's older ones invalid.
        public var rotates: Bool

        /// Creates a token endpoint.
        public init(clients: [String: String], lifetime: Duration = .seconds(3600), rotates: Bool = false) {
            self.clients = clients
            self.lifetime = lifetime
            self.rotates = rotates
        }
    }

    /// Faults active from the start.
    public var faults: [FaultSpec] = []
    /// Limits that are counted, and enforced when ``enforcesLimits``.
    public var limits: [LimitRule] = []
    /// Whether a call over a limit is answered 429.
    public var enforcesLimits = false
    /// Whether such a 429 says when to come back.
    public var sendsRetryAfter = true
    /// Which quota headers go on every answer that a limit applies to.
    public var quotaHeaders = QuotaHeaders.none
    /// Accepted credentials in order; empty accepts everything.
    ///
    /// They are counted as `key1`, `key2`, ….
    public var keys: [String] = []
    /// Name in reports by credential; overrides `keyN`.
    public var keyNames: [String: String] = [:]
    /// Account by credential; all others belong to the account `default`.
    public var accounts: [String: String] = [:]
    /// When set, only tokens issued here are accepted.
    public var oauth: OAuth?
    /// Whether good answers carry a strong `ETag` and `If-None-Match` is answered 304.
    public var sendsETag = true
    /// Whether good answers carry a `Last-Modified`: the time when this content was first seen.
    public var sendsLastModified = false
    /// Replaces the handler's `Cache-Control` with `max-age=N`.
    public var cacheMaxAge: Duration?
    /// Whether answers of at least 256 bytes are compressed for a client that accepts gzip.
    public var compresses = true
    /// Lengths of the windows for which peaks are always kept.
    public var windows: [Duration] = [.seconds(1), .seconds(60)]
    /// Requests kept for `/__mock/requests`.
    public var keptRequests = 1_000
    /// Bytes a request body may have; more is answered 413.
    public var maxRequestBody = 1_048_576
    /// Seed of everything random.
    public var seed: UInt64 = 1
    /// Threads that serve; at least 1.
    public var threads = 1
    /// The clocks.
    public var clock = MockClock.system

    /// Creates the default options: everything accepted, nothing limited, no faults.
    public init() {}
}
