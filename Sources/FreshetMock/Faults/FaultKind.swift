/// What a fault does to an answer.
public enum FaultKind: Sendable, Equatable {
    /// How a 429 says when to come back.
    public enum RetryAfter: Sendable, Equatable {
        /// No `Retry-After` header.
        case none
        /// A number of seconds.
        case seconds(Int)
        /// An HTTP date this many seconds from now.
        case date(Int)
    }

    /// Waits before anything is sent, uniformly within the range.
    case latency(ClosedRange<Duration>)
    /// Answers with this status, 400...599, in the upstream's own shape.
    case status(Int)
    /// Answers 429.
    case tooManyRequests(RetryAfter)
    /// Answers 503 as the upstream does under maintenance.
    case maintenance
    /// Resets the connection.
    case reset
    /// Closes the connection after part of the body: after `keep` bytes, or half of it.
    case truncate(keep: Int?, chunked: Bool)
    /// Random bytes: as the body of an answer, or (`raw`) in place of HTTP.
    case garbage(raw: Bool)
    /// An HTML page with this status.
    case html(status: Int)
    /// A JSON body of this many bytes, generated while it is sent.
    case oversize(bytes: Int, chunked: Bool)
    /// A small gzip body that unpacks to this many bytes.
    case gzipBomb(bytes: Int)
    /// Sends the body at this many bytes per second.
    case slowBody(bytesPerSecond: Int)
    /// Sends the head at this many bytes per second.
    case slowHead(bytesPerSecond: Int)
    /// Status 200 with no body.
    case empty
    /// Status 200 with the body `null`.
    case null
    /// Renames some fields, turns some numbers into strings and adds one field to every object.
    case changedFields
    /// The same document with its keys in another order each time.
    case reorderKeys
    /// Arrays nested this deep.
    case depthBomb(Int)
    /// The right body under this content type.
    case wrongType(String)
    /// The right body with a syntax error at its end.
    case invalidJSON
    /// Never answers; the connection stays open.
    case noResponse
    /// Status 200 with an error inside: this body, or the upstream's usual one.
    case errorInSuccess(MockJSON?)

    /// Where in the making of an answer the fault works.
    enum Stage { case delay, terminal, transform, delivery }

    var stage: Stage {
        switch self {
        case .latency: .delay
        case .changedFields, .reorderKeys, .wrongType, .invalidJSON: .transform
        case .truncate, .slowBody, .slowHead: .delivery
        default: .terminal
        }
    }
}
