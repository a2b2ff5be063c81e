import FreshetCore

/// Events that a transaction writes last.
struct EventWrites {
    private var events: [NewEvent] = []
    private var numbers: [Int64?] = []
    private var moments: [Int64?] = []

    var count: Int { events.count }

    /// Adds events; they are given back without their offsets.
    mutating func add(_ new: [NewEvent], now: Timestamp, _ datasets: DatasetNumbers) throws -> [Event] {
        for event in new {
            let number = event.document.map { datasets.number(of: $0.dataset) }
            if case .some(.none) = number { throw StoreError.unavailable("a dataset has no number") }
            events.append(event)
            numbers.append(number ?? nil)
            moments.append(now.microseconds)
        }
        return new.map {
            Event($0, offset: 0, at: now)
        }
    }

    /// Takes the next offsets and writes the events; the row of the last offset stays locked until the commit.
    var statement: PGStatement {
        PGStatement(
            Self.sql,
            [
                .int(events.count), .ints(moments), .texts(events.map(\.type)), .texts(events.map(\.source)),
                .ints(numbers), .texts(events.map { $0.document?.key }), .blobs(events.map(\.payload)),
                .texts(events.map(\.profile)),
            ])
    }

    private static let sql = """
        WITH c AS (
            UPDATE freshet_counters SET value = value + $1::bigint WHERE name = 'event' RETURNING value - $1::bigint AS base)
        INSERT INTO freshet_events (id, at, type, source, dataset, key, payload, profile)
        SELECT c.base + e.place, e.at, e.type, e.source, e.dataset, e.key, e.payload, e.profile
        FROM c, unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[], $8::text[])
            WITH ORDINALITY e(at, type, source, dataset, key, payload, profile, place)
        RETURNING id
        """
}

/// Events written by themselves at the end of a transaction.
enum EventRows {
    /// Writes events with the next offsets; nothing that takes long may follow in the transaction.
    static func append(_ events: [NewEvent], now: Timestamp, on connection: PGConnection) throws -> [Event] {
        guard !events.isEmpty else { return [] }
        let datasets = DatasetNumbers()
        if events.contains(where: { $0.document != nil }) { try datasets.load(on: connection) }
        return try append(events, now: now, datasets, on: connection)
    }

    /// The same, where the numbers of the datasets are known.
    static func append(
        _ events: [NewEvent], now: Timestamp, _ datasets: DatasetNumbers, on connection: PGConnection
    ) throws -> [Event] {
        var writes = EventWrites()
        var written = try writes.add(events, now: now, datasets)
        let statement = writes.statement
        let first = try connection.query(statement.sql, statement.parameters).map { $0.int64(0) }.min() ?? 0
        for index in written.indices { written[index].offset = first + Int64(index) }
        return written
    }
}
