import FreshetCore

extension WriteSession {
    /// Writes events with the next offsets.
    func append(_ events: [NewEvent], now: Timestamp) throws -> [Event] {
        guard !events.isEmpty else { return [] }
        let statement = try statement(
            """
            INSERT INTO freshet_events (id, at, type, source, dataset, key, payload, profile)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """)
        var written: [Event] = []
        written.reserveCapacity(events.count)
        for event in events {
            let dataset = try event.document.map { try number(of: $0.dataset) }
            let offset = try next(.event)
            statement.bind(offset, at: 1)
            statement.bind(now.microseconds, at: 2)
            statement.bind(event.type, at: 3)
            statement.bind(event.source, at: 4)
            statement.bind(dataset, at: 5)
            statement.bind(event.document?.key, at: 6)
            statement.bind(event.payload, at: 7)
            statement.bind(event.profile, at: 8)
            try statement.run()
            written.append(Event(event, offset: offset, at: now))
        }
        return written
    }

    /// Removes the oldest events as long as they are old enough: the log never gets a gap, also when the clock jumped.
    func removeEvents(before: Timestamp, limit: Int) throws -> Int {
        let oldest = try statement("SELECT id, at FROM freshet_events ORDER BY id LIMIT ?")
        oldest.bind(limit, at: 1)
        var last: Int64?
        do {
            defer { oldest.reset() }
            while try oldest.step(), oldest.int64(1) < before.microseconds { last = oldest.int64(0) }
        }
        guard let last else { return 0 }
        let statement = try statement("DELETE FROM freshet_events WHERE id <= ?")
        statement.bind(last, at: 1)
        try statement.run()
        return statement.changes
    }

    /// See `StateStore.setValue(_:for:)`.
    func setValue(_ value: [UInt8]?, for name: String) throws {
        guard let value else {
            let statement = try statement("DELETE FROM freshet_state WHERE name = ?")
            statement.bind(name, at: 1)
            return try statement.run()
        }
        let statement = try statement("INSERT OR REPLACE INTO freshet_state (name, value) VALUES (?, ?)")
        statement.bind(name, at: 1)
        try statement.run(blob: value, at: 2)
    }

    /// See `StateStore.swapValue(_:with:for:)`.
    func swapValue(_ seen: [UInt8]?, with value: [UInt8]?, for name: String) throws -> Bool {
        let statement = try statement("SELECT value FROM freshet_state WHERE name = ?")
        statement.bind(name, at: 1)
        let current = try statement.step() ? statement.blob(0) : nil
        statement.reset()
        guard current == seen else { return false }
        try setValue(value, for: name)
        return true
    }

    /// See `TokenStore.addToken(_:)`.
    func addToken(_ token: TokenRecord) throws {
        let statement = try statement(
            "INSERT INTO freshet_tokens (id, name, hash, role, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)")
        statement.bind(token.id, at: 1)
        statement.bind(token.name, at: 2)
        statement.bind(token.hash, at: 3)
        statement.bind(token.role.rawValue, at: 4)
        statement.bind(token.createdAt.microseconds, at: 5)
        statement.bind(token.revokedAt, at: 6)
        try statement.run()
    }

    /// See `TokenStore.revokeToken(id:now:)`.
    func revokeToken(id: String, now: Timestamp) throws -> Bool {
        let statement = try statement("UPDATE freshet_tokens SET revoked_at = ?1 WHERE id = ?2 AND revoked_at IS NULL")
        statement.bind(now.microseconds, at: 1)
        statement.bind(id, at: 2)
        try statement.run()
        return statement.changes > 0
    }
}
