import FreshetCore
import FreshetRedis
import FreshetTesting
import Testing

/// A namespace that no other test has.
func namespace() -> String { "t" + String(UInt64.random(in: .min ... .max), radix: 36) }

/// Options for a machine on which many tests run at once.
func patient(port: Int, namespace: String = "freshet") -> RedisOptions {
    var options = RedisOptions(port: port, namespace: namespace)
    options.connectTimeout = .seconds(10)
    options.answerTimeout = .seconds(10)
    return options
}

/// A coordinator on the server that all tests share, in a namespace of its own.
func coordinator(_ name: String = namespace()) async throws -> RedisCoordinator {
    try await RedisCoordinator(patient(port: PrivateRedis.shared().port, namespace: name))
}

/// Polls until something holds; for what another process does in its own time.
func eventually(
    _ what: String, within span: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + span
    while try await !condition() {
        try #require(ContinuousClock.now < end, "\(what)")
        await serverTurn()
    }
}

extension PrivateRedis {
    /// Returns when so much time has passed on the server's own clock, which is the one that leases go by.
    func pass(_ span: Duration) async throws {
        let (seconds, attoseconds) = span.components
        try await command("BLPOP nothing-ever-comes \(Double(seconds) + Double(attoseconds) * 1e-18)")
    }

    /// Removes all keys of one namespace: for its coordinators Redis has lost everything, other tests go on.
    func forget(namespace: String) async throws {
        let keys = try await command("KEYS freshet:{\(namespace)}*").split(whereSeparator: \.isNewline)
        if !keys.isEmpty { try await command("DEL \(keys.joined(separator: " "))") }
    }
}
