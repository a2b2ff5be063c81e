import FreshetCore
import FreshetRedis
import FreshetTesting
import Testing

/// A namespace that no other test has.
func namespace() -> String { "t" + String(UInt64.random(in: .min ... .max), radix: 36) }

/// A coordinator on the server that all tests share, in a namespace of its own.
func coordinator(_ name: String = namespace()) async throws -> RedisCoordinator {
    try await RedisCoordinator(RedisOptions(port: PrivateRedis.shared().port, namespace: name))
}

/// Polls until something holds; for what another process does in its own time.
func eventually(
    _ what: String, within span: Duration = .seconds(10), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + span
    while try await !condition() {
        try #require(ContinuousClock.now < end, "\(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}
