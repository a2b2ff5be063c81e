import FreshetCore
import FreshetEngine
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// Takes each request that the fast lane does not answer: finds its route, checks who asks, writes the answer.
struct Dispatcher: Sendable {
    let table: RouteTable
    let tokens: TokenService
    let clock: any FreshetClock
    let logger: Logger
    let counters: RouterCounters

    /// Answers that take longer are logged.
    static let slow = Duration.seconds(1)

    @concurrent @Sendable
    func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let began = clock.monotonic()
        let exchange = Exchange(
            method: request.method, target: request.head.path ?? "/", headers: request.headers,
            authority: request.head.authority ?? "", client: ClientAddress(channel.remoteAddress),
            body: request.body, clock: clock, now: clock.now(),
            role: tokens.role(authorization: request.headers[.authorization]), channel: channel)
        let closes = request.headers[.connection] == "close"
        let reply = await answer(exchange, hasHost: hasOneHost(request))
        log(exchange, reply, took: clock.monotonic() - began)
        let response = reply.response(isHead: request.method == .head, closes: closes, now: exchange.now)
        try await writer.write(response: response.head, body: response.body)
    }

    /// Exactly one `Host`; the codec keeps the first apart and leaves a second among the fields.
    private func hasOneHost(_ request: Request) -> Bool {
        request.head.authority != nil && request.headers[.host] == nil
    }

    func answer(_ exchange: Exchange, hasHost: Bool) async -> Reply {
        do {
            guard hasHost else {
                throw Problem(400, "bad-host", "A request must carry exactly one Host field.")
            }
            return try await route(exchange)
        } catch let problem as Problem {
            return problem.reply(instance: exchange.path)
        } catch let error as StoreError {
            return failure(error).reply(instance: exchange.path)
        } catch {
            logger.error(
                "A request failed",
                metadata: [
                    "component": "server", "error": "\(type(of: error))", "method": "\(exchange.method.rawValue)",
                    "request_id": "\(exchange.requestID)",
                ])
            return Problem(500, "internal", "Freshet failed on this request; its log says why.")
                .reply(instance: exchange.path)
        }
    }

    private func route(_ exchange: Exchange) async throws -> Reply {
        switch table.find(exchange.method, exchange.path) {
        case .route(let route, let captures):
            try tokens.check(route.access, exchange)
            var exchange = exchange
            exchange.captures = captures
            return try await route.handle(exchange)
        case .wrongMethod(let allowed):
            throw Problem(
                405, "method-not-allowed", "This path takes \(allowed.joined(separator: ", ")).",
                fields: [("Allow", allowed.joined(separator: ", "))])
        case .nothing:
            throw Problem(404, "no-such-path", "Nothing is at this path; /openapi.json lists what there is.")
        }
    }

    private func failure(_ error: StoreError) -> Problem {
        logger.error("The store failed on a request", metadata: ["component": "server", "error": "\(error)"])
        return Problem(
            error.isRetryable ? 503 : 500, "store", "\(error)", fields: error.isRetryable ? [("Retry-After", "5")] : [])
    }

    private func log(_ exchange: Exchange, _ reply: Reply, took: Duration) {
        counters.record(status: reply.status, took: took)
        let isSlow = took > Dispatcher.slow && exchange.preferredWait == nil
        guard reply.status >= 500 || isSlow else { return }
        logger.notice(
            reply.status >= 500 ? "Answered with an error" : "Answered slowly",
            metadata: [
                "component": "server", "method": "\(exchange.method.rawValue)", "path": "\(exchange.path.prefix(200))",
                "http_status": "\(reply.status)", "duration_ms": "\(took.microseconds / 1000)",
                "request_id": "\(exchange.requestID)",
            ])
    }
}
