import AsyncHTTPClient
import FreshetCore
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// The transport over one async-http-client.
///
/// HTTP/1.1 only: a call has a connection to itself, so cutting off an oversized or endless body hurts no other call.
/// Redirects and
/// decompression are ours, not the client's: its redirects know nothing of budgets, and its decompression limit is
/// one for all sources.
final class AsyncHTTPTransport: Transport {
    private let client: HTTPClient
    /// By file: the client keeps connections apart by these.
    private let trusts = Mutex<[String: TLSConfiguration]>([:])

    /// - Parameters:
    ///   - group: Event loops to share; `nil` uses the client's own.
    ///   - options: Timeouts and pool sizes.
    init(group: (any EventLoopGroup)?, options: HTTPUpstream.Options) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.timeout = .init(connect: .microseconds(options.connectTimeout.microseconds), read: nil)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.idleTimeout = .microseconds(options.idleTimeout.microseconds)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, options.connectionsPerHost)
        // The engine retries, with its own back-off and on its budget; hidden retries here would only delay the news.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(
            eventLoopGroupProvider: .shared(group ?? HTTPClient.defaultEventLoopGroup), configuration: configuration)
    }

    func send(
        _ request: TransportRequest, plan: @escaping @Sendable (TransportHead) -> BodyPlan
    ) async -> TransportResult {
        var message = HTTPClientRequest(url: request.url.text)
        message.method = HTTPMethod(rawValue: request.method)
        for (name, value) in request.headers.fields { message.headers.add(name: name, value: value) }
        if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
        if let file = request.caFile { message.tlsConfiguration = trust(file) }
        let response: HTTPClientResponse
        do {
            // The caller's deadline cancels this task; the client's own would end with the head.
            response = try await client.execute(message, deadline: .distantFuture)
        } catch {
            return .failed(TransportErrors.failure(for: error, head: nil))
        }
        let head = TransportHead(
            status: Int(response.status.code),
            headers: HeaderFields(response.headers.map { (name: $0.name, value: $0.value) }))
        do {
            return .answer(
                try await AsyncHTTPTransport.collect(
                    response.body, method: request.method, head: head, plan: plan(head)))
        } catch {
            return .failed(TransportErrors.failure(for: error, head: head))
        }
    }

    /// The system's authorities and those of a file, which is read when a connection is made.
    private func trust(_ file: String) -> TLSConfiguration {
        trusts.withLock { trusts in
            if let known = trusts[file] { return known }
            var trust = TLSConfiguration.makeClientConfiguration()
            trust.additionalTrustRoots = [.file(file)]
            trusts[file] = trust
            return trust
        }
    }

    /// Reads the body; leaving early drops the stream, which closes the connection.
    private static func collect(
        _ body: HTTPClientResponse.Body, method: String, head: TransportHead, plan: BodyPlan
    ) async throws -> TransportAnswer {
        var collector = try BodyCollector(method: method, head: head, plan: plan)
        for try await piece in body {
            try piece.withUnsafeReadableBytes { buffer throws(TransportFailure) in try collector.append(buffer) }
            if collector.isCut { break }
        }
        try Task.checkCancellation()
        try collector.finish()
        return TransportAnswer(head: head, body: collector.bytes, isCut: collector.isCut)
    }

    func close() async {
        // The only error says that it is closed already.
        try? await client.shutdown()
    }
}
