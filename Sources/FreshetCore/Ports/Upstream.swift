/// Fetches one document from its source, through as many calls as it takes.
///
/// Conformers never throw: whatever happens is a ``FetchResult``. They never hold a budget of their own: each call asks
/// `permits` first and reports back to it.
public protocol Upstream: Sendable {
    /// Fetches a document.
    ///
    /// - Parameters:
    ///   - request: What to fetch, and the validators of what is kept.
    ///   - permits: Says when and with which key each call may go.
    /// - Returns: The document, or what kept it from being fetched.
    func fetch(_ request: FetchRequest, permits: any CallPermits) async -> FetchResult

    /// Passes a client's request on, live: for paths that no dataset declares, and methods other than GET and HEAD.
    ///
    /// The client's credentials must have been removed; the source's are added. Errors are typed failures.
    func pass(_ request: PassRequest, permits: any CallPermits) async -> PassResult

    /// Closes connections; calls under way end as failures.
    func close() async
}

/// Says when and with which key a call may go.
///
/// The engine conforms.
public protocol CallPermits: Sendable {
    /// Waits until the budget allows one call, at most a short while.
    ///
    /// - Throws: ``PermitDenied`` when no call can go soon (quota, maintenance, parked keys); the refresh is then parked.
    func acquire() async throws(PermitDenied) -> CallPermit

    /// The head of the answer has arrived: the server has counted the call by now.
    func headReceived(_ permit: CallPermit, status: Int, headers: [(name: String, value: String)])

    /// The call is over. Every acquired permit is finished exactly once.
    ///
    /// - Returns: The failure as it is to be treated: what one answer leaves open, the budget may know from others.
    @discardableResult
    func finish(_ permit: CallPermit, failure: CallFailure?) -> CallFailure?
}

/// One call that may go now.
public struct CallPermit: Sendable, Hashable {
    /// Identifies the call to the budget.
    public let id: UInt64
    /// The key to use.
    public let credential: Credential

    /// Creates a permit.
    public init(id: UInt64, credential: Credential) { (self.id, self.credential) = (id, credential) }
}

/// No call can go soon.
public struct PermitDenied: Error, Sendable, Hashable {
    /// A short stable word: `quota`, `maintenance`, `breaker-open`, `keys-parked`, `stopped`, `shutdown`.
    public var kind: String
    /// A sentence for a person.
    public var message: String
    /// When it is worth asking again, on the monotonic clock.
    public var until: Duration

    /// Creates a denial.
    public init(kind: String, message: String, until: Duration) {
        (self.kind, self.message, self.until) = (kind, message, until)
    }
}

/// How a call failed, as the budget needs to know it.
public struct CallFailure: Sendable, Hashable {
    /// What it means for key and source.
    public var effect: FailureClass
    /// How long upstream (or a rule) asked to wait.
    public var retryAfter: Duration?
    /// A short stable word, such as `upstream-503`, `timeout`, `connect`.
    public var kind: String
    /// A sentence for a person; no secrets, no data.
    public var message: String
    /// The HTTP status, when there was an answer.
    public var status: Int?
    /// Whether the effect is only what such a status means most often: a 403 may be about the key or about the document.
    public var isSurmise = false

    /// Creates a failure.
    public init(
        effect: FailureClass, retryAfter: Duration? = nil, kind: String, message: String, status: Int? = nil
    ) {
        self.effect = effect
        self.retryAfter = retryAfter
        self.kind = kind
        self.message = message
        self.status = status
    }
}

/// What to fetch.
public struct FetchRequest: Sendable {
    /// The source.
    public var source: SourceConfig
    /// The dataset.
    public var dataset: DatasetConfig
    /// The document's key.
    public var key: String
    /// Sent as conditions when there is something to confirm.
    public var validators: Validators
    /// The content hash of what is kept, for a paginated document whose first page is unchanged.
    public var previousHash: [UInt8]

    /// Creates a request.
    public init(
        source: SourceConfig, dataset: DatasetConfig, key: String, validators: Validators = Validators(),
        previousHash: [UInt8] = []
    ) {
        self.source = source
        self.dataset = dataset
        self.key = key
        self.validators = validators
        self.previousHash = previousHash
    }
}

/// What came of a fetch.
public enum FetchResult: Sendable {
    /// A good document, guarded and hashed.
    case content(FetchedContent)
    /// 304.
    case notModified(validators: Validators, freshFor: Duration)
    /// The document does not exist upstream (404, 410, or a rule says so).
    case notFound(CallFailure)
    /// The call failed; its class says what follows.
    case failed(CallFailure)
    /// The budget let no call go; nothing was asked, or not all pages.
    case denied(PermitDenied)
}

/// A request to pass on live.
public struct PassRequest: Sendable {
    /// The source.
    public var source: SourceConfig
    /// The method, such as `GET` or `POST`.
    public var method: String
    /// Path and query below the base URL, still percent-encoded.
    public var path: String
    /// Headers without hop-by-hop ones and credentials.
    public var headers: [(name: String, value: String)]
    /// The body, at most the source's `max_body`.
    public var body: [UInt8]
    /// The only key to use, parked or not, so as to test it; an answer that says something against it is then a failure.
    public var keyID: String?
    /// How urgent it is to the budget.
    public var priority = Priority.high

    /// Creates a request.
    public init(
        source: SourceConfig, method: String, path: String, headers: [(name: String, value: String)], body: [UInt8]
    ) {
        self.source = source
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// What came of a passed request.
public enum PassResult: Sendable {
    /// Upstream's answer, hop-by-hop headers removed.
    case answer(status: Int, headers: [(name: String, value: String)], body: [UInt8])
    /// No answer.
    case failed(CallFailure)
    /// The budget let it not go.
    case denied(PermitDenied)
}
