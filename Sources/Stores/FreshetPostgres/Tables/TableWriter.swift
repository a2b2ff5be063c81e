import FreshetCore

/// Writes the rows of one document into one table.
///
/// It looks at what stands there first (addresses, hashes and keys only), so that rows that are equal are neither sent nor
/// written again.
struct TableWriter {
    let session: TableSession
    let record: TableRecord
    let fitted: FittedRows
    let rows: TableRows
    let spec: TableSpec
    let fetch: TableFetch
    /// A disposition for this commit only.
    var override: WriteDisposition?
    var acceptsDeletes = false
    /// The rows of the declared table above, which a child table follows.
    var root: FittedRows?
    /// Whether the guard held back deletions of the declared table above.
    var isRootGuarded = false
    private(set) var effect: TableEffect
    /// What becomes of the count of rows that are not marked deleted.
    private(set) var liveDelta = 0
    /// What becomes of the count of those that are.
    private(set) var deletedDelta = 0

    /// Rows that are new, from this many on, are copied; fewer are inserted.
    private static let copyThreshold = 200

    init(
        session: TableSession, record: TableRecord, fitted: FittedRows, rows: TableRows, spec: TableSpec,
        fetch: TableFetch
    ) {
        self.session = session
        self.record = record
        self.fitted = fitted
        self.rows = rows
        self.spec = spec
        self.fetch = fetch
        effect = fitted.effect
    }

    private var schema: TableSchema { record.schema }
    private var isRoot: Bool { schema.path.count == 1 }
    private var connection: PGConnection { session.connection }
    private var key: PGValue { .text(StoredText.stored(fetch.key)) }

    /// Writes, and says what became of the rows.
    mutating func write() throws -> TableEffect {
        if schema.disposition == .append {
            try writeAppended()
        } else {
            try writeKeyed()
        }
        return effect
    }

    // MARK: Append

    private mutating func writeAppended() throws {
        if override == .replace {
            let removed = try connection.execute(record.sql.deleteAll, [key])
            (effect.deleted, liveDelta) = (removed, -removed)
        }
        let marks = fitted.rows.map { once($0) }
        let found = try connection.query(record.sql.findOnce, [key, .blobs(marks)])
        var next = (found.first { $0.int64(0) } ?? 0) + 1
        var known = Set(found.first { $0.blobs(1) } ?? [])
        var (places, pack) = ([Int](), try makePack())
        for (place, mark) in marks.enumerated() where known.insert(mark).inserted {
            places.append(place)
            pack.once.append(mark)
            pack.sequence.append(next)
            next += 1
        }
        try insert(places, pack, overwrites: false)
        effect.inserted = places.count
        effect.unchanged = fitted.rows.count - places.count
        liveDelta += places.count
    }

    /// What tells a repeated row from a new one; its length tells the kinds apart.
    private func once(_ row: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        switch spec.idempotency {
        case .content: PGParameters.append(Int64(fetch.version) << 32 | Int64(row), to: &bytes)
        case .fetch:
            PGParameters.append(fetch.moment.microseconds, to: &bytes)
            PGParameters.append(UInt32(row), to: &bytes)
        case .columns(let names): bytes = fitted.identity(of: row, columns: names)
        }
        return bytes
    }

    // MARK: Replace and merge

    private mutating func writeKeyed() throws {
        let disposition = override ?? schema.disposition
        let isComplete = disposition == .replace || (disposition == .merge && spec.isComplete)
        let pack = try makePack()
        let standing = try scan(pack, isComplete: isComplete)
        guard !standing.isEmpty else {
            try insert(Array(fitted.rows.indices), pack, overwrites: false)
            effect.inserted = fitted.rows.count
            liveDelta += effect.inserted
            return
        }
        let places = Dictionary(
            fitted.rows.indices.map { (fitted.storedKey(of: fitted.rows[$0]), $0) },
            uniquingKeysWith: { first, _ in first })
        var isKnown = [Bool](repeating: false, count: fitted.rows.count)
        let refused = disposition == .merge ? refusedKeys(of: fitted) : []
        let refusedRoots = disposition == .merge ? root.map { refusedKeys(of: $0) } ?? [] : []
        var (changed, kept, missing) = ([Int](), [UInt64](), [StandingRow]())
        for row in standing {
            guard let place = places[row.key] else {
                // A row that the document holds but a rule refused is not gone: it stays as it was, with what is below it.
                if !row.isDeleted, !refused.contains(row.key), !refusedRoots.contains(row.rootKey) {
                    missing.append(row)
                }
                continue
            }
            isKnown[place] = true
            if row.hash == fitted.hashes[place], !row.isDeleted {
                effect.unchanged += 1
                continue
            }
            if schema.keepsHistory { kept.append(row.address) }
            changed.append(place)
            if row.isDeleted {
                effect.inserted += 1
                liveDelta += 1
                deletedDelta -= 1
            } else {
                effect.updated += 1
            }
        }
        let live = standing.count { !$0.isDeleted }
        if disposition == .replace || disposition == .merge {
            try remove(missing, of: live, isComplete: isComplete, marks: disposition == .merge, also: &kept)
        }
        try keepOld(kept)
        let new = fitted.rows.indices.filter { !isKnown[$0] }
        if changed.isEmpty || new.count >= Self.copyThreshold {
            try insert(changed, pack, overwrites: true)
            try insert(new, pack, overwrites: false)
        } else {
            try insert(changed + new, pack, overwrites: true)
        }
        effect.inserted += new.count
        liveDelta += new.count
        try finishRemoval()
    }

    /// The keys of rows that the document holds but were refused.
    private func refusedKeys(of fitted: FittedRows) -> Set<RowKey> {
        Set(fitted.rejects.map { fitted.storedKey(of: $0.index) })
    }

    private var removal: (addresses: [UInt64], marks: Bool) = ([], false)

    /// Decides which rows are removed, because the document holds them no more, or marked.
    private mutating func remove(
        _ missing: [StandingRow], of live: Int, isComplete: Bool, marks: Bool, also kept: inout [UInt64]
    ) throws {
        var gone = missing
        if marks, !isRoot {
            // Rows below a row that came follow it exactly; the others share the fate of the row that they belong to.
            let roots = root.map { root in Set(root.rows.map { root.storedKey(of: $0) }) } ?? []
            gone = missing.filter { roots.contains($0.rootKey) || (isComplete && !isRootGuarded) }
            effect.guarded = missing.count - gone.count
        } else if marks, !isComplete {
            gone = []
        } else if marks, !acceptsDeletes, Double(missing.count) > max(10, spec.maxDeletes * Double(live)) {
            effect.guarded = missing.count
            gone = []
        }
        guard !gone.isEmpty else { return }
        removal = (gone.map(\.address), marks)
        if schema.keepsHistory, !marks { kept += removal.addresses }
        effect.deleted = gone.count
        liveDelta -= gone.count
        if marks { deletedDelta += gone.count }
    }

    private func finishRemoval() throws {
        guard !removal.addresses.isEmpty else { return }
        let addresses = RowPack.addresses(removal.addresses)
        if removal.marks {
            try connection.execute(
                record.sql.markDeleted, [addresses, .int(fetch.moment.microseconds), .int(fetch.id)])
        } else {
            try connection.execute(record.sql.delete, [addresses])
        }
    }

    /// Copies rows into the history as they stand; before they change.
    private func keepOld(_ addresses: [UInt64]) throws {
        guard !addresses.isEmpty else { return }
        try connection.execute(
            record.sql.keepOld, [RowPack.addresses(addresses), .int(fetch.moment.microseconds)])
    }

    // MARK: What stands

    private func scan(_ pack: RowPack, isComplete: Bool) throws -> [StandingRow] {
        let rootCount = isRoot ? schema.key.count : min(schema.key.count, root?.keyColumns.count ?? 0)
        var (sql, parameters) = (record.sql.scan, [key])
        let columns = schema.key.compactMap { schema.column($0) }
        if !isComplete {
            if isRoot, columns.count == schema.key.count {
                guard !fitted.rows.isEmpty else { return [] }
                sql = record.sql.scan(first: columns.count)
                parameters += try pack.keys(fitted.rows, forms: columns)
            } else if let root, !root.keyColumns.isEmpty, schema.key.count > root.keyColumns.count {
                guard !root.rows.isEmpty else { return [] }
                sql = record.sql.scan(first: root.keyColumns.count)
                parameters += try RowPack(root, shapes: []).keys(root.rows, forms: columns)
            }
        }
        let result = try connection.query(sql, parameters)
        return result.map { StandingRow($0, keys: columns, rootCount: rootCount) }
    }

    // MARK: Inserting

    private func makePack() throws -> RowPack {
        let numbers = try fitted.shapes.isEmpty ? [] : session.numbers(of: rows.shapes)
        return RowPack(fitted, shapes: fitted.shapes.map { numbers[Int($0)] })
    }

    /// Writes these places of ``FittedRows/rows``.
    private func insert(_ places: [Int], _ pack: RowPack, overwrites: Bool) throws {
        guard !places.isEmpty else { return }
        let columns = pack.columns
        guard overwrites || places.count < Self.copyThreshold else { return try copy(places, columns, pack) }
        let sql = record.sql.insert(columns, overwrites: overwrites)
        // Large documents go in pieces: a message has an end, and memory too.
        for start in stride(from: 0, to: places.count, by: 10_000) {
            let end = min(start + 10_000, places.count)
            let arrays = try pack.arrays(columns, Array(places[start..<end]), from: start)
            try connection.execute(
                sql,
                [key, .int(fetch.id), .int(fetch.moment.microseconds), .int(fetch.version)] + arrays)
        }
    }

    private func copy(_ places: [Int], _ columns: [Int], _ pack: RowPack) throws {
        let lead = RowPack.copyLead(fetch)
        var refusal: StoreError?
        do {
            _ = try connection.copyIn(record.sql.copy(columns)) { (put) throws(PGError) in
                var bytes = RowPack.copyHead
                bytes.reserveCapacity(1 << 17)
                for (index, place) in places.enumerated() {
                    do throws(StoreError) {
                        try pack.copy(columns, index, place, lead: lead, to: &bytes)
                    } catch {
                        refusal = error
                        throw PGError(kind: .protocolMismatch)
                    }
                    guard bytes.count > 1 << 16 else { continue }
                    try put(bytes)
                    bytes.removeAll(keepingCapacity: true)
                }
                bytes += RowPack.copyTail
                try put(bytes)
            }
        } catch {
            throw refusal ?? error
        }
    }
}
