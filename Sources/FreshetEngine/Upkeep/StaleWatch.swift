import FreshetCore
import FreshetDocument
import Logging

/// Tells of documents that went stale: `dataset.stale`, once each until upstream confirms them again.
struct StaleWatch: Sendable {
    /// How often it looks.
    static let pause = Duration.seconds(1)
    /// Documents told of in one transaction, so that writers never wait long.
    static let portion = 500
    /// Between two portions: after a long rest everything may be stale at once, and refreshes want to write, too.
    static let breath = Duration.milliseconds(50)

    let context: EngineContext

    /// Works until cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                let pause = try await work() ? StaleWatch.breath : StaleWatch.pause
                try? await context.clock.sleep(for: pause)
            } catch {
                context.storeFailed(error, while: "telling of stale documents", metadata: [:])
                try? await context.clock.sleep(for: StoreHealth.pause)
            }
        }
    }

    /// One portion.
    ///
    /// - Returns: Whether anything was told, and there may be more.
    /// - Throws: ``StoreError``.
    func work() async throws(StoreError) -> Bool {
        let events = try await context.store.tellStale(at: context.clock.now(), limit: StaleWatch.portion) {
            [context] id, state in
            // What is left of a dataset that is not declared any more is nobody's.
            guard context.configuration.dataset(id.dataset) != nil else { return nil }
            return StaleWatch.event(id, state, sourceReason: context.catalog.sourceCondition(id.dataset.source)?.reason)
        }
        guard !events.isEmpty else { return false }
        context.metrics.increment("freshet_events_total", by: Double(events.count))
        context.bell.ring()
        context.ring(.documents)
        return true
    }

    /// What is written; the reason is the word that reads give, too.
    static func event(_ id: DocumentID, _ state: DocumentState, sourceReason: String?) -> NewEvent {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("reason")
        writer.string(
            StaleReason.word(isDoubted: state.isDoubted, failure: state.failure?.kind, source: sourceReason))
        writer.key("message")
        writer.string(state.failure?.message ?? "older than its max_age")
        for (name, moment) in [("last_updated", state.lastUpdated), ("fresh_until", state.freshUntil)] {
            writer.key(name)
            if let moment { writer.string(moment.rfc3339) } else { writer.null() }
        }
        writer.endObject()
        return NewEvent(type: "dataset.stale", source: id.dataset.source, document: id, payload: writer.bytes)
    }
}
