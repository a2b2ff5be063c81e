import FreshetCore
import FreshetEngine
import HTTPTypes
import Logging

/// `/admin/webhooks`: how the endpoints stand, a test message, and going on.
struct WebhookRoutes: Sendable {
    let service: any MirrorService
    let logger: Logger

    var routes: [Route] {
        [
            Route(.get, "/admin/webhooks", .operator, "Webhooks, their places and last errors", list),
            Route(.post, "/admin/webhooks/{name}/test", .operator, "Send a test message to a webhook", test),
            Route(.post, "/admin/webhooks/{name}/resume", .operator, "Let a webhook go on at once", resume),
        ]
    }

    func list(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters([])
        return .json(
            200, .object([("webhooks", .array(try await (service.webhooks?.status() ?? []).map(WebhookRoutes.json)))]))
    }

    func test(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters([])
        let name = exchange.capture("name") ?? ""
        guard let trial = await service.webhooks?.test(name) else { throw WebhookRoutes.unknown(name) }
        return .json(
            200,
            .object([
                ("webhook", .string(name)), ("accepted", .bool(trial.isAccepted)), ("http_status", .int(trial.status)),
                ("message", .string(trial.message)),
            ]))
    }

    func resume(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["skip"])
        let name = exchange.capture("name") ?? ""
        let skip = try exchange.number("skip", in: 0...1, default: 0) == 1
        guard let status = try await service.webhooks?.resume(name, skipping: skip) else {
            throw WebhookRoutes.unknown(name)
        }
        logger.notice("The webhook \(name) was resumed by hand", metadata: ["component": "server", "skip": "\(skip)"])
        return .json(200, WebhookRoutes.json(status))
    }

    private static func unknown(_ name: String) -> Problem {
        Problem(404, "no-such-webhook", "No webhook of that name is declared; /admin/webhooks lists them.")
    }

    static func json(_ status: WebhookStatus) -> JSONValue {
        .object([
            ("webhook", .string(status.name)), ("url", .string(status.url)), ("phase", .string(status.phase.rawValue)),
            ("place", .string(status.place.text)), ("behind", .number(status.behind)),
            ("waiting_since", .time(status.waitingSince)), ("attempts", .number(Int64(status.attempts))),
            ("next_attempt", .time(status.nextAttempt)), ("last_error", .optional(status.lastError)),
            ("last_success", .time(status.lastSuccess)), ("delivered", .number(status.delivered)),
        ])
    }
}
