/// A failure that the server itself decides on and asks the handler to put in the upstream's own words.
public enum MockFailure: Sendable, Equatable {
    /// A forced status, 400...599.
    case status(Int)
    /// The key is missing or not accepted.
    case keyRefused
    /// A limit was exceeded.
    case rateLimited
    /// The upstream is under maintenance.
    case maintenance
    /// An error inside an answer with status 200.
    case insideSuccess
}

/// Something that answers like an upstream API.
public protocol MockHandler: Sendable {
    /// Answers a request. Called on an event loop: must be fast and must not block.
    ///
    /// Safe to call from several threads at once.
    func respond(to request: MockRequest) -> MockResponse

    /// The answer for a failure that faults, keys or limits decided, in the upstream's own shape.
    func failure(_ failure: MockFailure) -> MockResponse

    /// The name under which calls of this path are counted, such as `/clans/{tag}`; `nil` lets the server guess.
    ///
    /// - Parameter path: Percent-encoded, without the query.
    /// - Returns: A template without the method.
    func endpoint(of path: Substring) -> String?
}

extension MockHandler {
    /// `{"error": …}` with the usual status.
    public func failure(_ failure: MockFailure) -> MockResponse {
        switch failure {
        case .status(let code):
            .json(["error": .string(MockStatus.reason(code)), "status": .int(code)], status: code)
        case .keyRefused: .json(["error": "The API key is missing or not accepted."], status: 403)
        case .rateLimited: .json(["error": "Too many requests."], status: 429)
        case .maintenance: .json(["error": "The API is under maintenance."], status: 503)
        case .insideSuccess: .json(["error": ["code": 5, "error": "Too many requests"]], status: 200)
        }
    }

    /// Lets the server guess.
    public func endpoint(of path: Substring) -> String? { nil }
}

/// Answers every request with a closure or with one fixed answer.
public struct FixedHandler: MockHandler {
    private let answer: @Sendable (MockRequest) -> MockResponse

    /// Answers with a closure, which runs on an event loop and must not block.
    public init(_ answer: @escaping @Sendable (MockRequest) -> MockResponse) { self.answer = answer }

    /// Answers every request alike.
    public init(_ response: MockResponse) { self.init { _ in response } }

    /// Answers a request.
    public func respond(to request: MockRequest) -> MockResponse { answer(request) }
}

/// Reason phrases.
enum MockStatus {
    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 205: "Reset Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: status < 400 ? "Status \(status)" : "Error \(status)"
        }
    }
}
