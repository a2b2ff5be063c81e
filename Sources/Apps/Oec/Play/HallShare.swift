import FreshetCore
import FreshetDocument

/// Which kept games are this process's own, where several processes share a store.
///
/// Each gives a sign of life; the games of one that gives none for a while go to whoever finds them first.
struct HallShare: Sendable {
    /// How often a sign of life is given, and others are looked after.
    static let pace = Duration.seconds(5)
    /// After how long without a sign a process counts as ended.
    static let patience = Duration.seconds(15)
    static let prefix = "oec/hall/"

    let store: any StateStore
    let owner: String

    /// Gives a sign of life.
    func beat(at now: Timestamp) async throws(StoreError) {
        try await store.setValue(Array(now.rfc3339.utf8), for: Self.prefix + owner)
    }

    /// Says that this process plays no more: its games are free at once.
    func end() async { try? await store.setValue(nil, for: Self.prefix + owner) }

    /// Processes that live, this one included; signs of others are removed once nobody needs them.
    func living(at now: Timestamp) async throws(StoreError) -> Set<String> {
        var found: Set<String> = [owner]
        for (name, value) in try await store.values(prefix: Self.prefix, after: nil, limit: 1_000) {
            let sign = Timestamp(rfc3339: String(decoding: value, as: UTF8.self))
            if let sign, now - sign < Self.patience {
                found.insert(String(name.dropFirst(Self.prefix.count)))
            } else {
                _ = try await store.swapValue(value, with: nil, for: name)
            }
        }
        return found
    }

    /// Takes a game over, unless another process was faster or it has gone on.
    func take(_ game: String, _ seen: [UInt8], _ table: Table, now: Duration) async throws(StoreError) -> Bool {
        let own = KeptGame.bytes(table, owner: owner, now: now)
        return try await store.swapValue(seen, with: own, for: GameKeeper.prefix + game)
    }
}
