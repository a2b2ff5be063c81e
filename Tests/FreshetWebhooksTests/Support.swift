import FreshetCore
import FreshetMemory
import FreshetTesting
import Synchronization

@testable import FreshetWebhooks

/// An endpoint in memory that answers as it is told and remembers what it got.
final class FakeEndpoint: WebhookSending {
    struct Got: Sendable {
        var id: String
        var type: String
        var timestamp: Int64
        var signature: String
    }

    private let state = Mutex<(answers: [WebhookOutcome], got: [Got])>(([], []))
    /// Called with each message before its answer.
    private let onMessage: @Sendable (WebhookMessage) async throws -> Void

    init(_ onMessage: @escaping @Sendable (WebhookMessage) async throws -> Void = { _ in }) {
        self.onMessage = onMessage
    }

    /// What it answers next; afterwards it accepts.
    func answer(_ outcomes: [WebhookOutcome]) { state.withLock { $0.answers = outcomes } }

    var got: [Got] { state.withLock { $0.got } }

    func send(_ message: WebhookMessage, signature: String, timestamp: Int64) async throws -> WebhookOutcome {
        let body = String(decoding: message.body, as: UTF8.self)
        let type = body.split(separator: "\"").dropFirst(3).first.map(String.init) ?? ""
        state.withLock {
            $0.got.append(Got(id: message.id, type: type, timestamp: timestamp, signature: signature))
        }
        try await onMessage(message)
        return state.withLock { $0.answers.isEmpty ? .accepted(status: 200) : $0.answers.removeFirst() }
    }

    func close() async {}
}

/// An endpoint with its runner, a store and a clock that stands still.
struct Bench {
    static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    let store = MemoryStore()
    let clock = ManualClock()
    var config = WebhookConfig(
        name: "orders", url: Secret("https://example.com/hook?token=abc"), secrets: [Bench.secret])

    var context: WebhookContext {
        WebhookContext(
            store: store, clock: clock, rings: { AsyncStream { $0.finish() } }, ring: {}, notice: { _ in })
    }

    func runner(_ endpoint: FakeEndpoint) throws -> WebhookRunner {
        let signature = WebhookSignature(secrets: config.secrets)
        guard let signature else { throw StoreError.unavailable("no signature") }
        return WebhookRunner(config: config, context: context, signature: signature, sender: endpoint)
    }

    func write(_ types: String..., payload: String = "{}") async throws {
        let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "A")
        _ = try await store.append(
            types.map { NewEvent(type: $0, source: "clash", document: id, payload: Array(payload.utf8)) },
            now: clock.now())
    }

    func state() async throws -> WebhookState? {
        try await store.value("webhook/orders").flatMap(WebhookState.init)
    }
}

extension WebhookRunner {
    /// Works until nothing can be done now; how long that lasts.
    func settle() async -> Duration {
        for _ in 0..<100 {
            let wait = await step()
            if wait > .zero { return wait }
        }
        return .zero
    }
}
