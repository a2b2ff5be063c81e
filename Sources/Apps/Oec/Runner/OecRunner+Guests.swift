import FreshetCore

/// How many guests each client has made lately.
struct GuestBudget: Sendable {
    /// In a minute, for each client.
    static let limit = 30
    private static let window = Duration.seconds(60)
    /// Clients that are remembered at most; beyond, everybody begins anew.
    private static let most = 10_000

    private var counts: [String: (count: Int, since: Duration)] = [:]

    /// Counts one more; `false` when it is too many.
    mutating func take(_ client: String, now: Duration) -> Bool {
        if counts.count >= Self.most { counts = [:] }
        var entry = counts[client] ?? (0, now)
        if now - entry.since >= Self.window { entry = (0, now) }
        entry.count += 1
        counts[client] = entry
        return entry.count <= Self.limit
    }
}

extension OecRunner {
    /// Whether a client may make another guest now.
    func mayMakeGuest(_ client: String) -> Bool {
        let now = services.clock.monotonic()
        return with { $0.guests.take(client, now: now) }
    }
}
