public import FreshetCore

extension SQLiteStore {
    /// Names this log.
    public func eventEpoch() async throws(StoreError) -> String {
        let epoch = try await read { session in
            try session.first("SELECT value FROM freshet_meta WHERE name = 'epoch'") { $0.text(0) }
        }
        guard let epoch else { throw .corrupt("the event log has no name") }
        return epoch
    }

    /// Writes events that belong to no refresh.
    public func append(_ events: [NewEvent], now: Timestamp) async throws(StoreError) -> [Event] {
        guard !events.isEmpty else { return [] }
        return try await committer.write { try $0.append(events, now: now) }
    }

    /// Events after an offset, in order, at most `limit`.
    public func events(
        after offset: Int64, limit: Int
    ) async throws(StoreError) -> (events: [Event], oldest: Int64?) {
        try await read(snapshot: true) { session in
            let oldest = try session.first("SELECT min(id) FROM freshet_events") { $0.optionalInt64(0) }
            let sql = """
                SELECT id, at, type, source, dataset, key, payload, profile FROM freshet_events
                WHERE id > ? ORDER BY id LIMIT ?
                """
            let events = try session.all(sql) {
                $0.bind(offset, at: 1)
                $0.bind(max(0, limit), at: 2)
            } row: { row in
                let dataset = try row.optionalInt64(4).map(session.dataset)
                return Event(
                    offset: row.int64(0), at: Timestamp(microseconds: row.int64(1)), type: row.text(2),
                    source: row.optionalText(3), document: dataset.map { DocumentID(dataset: $0, key: row.text(5)) },
                    profile: row.optionalText(7), payload: row.blob(6))
            }
            return (events, oldest ?? nil)
        }
    }

    /// Removes events written before `before`, at most `limit`.
    public func removeEvents(before: Timestamp, limit: Int) async throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try await committer.write { try $0.removeEvents(before: before, limit: limit) }
    }

    /// The value under a name.
    public func value(_ name: String) async throws(StoreError) -> [UInt8]? {
        try await read { session in
            try session.first("SELECT value FROM freshet_state WHERE name = ?") {
                $0.bind(name, at: 1)
            } row: {
                $0.blob(0)
            }
        }
    }

    /// Sets or (with `nil`) removes a value.
    public func setValue(_ value: [UInt8]?, for name: String) async throws(StoreError) {
        try await committer.write { try $0.setValue(value, for: name) }
    }

    /// Sets or removes a value if it is still what the caller has seen.
    public func swapValue(_ seen: [UInt8]?, with value: [UInt8]?, for name: String) async throws(StoreError) -> Bool {
        try await committer.write { try $0.swapValue(seen, with: value, for: name) }
    }

    /// Values whose names begin with `prefix`, in ascending order of the names.
    public func values(
        prefix: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, value: [UInt8])] {
        guard limit > 0 else { return [] }
        return try await read { session in
            let sql = """
                SELECT name, value FROM freshet_state
                WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 AND (?2 IS NULL OR name > ?2)
                ORDER BY name LIMIT ?3
                """
            return try session.all(sql) {
                $0.bind(prefix, at: 1)
                $0.bind(after, at: 2)
                $0.bind(limit, at: 3)
            } row: {
                (name: $0.text(0), value: $0.blob(1))
            }
        }
    }

    /// Adds a token.
    public func addToken(_ token: TokenRecord) async throws(StoreError) {
        try await committer.write { try $0.addToken(token) }
    }

    /// Every token, oldest first, revoked ones included.
    public func tokens() async throws(StoreError) -> [TokenRecord] {
        try await read { session in
            let sql = """
                SELECT id, name, hash, role, created_at, revoked_at FROM freshet_tokens ORDER BY created_at, number
                """
            return try session.all(sql) { row in
                // An unknown role of a newer program gets the least power.
                TokenRecord(
                    id: row.text(0), name: row.text(1), hash: row.blob(2),
                    role: TokenRecord.Role(rawValue: row.text(3)) ?? .reader,
                    createdAt: Timestamp(microseconds: row.int64(4)), revokedAt: row.timestamp(5))
            }
        }
    }

    /// Revokes a token by its id.
    public func revokeToken(id: String, now: Timestamp) async throws(StoreError) -> Bool {
        try await committer.write { try $0.revokeToken(id: id, now: now) }
    }
}
