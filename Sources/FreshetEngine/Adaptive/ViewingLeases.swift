import FreshetCore

/// Which keys clients show right now; pure.
struct ViewingLeases: Sendable {
    /// Keys that one client may hold at once.
    static let perClient = 50
    /// Keys that all may hold at once.
    static let most = 100_000
    /// The longest hold; a client that still shows the key renews it.
    static let longest = Duration.seconds(600)

    enum Answer: Sendable, Equatable {
        /// Held until then.
        case held(until: Timestamp)
        /// The client holds too many; one of them ends then.
        case refused(until: Timestamp)
    }

    private struct Hold: Hashable {
        var id: DocumentID
        var client: String
    }

    private var holds: [Hold: Timestamp] = [:]
    private var clients: [String: Set<DocumentID>] = [:]
    private var viewers: [DocumentID: Set<String>] = [:]

    /// Holds a key for a client, or prolongs that.
    ///
    /// - Returns: Until when the key is held by anyone.
    mutating func hold(_ id: DocumentID, client: String, until: Timestamp, now: Timestamp) -> Answer {
        let hold = Hold(id: id, client: client)
        if holds[hold] == nil,
            clients[client]?.count ?? 0 >= ViewingLeases.perClient || holds.count >= ViewingLeases.most
        {
            removeEnded(now: now)
            if clients[client]?.count ?? 0 >= ViewingLeases.perClient {
                let ends = clients[client]?.compactMap { holds[Hold(id: $0, client: client)] }.min()
                return .refused(until: ends ?? now + ViewingLeases.longest)
            }
            if holds.count >= ViewingLeases.most { return .refused(until: now + .seconds(60)) }
        }
        holds[hold] = min(until, now + ViewingLeases.longest)
        clients[client, default: []].insert(id)
        viewers[id, default: []].insert(client)
        return .held(until: heldUntil(id) ?? now)
    }

    /// Ends a hold; gives until when others hold the key (`now` when nobody does), `nil` when there was no such hold.
    mutating func release(_ id: DocumentID, client: String, now: Timestamp) -> Timestamp? {
        guard remove(Hold(id: id, client: client)) else { return nil }
        return max(heldUntil(id) ?? now, now)
    }

    private func heldUntil(_ id: DocumentID) -> Timestamp? {
        viewers[id]?.compactMap { holds[Hold(id: id, client: $0)] }.max()
    }

    private mutating func removeEnded(now: Timestamp) {
        for (hold, until) in holds where until <= now { _ = remove(hold) }
    }

    private mutating func remove(_ hold: Hold) -> Bool {
        guard holds.removeValue(forKey: hold) != nil else { return false }
        clients[hold.client]?.remove(hold.id)
        if clients[hold.client]?.isEmpty == true { clients[hold.client] = nil }
        viewers[hold.id]?.remove(hold.client)
        if viewers[hold.id]?.isEmpty == true { viewers[hold.id] = nil }
        return true
    }
}
