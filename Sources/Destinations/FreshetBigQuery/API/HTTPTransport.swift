import AsyncHTTPClient
import FreshetCore
import NIOCore
import NIOHTTP1

/// One request.
struct HTTPCall: Sendable {
    var method = HTTPMethod.GET
    var url: String
    var headers: HTTPHeaders = [:]
    var body: [UInt8] = []
    /// How long the whole call may take.
    var timeout = Duration.seconds(60)
}

/// One answer, read whole.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]
}

/// What carries requests: the network, or a test.
protocol HTTPTransport: Sendable {
    /// Sends a request once.
    ///
    /// - Throws: ``BigQueryError`` of scope `destination` when there is no answer, `CancellationError`.
    func send(_ call: HTTPCall) async throws -> HTTPAnswer
}

/// The transport over one HTTP client for all destinations.
struct NetworkTransport: HTTPTransport {
    /// One for the process, so that nobody has to close it.
    ///
    /// It follows no redirects, which would carry the token elsewhere, and repeats nothing by itself: the loader does.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(120))
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Answers are JSON of a few kilobytes; a longer one is no answer of this API.
    private static let longestAnswer = 16 << 20

    func send(_ call: HTTPCall) async throws -> HTTPAnswer {
        var request = HTTPClientRequest(url: call.url)
        request.method = call.method
        request.headers = call.headers
        if !call.body.isEmpty || call.method == .POST || call.method == .PUT {
            request.body = .bytes(ByteBuffer(bytes: call.body))
        }
        do {
            let deadline = NIODeadline.now() + .microseconds(call.timeout.microseconds)
            let response = try await Self.client.execute(request, deadline: deadline)
            let body = try await response.body.collect(upTo: Self.longestAnswer)
            return HTTPAnswer(
                status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            // Only the kind of the error is told: descriptions of the stack may quote headers, and so the token.
            let name = (error as? HTTPClientError)?.shortDescription ?? String(describing: type(of: error))
            throw BigQueryError.unreachable(name)
        }
    }
}
