import FreshetCore
import Logging

/// Removes what its retention has ended: superseded versions, finished jobs, old events.
struct Janitor: Sendable {
    /// How long finished jobs can be looked up.
    static let keepDoneJobs = Duration.seconds(3600)
    /// How long events are kept.
    static let keepEvents = Duration.seconds(7 * 86_400)
    /// Rows removed in one transaction, so that writers never wait long.
    static let portion = 2000

    let context: EngineContext

    /// Works once a minute until cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await work()
            } catch {
                context.storeFailed(error, while: "removing what retention has ended", metadata: [:])
            }
            try? await context.clock.sleep(for: .seconds(60))
        }
    }

    /// One round.
    func work() async throws(StoreError) {
        let now = context.clock.now()
        for dataset in context.configuration.datasets {
            guard let keep = dataset.historyKeep else { continue }
            let before = now - keep.approximate
            while try await context.store.removeVersions(
                of: dataset.id, endedBefore: before, limit: Janitor.portion) == Janitor.portion
            {
                if Task.isCancelled { return }
            }
        }
        _ = try await context.store.forgetDone(before: context.steady.now() - Janitor.keepDoneJobs)
        while try await context.store.removeEvents(before: now - Janitor.keepEvents, limit: Janitor.portion)
            == Janitor.portion
        {
            if Task.isCancelled { return }
        }
    }
}
