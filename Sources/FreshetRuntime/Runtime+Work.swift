import FreshetCore
public import FreshetEngine

extension Runtime {
    /// Refreshes what is due and ends: when nothing has been due for a second, at `limit`, or when the task is cancelled.
    ///
    /// - Parameter limit: The longest it runs; refreshes under way get what is left of the last twentieth, 5 s at most.
    /// - Returns: What was refreshed, and how long it took.
    /// - Throws: ``StoreError`` when the store cannot be read at start.
    public func workOnce(limit: Duration) async throws -> (report: WorkReport, took: Duration) {
        let clock = SystemClock()
        let began = clock.monotonic()
        let engine = engine
        try await engine.prepareTables()
        let last = began + limit - min(limit / 20, .seconds(5))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            group.addTask {
                var quietSince: Duration?
                while !Task.isCancelled, clock.monotonic() < last {
                    let now = clock.monotonic()
                    // A schedule that is due has been looked at by then, and who does what is settled.
                    let isIdle = await engine.isIdle()
                    quietSince = isIdle && now - began > .seconds(1) ? quietSince ?? now : nil
                    if let quietSince, now - quietSince > .seconds(1) { break }
                    try? await clock.sleep(for: .milliseconds(100))
                }
                engine.stop()
            }
            try await group.waitForAll()
        }
        let report = engine.workReport
        await close()
        return (report, clock.monotonic() - began)
    }
}
