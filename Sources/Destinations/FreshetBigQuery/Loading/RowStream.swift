import FreshetCore

/// Reads the rows of a batch from the store, a page at a time, and writes them as lines.
struct RowStream {
    private let store: any TableStore
    private let table: String
    private let encoder: RowEncoder
    private let pageRows: Int
    private let includesDeleted: Bool
    /// The page after the last one read of the unit that is not read to its end.
    private(set) var rest: TableQuery?

    init(_ store: any TableStore, schema: TableSchema, encoder: RowEncoder, batchRows: Int) {
        (self.store, self.encoder) = (store, encoder)
        table = schema.name
        pageRows = min(max(batchRows, 1), 10_000)
        includesDeleted = schema.disposition != .replace
    }

    /// What was read.
    struct Head: Sendable {
        /// Lines.
        var bytes: [UInt8] = []
        var rows = 0
        /// Units in it; the last may have more rows (see ``RowStream/rest``).
        var units = 0
    }

    /// Reads whole units while they fit.
    ///
    /// - Parameters:
    ///   - units: At least one; the first is taken however large it is.
    ///   - maxRows: Beyond it a further unit is left for the next job.
    ///   - maxBytes: After it nothing is begun, and a unit that is longer is left to ``next()``.
    /// - Returns: What was read; at least one unit is in it.
    /// - Throws: `StoreError`, ``RowEncoder/NeedsVariant``.
    mutating func head(_ units: [Batch.Unit], maxRows: Int, maxBytes: Int) async throws -> Head {
        var head = Head()
        for unit in units {
            let before = head
            head.units += 1
            rest = query(unit)
            while let query = rest, head.bytes.count <= maxBytes { try await read(query, into: &head) }
            if before.units > 0, rest != nil || head.rows > maxRows {
                rest = nil
                return before
            }
            if rest != nil || head.rows >= maxRows || head.bytes.count >= maxBytes { return head }
        }
        return head
    }

    /// The next lines of the unit that is not read to its end; `nil` after its last.
    mutating func next() async throws -> [UInt8]? {
        guard let query = rest else { return nil }
        var head = Head()
        try await read(query, into: &head)
        return head.bytes
    }

    private mutating func read(_ query: TableQuery, into head: inout Head) async throws {
        let page = try await store.rows(query)
        try encoder.encode(page.rows, to: &head.bytes)
        head.rows += page.rows.count
        var next = query
        next.cursor = page.cursor
        rest = page.cursor == nil ? nil : next
    }

    private func query(_ unit: Batch.Unit) -> TableQuery {
        var query = TableQuery(table: table)
        query.filters = [TableQuery.Filter(column: "_key", relation: .equal, values: [unit.key])]
        if let fetchID = unit.fetchID {
            query.filters.append(TableQuery.Filter(column: "_fetch_id", relation: .equal, values: ["\(fetchID)"]))
        }
        query.columns = encoder.sources
        query.limit = pageRows
        query.includesDeleted = includesDeleted
        return query
    }
}
