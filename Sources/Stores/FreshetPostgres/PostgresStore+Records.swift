public import FreshetCore

extension PostgresStore {
    // MARK: Events

    /// Names this log.
    public func eventEpoch() async throws(StoreError) -> String {
        let epoch = try await readers.read { connection in
            try connection.query("SELECT value FROM freshet_meta WHERE name = 'epoch'").first { $0.text(0) }
        }
        guard let epoch else { throw .corrupt("the event log has no name") }
        return epoch
    }

    /// Writes events that belong to no refresh.
    public func append(_ events: [NewEvent], now: Timestamp) async throws(StoreError) -> [Event] {
        guard !events.isEmpty else { return [] }
        _ = try await numbers(of: events.compactMap { $0.document?.dataset })
        return try await writers.transaction { [datasets] connection in
            try EventRows.append(events, now: now, datasets, on: connection)
        }
    }

    /// Events after an offset, in order, at most `limit`.
    public func events(
        after offset: Int64, limit: Int
    ) async throws(StoreError) -> (events: [Event], oldest: Int64?) {
        try await readers.read { [datasets] connection in
            // One statement sees one state: what is oldest and what follows belong together.
            let rows = try connection.query(
                """
                SELECT NULL::bigint, (SELECT min(id) FROM freshet_events), NULL, NULL, NULL, NULL, NULL, NULL UNION ALL (
                    SELECT id, at, type, source, dataset, key, payload, profile FROM freshet_events
                    WHERE id > $1 ORDER BY id LIMIT $2)
                """, [.int(offset), .int(max(0, limit))])
            var (events, oldest): ([Event], Int64?) = ([], nil)
            for index in 0..<rows.count {
                let row = rows[index]
                guard let id = row.optionalInt64(0) else {
                    oldest = row.optionalInt64(1)
                    continue
                }
                let dataset = try row.optionalInt64(4).map { try datasets.dataset($0, on: connection) }
                events.append(
                    Event(
                        offset: id, at: Timestamp(microseconds: row.int64(1)), type: row.text(2),
                        source: row.optionalText(3),
                        document: dataset.map { DocumentID(dataset: $0, key: row.text(5)) },
                        profile: row.optionalText(7), payload: row.blob(6)))
            }
            return (events, oldest)
        }
    }

    /// Removes events written before `before`, at most `limit`.
    ///
    /// The oldest go as long as they are old enough: the log never gets a gap, also when a clock jumped.
    public func removeEvents(before: Timestamp, limit: Int) async throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try await change(
            """
            WITH head AS (SELECT id, at FROM freshet_events ORDER BY id LIMIT $2),
            young AS (SELECT min(id) AS id FROM head WHERE at >= $1)
            DELETE FROM freshet_events WHERE id <= (SELECT max(id) FROM head)
                AND id < coalesce((SELECT id FROM young), 9223372036854775807)
            """, [.time(before), .int(limit)])
    }

    // MARK: Small values

    /// The value under a name.
    public func value(_ name: String) async throws(StoreError) -> [UInt8]? {
        try await readers.read { connection in
            try connection.query("SELECT value FROM freshet_state WHERE name = $1", [.text(name)]).first { $0.blob(0) }
        }
    }

    /// Sets or (with `nil`) removes a value.
    public func setValue(_ value: [UInt8]?, for name: String) async throws(StoreError) {
        _ = try await writers.statement(repeatable: true) { connection in
            guard let value else {
                return try connection.execute("DELETE FROM freshet_state WHERE name = $1", [.text(name)])
            }
            return try connection.execute(
                """
                INSERT INTO freshet_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """, [.text(name), .bytes(value)])
        }
    }

    /// Sets or removes a value if it is still what the caller has seen.
    public func swapValue(_ seen: [UInt8]?, with value: [UInt8]?, for name: String) async throws(StoreError) -> Bool {
        switch (seen, value) {
        case (nil, nil): return try await self.value(name) == nil
        case (nil, .some(let value)):
            return try await change(
                "INSERT INTO freshet_state (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [.text(name), .bytes(value)]) > 0
        case (.some(let seen), nil):
            return try await change(
                "DELETE FROM freshet_state WHERE name = $1 AND value = $2", [.text(name), .bytes(seen)]) > 0
        case (.some(let seen), .some(let value)):
            return try await change(
                "UPDATE freshet_state SET value = $3 WHERE name = $1 AND value = $2",
                [.text(name), .bytes(seen), .bytes(value)]) > 0
        }
    }

    /// Values whose names begin with `prefix`, in ascending order of the names (binary).
    public func values(
        prefix: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, value: [UInt8])] {
        guard limit > 0 else { return [] }
        return try await readers.read { connection in
            try connection.query(
                """
                SELECT name, value FROM freshet_state
                WHERE name >= $1::text AND name <= $1::text || repeat(chr(1114111), 4) AND starts_with(name, $1::text)
                    AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3
                """, [.text(prefix), .text(orNull: after), .int(limit)]
            ).map { (name: $0.text(0), value: $0.blob(1)) }
        }
    }

    // MARK: Tokens

    /// Adds a token.
    public func addToken(_ token: TokenRecord) async throws(StoreError) {
        _ = try await change(
            "INSERT INTO freshet_tokens (id, name, hash, role, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                .text(token.id), .text(token.name), .bytes(token.hash), .text(token.role.rawValue),
                .time(token.createdAt), .time(token.revokedAt),
            ])
    }

    /// Every token, oldest first, revoked ones included.
    public func tokens() async throws(StoreError) -> [TokenRecord] {
        try await readers.read { connection in
            try connection.query(
                "SELECT id, name, hash, role, created_at, revoked_at FROM freshet_tokens ORDER BY created_at, number"
            ).map { row in
                // An unknown role of a newer program gets the least power.
                TokenRecord(
                    id: row.text(0), name: row.text(1), hash: row.blob(2),
                    role: TokenRecord.Role(rawValue: row.text(3)) ?? .reader,
                    createdAt: Timestamp(microseconds: row.int64(4)), revokedAt: row.time(5))
            }
        }
    }

    /// Revokes a token by its id.
    public func revokeToken(id: String, now: Timestamp) async throws(StoreError) -> Bool {
        try await change(
            "UPDATE freshet_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", [.text(id), .time(now)])
            > 0
    }
}
