/// One upstream API: where it is, who we are to it, and what it allows.
public struct SourceConfig: Sendable {
    /// The name used in paths, metrics and logs: `[a-z][a-z0-9_-]*`.
    public var name: String
    /// Scheme, host, optional port and path, without a trailing slash, such as `https://api.example.com/v1`.
    public var baseURL: String
    /// How calls are authenticated.
    public var auth = AuthConfig()
    /// Fixed request headers, by lower-case name.
    public var headers: [(name: String, value: String)] = []
    /// All of these hold at once.
    public var limits: [LimitConfig] = []
    /// The share of every window that only critical and high refreshes may use, 0...0.9.
    public var reserve = 0.0
    /// The most calls in flight at once, at least 1.
    public var concurrency = 16
    /// Whom it is trusted to be.
    public var tls = TLSConfig()
    /// From sending a request to the last byte of its answer.
    public var timeout = Duration.seconds(30)
    /// How failures that may pass are tried again.
    public var retry = RetryConfig()
    /// When a source that keeps failing is left alone.
    public var breaker = BreakerConfig()
    /// When a source is in maintenance.
    public var maintenance = MaintenanceConfig()
    /// The largest answer in bytes, after decompression.
    public var maxBody = 8 << 20
    /// The deepest nesting of an answer.
    public var maxDepth = 512
    /// How many redirects are followed; hosts that differ lose credentials.
    public var maxRedirects = 3
    /// How long a 404 is remembered.
    public var notFoundFor = Duration.seconds(600)
    /// When an answer with a good status is an error all the same, in order; the first that matches decides.
    public var rules: [ErrorRule] = []
    /// How long `/proxy` waits for a cold key.
    public var proxyWait = Duration.seconds(10)

    /// Creates a source with defaults.
    public init(name: String, baseURL: String) { (self.name, self.baseURL) = (name, baseURL) }
}

/// How a source shows that it is the one that is meant.
public struct TLSConfig: Sendable, Hashable {
    /// A PEM file with certificate authorities that are trusted besides the system's, as an absolute path.
    public var caFile: String?

    /// Creates the section: the system's authorities only.
    public init() {}
}

/// How calls to a source are authenticated, and with which keys.
public struct AuthConfig: Sendable {
    /// Where the credential stands in a request.
    public enum Method: Sendable, Hashable {
        /// No credential; the pool then has one nameless key.
        case none
        /// `Authorization: Bearer <key>`.
        case bearer
        /// A header of this name holds the key.
        case header(String)
        /// A query parameter of this name holds the key.
        case query(String)
        /// `Authorization: Basic`, the key being `user:password`.
        case basic
        /// OAuth 2.0 client credentials (RFC 6749 section 4.4), the key being `client_id:client_secret`.
        case oauth2(tokenURL: String, scope: String?)
    }

    /// Where the credential stands.
    public var method = Method.none
    /// At least one unless the method is `none`.
    public var keys: [Credential] = []

    /// Creates an empty section: no credential.
    public init() {}
}

/// One API key of a source.
public struct Credential: Sendable, Hashable {
    /// A short opaque id, stable over restarts, shown in logs and metrics instead of the key.
    public let id: String
    /// The key itself.
    public let secret: Secret
    /// The account that owns the key; limits of scope account are shared by the keys of one account.
    public let account: String

    /// Creates a key.
    public init(id: String, secret: Secret, account: String = "default") {
        (self.id, self.secret, self.account) = (id, secret, account)
    }

    /// The stand-in key of a source without authentication.
    public static let anonymous = Credential(id: "none", secret: Secret(""))
}

/// One declared limit: so many calls in a window, as the server counts them.
public struct LimitConfig: Sendable, Hashable {
    /// What the server counts by.
    public enum Scope: String, Sendable, CaseIterable {
        /// Each key has its own count.
        case key
        /// The keys of one account share a count.
        case account
        /// Everything sent from this address shares a count.
        case ip
        /// Each dataset (its path) has its own count.
        case endpoint
    }

    /// What the server counts by.
    public var scope: Scope
    /// Calls allowed in any window, at least 1.
    public var calls: Int
    /// The length of the window, longer than zero.
    public var per: Duration
    /// The datasets it applies to; `nil` means all of the source.
    public var datasets: Set<DatasetID>?

    /// Creates a limit.
    public init(scope: Scope, calls: Int, per: Duration, datasets: Set<DatasetID>? = nil) {
        (self.scope, self.calls, self.per, self.datasets) = (scope, calls, per, datasets)
    }
}

/// How failures that may pass are tried again: exponential back-off with full jitter.
public struct RetryConfig: Sendable, Hashable {
    /// Tries in all, the first included; at least 1.
    public var attempts = 4
    /// The upper bound of the first wait.
    public var initial = Duration.seconds(1)
    /// What each further bound is multiplied by, at least 1.
    public var multiplier = 2.0
    /// The largest bound.
    public var max = Duration.seconds(120)
    /// Whether the wait is drawn from 0 to the bound (full jitter) or is the bound itself.
    public var fullJitter = true

    /// Creates the section with defaults.
    public init() {}
}

/// When a source that keeps failing is left alone.
public struct BreakerConfig: Sendable, Hashable {
    /// Failures in a row that open the breaker; 0 switches it off.
    public var failures = 5
    /// How often one probe is let through while it is open.
    public var probeEvery = Duration.seconds(30)

    /// Creates the section with defaults.
    public init() {}
}

/// When a source is in maintenance.
public struct MaintenanceConfig: Sendable, Hashable {
    /// Statuses that announce it.
    public var statuses: Set<Int> = [503]
    /// How often one probe is let through while it lasts.
    public var probeEvery = Duration.seconds(30)

    /// Creates the section with defaults.
    public init() {}
}

/// Says when an answer is an error although its status may be good, and what follows.
public struct ErrorRule: Sendable, Hashable {
    /// The datasets whose calls it looks at; `nil` means every call of the source.
    public var datasets: Set<DatasetID>?
    /// Statuses it looks at; `nil` means every status.
    public var statuses: Set<Int>?
    /// A JSONPath into the body; the rule needs at least one match.
    ///
    /// `nil` looks at the status alone.
    public var path: String?
    /// The matched value must be one of these texts (strings decoded, numbers as written); `nil` accepts any but null.
    public var equals: Set<String>?
    /// What follows.
    public var effect: FailureClass
    /// How long a wait, a parked key or a stopped source lasts; `nil` uses the answer's own headers or a default.
    public var duration: Duration?

    /// Creates a rule.
    public init(
        datasets: Set<DatasetID>? = nil, statuses: Set<Int>? = nil, path: String? = nil, equals: Set<String>? = nil,
        effect: FailureClass, duration: Duration? = nil
    ) {
        self.datasets = datasets
        self.statuses = statuses
        self.path = path
        self.equals = equals
        self.effect = effect
        self.duration = duration
    }
}

/// What a failed call means for the refresh, its key and its source.
public enum FailureClass: String, Sendable, CaseIterable, Codable {
    /// May pass: try again with back-off.
    case retry
    /// A quota is used up: wait until it returns, not a failure.
    case wait
    /// This key cannot be used for a while; others go on.
    case parkKey = "park_key"
    /// This key cannot be used until the configuration changes or the process restarts.
    case disableKey = "disable_key"
    /// Nothing is sent to this source for a while.
    case stopSource = "stop_source"
    /// The source is in maintenance: probe once per interval.
    case maintenance
    /// The document does not exist upstream.
    case notFound = "not_found"
    /// Trying again cannot help.
    case permanent
}
