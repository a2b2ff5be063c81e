import AsyncHTTPClient
import FreshetCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// Carries one message to one endpoint, once.
protocol WebhookSending: Sendable {
    func send(_ message: WebhookMessage, signature: String, timestamp: Int64) async throws -> WebhookOutcome
    func close() async
}

/// Posts messages over HTTP.
///
/// The name is resolved for each attempt, the addresses are checked, and the connection goes to the one that was checked, so that
/// no second look in the DNS can lead elsewhere. Redirects are not followed, proxies not used, certificates checked.
actor WebhookSender: WebhookSending {
    /// Bytes of an answer that are read; what it says is of no interest.
    private static let answerLimit = 64 << 10

    private let config: WebhookConfig
    private let parts: WebhookURL
    private let threads: NIOThreadPool
    private let agent: String
    private var client: (address: String, client: HTTPClient)?

    init(config: WebhookConfig, parts: WebhookURL, threads: NIOThreadPool, agent: String) {
        (self.config, self.parts, self.threads, self.agent) = (config, parts, threads, agent)
    }

    func send(_ message: WebhookMessage, signature: String, timestamp: Int64) async throws -> WebhookOutcome {
        guard parts.isSecure || config.allowPrivate else {
            return .failed(reason: "http: is only allowed with allow_private", status: nil, retryAfter: nil)
        }
        let address: String
        switch await resolve() {
        case .success(let found): address = found
        case .failure(let refusal): return .failed(reason: refusal.reason, status: nil, retryAfter: nil)
        }
        var request = HTTPClientRequest(url: config.url.reveal())
        request.method = .POST
        request.headers = [
            "content-type": "application/json", "user-agent": agent, "webhook-id": message.id,
            "webhook-timestamp": String(timestamp), "webhook-signature": signature,
        ]
        request.body = .bytes(message.body, length: .known(Int64(message.body.count)))
        do {
            let deadline = NIODeadline.now() + .nanoseconds(config.timeout.microseconds * 1000)
            let response = try await client(for: address).execute(request, deadline: deadline)
            await WebhookSender.drain(response)
            return WebhookSender.outcome(response.status, response.headers)
        } catch {
            try Task.checkCancellation()
            return .failed(reason: WebhookSender.describe(error), status: nil, retryAfter: nil)
        }
    }

    func close() async {
        if let client { try? await client.client.shutdown() }
        client = nil
    }

    // MARK: The answer

    private static func drain(_ response: HTTPClientResponse) async {
        var bytes = 0
        // The connection can be used again when the answer was read; a long one is not worth it.
        do {
            for try await part in response.body {
                bytes += part.readableBytes
                if bytes > answerLimit { return }
            }
        } catch {
            // The status has come; what follows it changes nothing.
        }
    }

    static func outcome(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> WebhookOutcome {
        let code = Int(status.code)
        switch code {
        case 200..<300: return .accepted(status: code)
        case 410: return .gone
        case 300..<400:
            return .failed(
                reason: "it answered \(code), and redirects are not followed; give the final URL", status: code,
                retryAfter: nil)
        default:
            let seconds = headers.first(name: "retry-after").flatMap { Int64($0) }.map { max(0, min($0, 86_400)) }
            return .failed(
                reason: "it answered \(code)", status: code, retryAfter: seconds.map { .seconds($0) })
        }
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            "it did not answer in time"
        case let error as HTTPClientError where error == .connectTimeout: "it could not be reached in time"
        case let error as HTTPClientError: "the connection failed (\(error.shortDescription))"
        case is NIOConnectionError: "it could not be reached"
        // TLS errors and the like: their kind says enough, their text may hold anything.
        default: "the connection failed (\(type(of: error)))"
        }
    }

    // MARK: Where to

    private struct Refusal: Error { let reason: String }

    /// The address to connect to.
    private func resolve() async -> Result<String, Refusal> {
        let (host, port, allowPrivate) = (parts.host, parts.port, config.allowPrivate)
        do {
            let found = try await threads.runIfActive { try WebhookSender.lookUp(host, port) }
            guard !found.isEmpty else { return .failure(Refusal(reason: "its name has no address")) }
            if let good = found.first(where: { allowPrivate || AddressGuard.isPublic($0.bytes) }) {
                return .success(good.text)
            }
            return .failure(
                Refusal(reason: "its address is private or reserved; allow_private: true allows such an endpoint"))
        } catch {
            return .failure(Refusal(reason: "its name could not be resolved"))
        }
    }

    private static func lookUp(_ host: String, _ port: Int) throws -> [(text: String, bytes: [UInt8])] {
        try SystemResolver.addresses(of: host, port: port)
    }

    private func client(for address: String) async -> HTTPClient {
        if let client, client.address == address { return client.client }
        let old = client?.client
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: .nanoseconds(config.timeout.microseconds * 1000),
                read: .nanoseconds(config.timeout.microseconds * 1000)))
        configuration.dnsOverride = [parts.host: address]
        configuration.httpVersion = .http1Only
        let new = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        client = (address, new)
        if let old { try? await old.shutdown() }
        return new
    }
}
