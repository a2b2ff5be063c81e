public import NIOHTTP1

/// What a handler answers.
public struct MockResponse: Sendable {
    /// The HTTP status, 200...599.
    public var status: Int
    /// Headers.
    ///
    /// `content-length`, `date` and `connection` are the server's and are ignored here.
    public var headers: HTTPHeaders
    /// The bytes.
    public var body: MockBody

    /// Creates an answer.
    public init(status: Int = 200, headers: HTTPHeaders = [:], body: MockBody = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON answer from text.
    public static func json(_ text: String, status: Int = 200) -> MockResponse {
        json(MockBody(text), status: status)
    }

    /// A JSON answer from a value.
    public static func json(_ value: MockJSON, status: Int = 200) -> MockResponse {
        json(MockBody(value.bytes), status: status)
    }

    /// A JSON answer from a body that is kept.
    public static func json(_ body: MockBody, status: Int = 200) -> MockResponse {
        MockResponse(status: status, headers: ["content-type": "application/json; charset=utf-8"], body: body)
    }
}
