public import FreshetCore

/// Limits that all processes share, counted in the database by the server's clock; each call is one round trip.
///
/// A count is a row, locked while it is looked at, so that no two processes take the same slot. Nothing waits for the
/// server's disk: slots held too long do no harm, and what a crash forgets is made up for at the next call.
public struct PostgresLimits: SharedLimits {
    let pool: PGPool

    /// Takes a slot of every count, or of none.
    public func take(
        _ counts: [SharedCount], call: String, hold: Duration
    ) async throws(StoreError) -> SharedGrant {
        guard !counts.isEmpty else { return .granted }
        // A call that has its slots already gets no second ones.
        return try await pool.statement(repeatable: true) { connection in
            let row = try connection.query(
                """
                SELECT wait, blocked FROM freshet_take(
                    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text, $7::bigint)
                """,
                [
                    .texts(counts.map(\.name)), .ints(counts.map(\.per.microseconds)),
                    .ints(counts.map { Int64(max(1, $0.capacity)) }), .ints(counts.map(\.interval.microseconds)),
                    .ints(counts.map(\.tolerance.microseconds)), .text(call), .int(hold.microseconds),
                ]
            ).first { (wait: $0.optionalInt64(0), blocked: $0.text(1)) }
            guard let row, let wait = row.wait else { return .granted }
            return .wait(.microseconds(wait), count: row.blocked)
        }
    }

    /// Says that the server has counted calls by now: their slots come back `per` from now.
    public func settle(_ calls: [SharedCall]) async throws(StoreError) {
        try await tell("SELECT freshet_settle($1::text[], $2::text[], $3::bigint[])", calls) { $0.per.microseconds }
    }

    /// Gives back the slots of calls that were never sent.
    public func refund(_ calls: [SharedCall]) async throws(StoreError) {
        try await tell("SELECT freshet_refund($1::text[], $2::text[], $3::bigint[])", calls) {
            $0.interval.microseconds
        }
    }

    private func tell(
        _ sql: String, _ calls: [SharedCall], _ number: (SharedCount) -> Int64
    ) async throws(StoreError) {
        let all = calls.flatMap { call in call.counts.map { (call: call.call, count: $0) } }
        guard !all.isEmpty else { return }
        let parameters: [PGValue] = [
            .texts(all.map(\.count.name)), .texts(all.map(\.call)), .ints(all.map { number($0.count) }),
        ]
        try await pool.statement(repeatable: true) { connection in _ = try connection.query(sql, parameters) }
    }

    /// Counts calls that this process made while the counts were kept in another place.
    public func adopt(_ calls: [(count: SharedCount, slots: Int, after: Duration)]) async throws(StoreError) {
        guard !calls.isEmpty else { return }
        let parameters: [PGValue] = [
            .texts(calls.map(\.count.name)), .ints(calls.map { Int64($0.slots) }),
            .ints(calls.map(\.after.microseconds)),
        ]
        try await pool.statement(repeatable: false) { connection in
            _ = try connection.query("SELECT freshet_adopt($1::text[], $2::bigint[], $3::bigint[])", parameters)
        }
    }

    /// How many slots of each count are held now.
    public func used(_ counts: [SharedCount]) async throws(StoreError) -> [Int] {
        guard !counts.isEmpty else { return [] }
        return try await pool.statement(repeatable: true) { connection in
            try connection.query(
                """
                SELECT coalesce(sum(s.slots), 0)::bigint FROM unnest($1::text[]) WITH ORDINALITY n(name, place)
                LEFT JOIN freshet_slots s ON s.name = n.name AND s.held_until > freshet_now()
                GROUP BY n.place ORDER BY n.place
                """, [.texts(counts.map(\.name))]
            ).map { $0.int(0) }
        }
    }
}
