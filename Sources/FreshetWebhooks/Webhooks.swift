public import FreshetCore
import NIOPosix

/// Sends events to the endpoints of the configuration.
///
/// ``run()`` belongs into one process of a deployment at a time; everything else may be asked of any.
public final class Webhooks: WebhookControl, Sendable {
    private struct Endpoint: Sendable {
        let config: WebhookConfig
        let url: WebhookURL
        let signature: WebhookSignature
        let sender: any WebhookSending
        let runner: WebhookRunner
    }

    private let endpoints: [Endpoint]
    private let context: WebhookContext

    /// Makes the endpoints; nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - configs: Checked endpoints; one whose URL or secret cannot be read is left out.
    ///   - store: The log, and where places are kept.
    ///   - clock: The time.
    ///   - agent: The `User-Agent`.
    ///   - rings: Listens to the event log's bell.
    ///   - ring: Rings it.
    ///   - notice: Told what an operator should hear.
    public convenience init(
        _ configs: [WebhookConfig], store: any EventStore & StateStore, clock: any FreshetClock, agent: String,
        rings: @escaping @Sendable () -> AsyncStream<Void>, ring: @escaping @Sendable () -> Void,
        notice: @escaping @Sendable (WebhookNotice) -> Void
    ) {
        self.init(
            configs,
            context: WebhookContext(store: store, clock: clock, rings: rings, ring: ring, notice: notice)
        ) { config, url in
            WebhookSender(config: config, parts: url, threads: .singleton, agent: agent)
        }
    }

    init(
        _ configs: [WebhookConfig], context: WebhookContext,
        sender: (WebhookConfig, WebhookURL) -> any WebhookSending
    ) {
        self.context = context
        endpoints = configs.sorted { $0.name < $1.name }.compactMap { config in
            guard let url = WebhookURL(config.url.reveal()), let signature = WebhookSignature(secrets: config.secrets)
            else { return nil }
            let sender = sender(config, url)
            return Endpoint(
                config: config, url: url, signature: signature, sender: sender,
                runner: WebhookRunner(config: config, context: context, signature: signature, sender: sender))
        }
    }

    /// Delivers until cancelled; may be called again then.
    ///
    /// Every endpoint goes at its own pace: one that is slow or down delays no other.
    public func run() async {
        guard !endpoints.isEmpty else {
            try? await context.clock.sleep(for: .seconds(1 << 40))
            return
        }
        await withDiscardingTaskGroup { group in
            for endpoint in endpoints { group.addTask { await endpoint.runner.run() } }
        }
    }

    /// Closes connections.
    public func close() async {
        for endpoint in endpoints { await endpoint.sender.close() }
    }

    /// How each endpoint stands.
    public func status() async throws(StoreError) -> [WebhookStatus] {
        guard !endpoints.isEmpty else { return [] }
        let newest = EventPlace(
            epoch: try await context.store.eventEpoch(), offset: try await context.store.newestOffset())
        var found: [WebhookStatus] = []
        for endpoint in endpoints {
            let kept = try await context.store.value(context.stateName(endpoint.config.name))
            found.append(
                try await describe(endpoint, kept.flatMap(WebhookState.init) ?? WebhookState(place: newest), newest))
        }
        return found
    }

    private func describe(
        _ endpoint: Endpoint, _ state: WebhookState, _ newest: EventPlace
    ) async throws(StoreError) -> WebhookStatus {
        let behind = state.place.epoch == newest.epoch ? max(0, newest.offset - state.place.offset) : newest.offset
        // Between two saves the place in the store is that of the last message; what lies behind it may be unwanted.
        var waiting = state.gap?.at ?? state.pending?.at
        if waiting == nil, behind > 0, state.place.epoch == newest.epoch {
            let choice = WebhookChoice(endpoint.config)
            let page = try await context.store.events(after: state.place.offset, limit: WebhookRunner.portion)
            waiting = page.events.first(where: choice.takes)?.at
        }
        return WebhookStatus(
            name: endpoint.config.name, url: endpoint.url.shown, phase: state.phase, place: state.place,
            behind: behind, waitingSince: waiting, attempts: state.failures, nextAttempt: state.nextAttempt,
            lastError: state.lastError, lastSuccess: state.lastSuccess, delivered: state.delivered)
    }

    /// Sends a `webhook.test` message now.
    public func test(_ name: String) async -> WebhookTrial? {
        guard let endpoint = endpoints.first(where: { $0.config.name == name }) else { return nil }
        let message = WebhookMessage(testOf: name, at: context.clock.now())
        let delivery = WebhookDelivery(signature: endpoint.signature, sender: endpoint.sender, clock: context.clock)
        do {
            switch try await delivery.send(message) {
            case .accepted(let status):
                return WebhookTrial(isAccepted: true, status: status, message: "it was accepted")
            case .failed(let reason, let status, _):
                return WebhookTrial(isAccepted: false, status: status, message: reason)
            case .gone: return WebhookTrial(isAccepted: false, status: 410, message: "it answered 410 Gone")
            }
        } catch {
            return WebhookTrial(isAccepted: false, status: nil, message: "it was cancelled")
        }
    }

    /// Lets an endpoint go on at once.
    public func resume(_ name: String, skipping: Bool) async throws(StoreError) -> WebhookStatus? {
        guard let endpoint = endpoints.first(where: { $0.config.name == name }) else { return nil }
        let newest = EventPlace(
            epoch: try await context.store.eventEpoch(), offset: try await context.store.newestOffset())
        for _ in 0..<20 {
            let kept = try await context.store.value(context.stateName(name))
            var state = kept.flatMap(WebhookState.init) ?? WebhookState(place: newest)
            state.resume(skipping: skipping)
            // The runner may have written meanwhile.
            guard try await context.store.swapValue(kept, with: state.bytes, for: context.stateName(name)) else {
                continue
            }
            context.ring()
            return try await describe(endpoint, state, newest)
        }
        throw .unavailable("the endpoint's place changes too fast; try again")
    }
}
