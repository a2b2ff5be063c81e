import FreshetCore

/// Waits for something, but not for longer than one wants to.
enum Deadline {
    /// What `work` gives, or `nil` when it takes longer than `limit`; it is cancelled then, and may go on for a while unheard.
    static func within<Value: Sendable>(
        _ limit: Duration, clock: any FreshetClock, _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let (results, continuation) = AsyncStream<Value?>.makeStream()
        // Unstructured: whoever asks goes on although the work does not end.
        let task = Task { continuation.yield(await work()) }
        let alarm = Task {
            if (try? await clock.sleep(for: limit)) != nil { continuation.yield(nil) }
        }
        defer {
            task.cancel()
            alarm.cancel()
        }
        for await first in results { return first }
        return nil
    }
}
