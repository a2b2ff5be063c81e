/// Sends one HTTP request and brings back one answer: no redirects, no retries, no credentials of its own.
///
/// Conformers never throw, never buffer more of a body than the plan allows, and close the connection of a body that
/// they do not read
/// to its end. They end promptly when the task is cancelled, with a failure of kind
/// ``TransportFailure/Kind/cancelled``.
protocol Transport: Sendable {
    /// Sends a request.
    ///
    /// - Parameters:
    ///   - request: Ready to go.
    ///   - plan: Called once, as soon as the head of the answer is there; says how much of the body is wanted.
    /// - Returns: The answer as far as wanted, or why there is none.
    func send(
        _ request: TransportRequest, plan: @escaping @Sendable (TransportHead) -> BodyPlan
    ) async -> TransportResult

    /// Closes all connections; calls under way end as failures.
    ///
    /// A second call does nothing.
    func close() async
}

/// One request, ready to go.
struct TransportRequest: Sendable {
    var method = "GET"
    var url: HTTPURL
    var headers = HeaderFields()
    var body: [UInt8] = []
    /// A PEM file of authorities that are trusted besides the system's.
    var caFile: String?
}

/// The status line and headers of an answer.
struct TransportHead: Sendable {
    var status: Int
    var headers: HeaderFields
}

/// How much of a body is wanted, in bytes after decompression.
enum BodyPlan: Sendable, Hashable {
    /// All of it; more than `limit` is a failure.
    case all(limit: Int)
    /// The beginning; what follows is dropped.
    case first(limit: Int)
}

/// A complete answer, or as much of it as was asked for.
struct TransportAnswer: Sendable {
    var head: TransportHead
    /// Decompressed.
    var body: [UInt8]
    /// Whether the body was longer than the plan wanted.
    var isCut = false
}

/// What came of a request.
enum TransportResult: Sendable {
    case answer(TransportAnswer)
    case failed(TransportFailure)
}

/// Why there is no complete answer.
struct TransportFailure: Error, Sendable {
    /// The raw value is the stable word for logs and metrics.
    enum Kind: String, Sendable, CaseIterable {
        /// No connection could be made.
        case connect
        /// The host name could not be resolved.
        case dns
        /// The TLS handshake failed or the certificate is not trusted.
        case tls
        /// The connection was closed before the head of the answer.
        case reset
        /// The connection was closed inside the body.
        case truncated
        /// The body is larger than allowed.
        case tooLarge = "too-large"
        /// The body has a coding that was not asked for, or is not what its coding says.
        case badEncoding = "bad-encoding"
        /// No head before the deadline.
        case timeout
        /// A head, but no complete body before the deadline.
        case slowBody = "slow-body"
        /// The answer is not HTTP.
        case `protocol`
        /// The request itself cannot be sent, such as a header with a line break.
        case badRequest = "bad-request"
        /// The task was cancelled or the client closed.
        case cancelled
    }

    var kind: Kind
    /// What was seen, as a clause that follows "because" or a colon; no secrets, no data.
    var detail: String
    /// The head, when it had arrived.
    var head: TransportHead?

    init(_ kind: Kind, _ detail: String, head: TransportHead? = nil) {
        (self.kind, self.detail, self.head) = (kind, detail, head)
    }
}
