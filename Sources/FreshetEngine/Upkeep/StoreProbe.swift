import FreshetCore
import Logging

/// Finds out that the store takes writes again where nothing else would: a process that only reads, or has nothing to refresh.
struct StoreProbe: Sendable {
    /// Between two looks.
    static let beat = Duration.seconds(3)
    /// What is written, and removed again.
    static let name = "engine/probe"
    /// As much as a document: a disk that is full for those may still take a few bytes.
    static let size = 65_536

    let context: EngineContext

    /// Works until cancelled.
    func run() async {
        while (try? await context.clock.sleep(for: StoreProbe.beat)) != nil {
            guard context.storeHealth.isInDoubt(now: context.clock.monotonic()) else { continue }
            do throws(StoreError) {
                try await context.store.setValue(Array(repeating: 0, count: StoreProbe.size), for: StoreProbe.name)
                try await context.store.setValue(nil, for: StoreProbe.name)
                if context.storeHealth.succeeded() { context.logger.notice("the store takes writes again") }
            } catch {
                context.storeFailed(error, while: "testing whether the store takes writes", metadata: [:])
            }
        }
    }
}
