import FreshetCore
import FreshetEngine
import FreshetWebhooks
import Logging
import ServiceLifecycle

/// Sends events to the configured endpoints until graceful shutdown.
struct WebhookService: Service, CustomStringConvertible {
    let webhooks: Webhooks
    /// Runs what only one process of a deployment may do.
    let duty: @Sendable (_ work: @escaping @Sendable () async -> Void) async -> Void
    /// Its name only: a field is secret.
    var description: String { "Webhooks" }

    func run() async throws {
        await cancelWhenGracefulShutdown { await duty { await webhooks.run() } }
        await webhooks.close()
    }

    /// What sends to the endpoints of a configuration.
    static func make(
        _ configuration: Configuration, store: any Store, clock: any FreshetClock, bell: EventBell,
        metrics: MetricsRegistry, logger: Logger
    ) -> Webhooks {
        describe(metrics, configuration)
        return Webhooks(
            configuration.webhooks, store: store, clock: clock, agent: "freshet/\(Version.text)",
            rings: { bell.rings() }, ring: { bell.ring() }
        ) { notice in
            count(notice, in: metrics)
            log(notice, logger)
        }
    }

    private static func describe(_ metrics: MetricsRegistry, _ configuration: Configuration) {
        guard !configuration.webhooks.isEmpty else { return }
        metrics.describe(
            "freshet_webhook_attempts_total", type: "counter", help: "Messages sent to webhooks, by outcome.")
        metrics.describe(
            "freshet_webhook_seconds", type: "histogram", help: "How long an attempt on a webhook took.")
        metrics.describe(
            "freshet_webhook_gaps_total", type: "counter",
            help: "Gaps that webhooks were told of: events lost to retention.")
        for webhook in configuration.webhooks {
            for outcome in ["accepted", "failed"] {
                metrics.increment(
                    "freshet_webhook_attempts_total", [("webhook", webhook.name), ("outcome", outcome)], by: 0)
            }
        }
    }

    private static func count(_ notice: WebhookNotice, in metrics: MetricsRegistry) {
        switch notice {
        case .accepted(let webhook, let took):
            metrics.increment("freshet_webhook_attempts_total", [("webhook", webhook), ("outcome", "accepted")])
            metrics.observe("freshet_webhook_seconds", [("webhook", webhook)], seconds: took.inSeconds)
        case .failed(let webhook, _, _, _, let took):
            metrics.increment("freshet_webhook_attempts_total", [("webhook", webhook), ("outcome", "failed")])
            metrics.observe("freshet_webhook_seconds", [("webhook", webhook)], seconds: took.inSeconds)
        case .gap(let webhook, _, _): metrics.increment("freshet_webhook_gaps_total", [("webhook", webhook)])
        case .storeFailed: metrics.increment("freshet_store_errors_total")
        case .parked, .disabled, .resumed: break
        }
    }

    private static func log(_ notice: WebhookNotice, _ logger: Logger) {
        switch notice {
        case .accepted: break
        case .failed(let webhook, let reason, let wait, let isFirst, _):
            logger.log(
                level: isFirst ? .warning : .debug,
                "The webhook \(webhook) took no message: \(reason); the next attempt comes in \(wait)")
        case .parked(let webhook, let reason):
            logger.error(
                "The webhook \(webhook) is parked: \(reason). Its place is kept, and it is tried once an hour; freshet webhooks resume \(webhook) tries at once"
            )
        case .disabled(let webhook):
            logger.error(
                "The webhook \(webhook) answered 410 Gone and gets nothing more; freshet webhooks resume \(webhook), or another url, begins again"
            )
        case .resumed(let webhook): logger.notice("The webhook \(webhook) takes messages again")
        case .gap(let webhook, let from, let to):
            logger.error(
                "The webhook \(webhook) missed the events from \(from) to \(to), which are not kept any more; it is told"
            )
        case .storeFailed(let webhook, let error):
            logger.error("The webhook \(webhook) waits for the store: \(error)")
        }
    }
}
