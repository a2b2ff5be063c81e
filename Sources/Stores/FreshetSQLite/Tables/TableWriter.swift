import FreshetCore
import GRDBSQLite

/// The fetch that writes rows.
struct TableFetch {
    var id: Int64
    /// Its time as rows keep it.
    var at: String
    var key: String
    var version: Int
    var moment = Timestamp(microseconds: 0)
}

/// Writes the rows of one document into one table.
struct TableWriter {
    let session: WriteSession
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

    init(
        session: WriteSession, record: TableRecord, fitted: FittedRows, rows: TableRows, spec: TableSpec,
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
        let disposition = override ?? .append
        if disposition == .replace {
            let removal = try session.statement(record.sql.deleteAll)
            removal.bind(fetch.key, at: 1)
            try removal.run()
            (effect.deleted, liveDelta) = (removal.changes, -removal.changes)
        }
        let inserted = try insert(record.sql.insert, fitted.rows.indices)
        effect.inserted = inserted
        effect.unchanged = fitted.rows.count - inserted
        liveDelta += inserted
    }

    // MARK: Replace and merge

    /// A row that is in the table already.
    private struct Standing {
        var hash: UInt64
        var isDeleted: Bool
        var key: RowKey
        /// The key of the declared table's row that it belongs to.
        var rootKey: RowKey
        var values: [StoredValue]
    }

    private mutating func writeKeyed() throws {
        let disposition = override ?? schema.disposition
        let isComplete = disposition == .replace || (disposition == .merge && spec.isComplete)
        let standing = isComplete ? try scanAll() : isRoot ? try findOnes() : try scanBelowRoots()
        if standing.isEmpty {
            effect.inserted = try insert(record.sql.insert, fitted.rows.indices)
            liveDelta += effect.inserted
            return
        }
        let places = Dictionary(
            fitted.rows.indices.map { (fitted.key(of: fitted.rows[$0]), $0) }, uniquingKeysWith: { first, _ in first })
        var isKnown = [Bool](repeating: false, count: fitted.rows.count)
        let refused = disposition == .merge ? refusedKeys(of: fitted) : []
        let refusedRoots = disposition == .merge ? root.map { refusedKeys(of: $0) } ?? [] : []
        var (changed, missing) = ([Int](), [Standing]())
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
            if schema.keepsHistory { try keepOld(row.values) }
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
            try remove(missing, of: live, isComplete: isComplete, marks: disposition == .merge)
        }
        _ = try insert(record.sql.upsert, changed)
        let new = fitted.rows.indices.filter { !isKnown[$0] }
        let inserted = try insert(record.sql.insert, new)
        effect.inserted += inserted
        liveDelta += inserted
    }

    /// The keys of rows that the document holds but were refused.
    private func refusedKeys(of fitted: FittedRows) -> Set<RowKey> {
        Set(fitted.rejects.map { fitted.key(of: $0.index) })
    }

    /// Removes rows that the document holds no more, or marks them.
    private mutating func remove(_ missing: [Standing], of live: Int, isComplete: Bool, marks: Bool) throws {
        var gone = missing
        if marks, !isRoot {
            // Rows below a row that came follow it exactly; the others share the fate of the row that they belong to.
            let roots = root.map { root in Set(root.rows.map { root.key(of: $0) }) } ?? []
            gone = missing.filter { roots.contains($0.rootKey) || (isComplete && !isRootGuarded) }
            effect.guarded = missing.count - gone.count
        } else if marks, !isComplete {
            gone = []
        } else if marks, !acceptsDeletes, Double(missing.count) > max(10, spec.maxDeletes * Double(live)) {
            effect.guarded = missing.count
            gone = []
        }
        guard !gone.isEmpty else { return }
        let statement = try session.statement(marks ? record.sql.markDeleted : record.sql.delete)
        for row in gone {
            if schema.keepsHistory, !marks { try keepOld(row.values) }
            bind(row.values, to: statement)
            if marks {
                statement.bind(fetch.at, at: CInt(schema.key.count + 2))
                statement.bind(fetch.id, at: CInt(schema.key.count + 3))
            }
            try statement.run()
        }
        effect.deleted = gone.count
        liveDelta -= gone.count
        if marks { deletedDelta += gone.count }
    }

    private func keepOld(_ values: [StoredValue]) throws {
        let statement = try session.statement(record.sql.keepOld)
        bind(values, to: statement)
        statement.bind(fetch.at, at: CInt(schema.key.count + 2))
        try statement.run()
    }

    private func bind(_ values: [StoredValue], to statement: RawStatement) {
        statement.bind(fetch.key, at: 1)
        for (index, value) in values.enumerated() { value.bind(to: statement, at: CInt(index + 2)) }
    }

    // MARK: What stands

    private func scanAll() throws -> [Standing] {
        let statement = try session.statement(record.sql.scan)
        defer { statement.reset() }
        statement.bind(fetch.key, at: 1)
        return try standing(statement)
    }

    private func scanBelowRoots() throws -> [Standing] {
        guard let root, !root.keyColumns.isEmpty, schema.key.count > root.keyColumns.count else { return try scanAll() }
        let statement = try session.statement(TableSQL.scanBelow(schema, keys: root.keyColumns.count))
        var found: [Standing] = []
        for row in root.rows {
            defer { statement.reset() }
            bind(root.keyColumns.map { StoredValue(root, $0, row) }, to: statement)
            found += try standing(statement)
        }
        return found
    }

    private func findOnes() throws -> [Standing] {
        let statement = try session.statement(record.sql.find)
        var found: [Standing] = []
        for row in fitted.rows {
            defer { statement.reset() }
            let values = fitted.keyColumns.map { StoredValue(fitted, $0, row) }
            bind(values, to: statement)
            guard try statement.step() else { continue }
            let key = fitted.key(of: row)
            found.append(
                Standing(
                    hash: UInt64(bitPattern: statement.int64(0)), isDeleted: statement.int(1) == 1, key: key,
                    rootKey: key, values: values))
        }
        return found
    }

    private func standing(_ statement: RawStatement) throws -> [Standing] {
        let count = schema.key.count
        let rootCount = isRoot ? count : min(count, root?.keyColumns.count ?? 0)
        var found: [Standing] = []
        while try statement.step() {
            var (maker, rootKey) = (RowKeyMaker(), RowKeyMaker().key)
            var values: [StoredValue] = []
            values.reserveCapacity(count)
            for index in 0..<count {
                statement.add(CInt(index + 2), to: &maker)
                values.append(StoredValue(statement, CInt(index + 2)))
                if index + 1 == rootCount { rootKey = maker.key }
            }
            found.append(
                Standing(
                    hash: UInt64(bitPattern: statement.int64(0)), isDeleted: statement.int(1) == 1, key: maker.key,
                    rootKey: rootKey, values: values))
        }
        return found
    }

    // MARK: Inserting

    /// Runs an insert for these places of ``FittedRows/rows``.
    ///
    /// - Returns: Rows that were written.
    private func insert(_ sql: String, _ places: some Sequence<Int>) throws -> Int {
        let statement = try session.statement(sql)
        let shapes = try fitted.shapes.isEmpty ? [] : rows.shapes.map { try session.shape($0) }
        let isAppend = schema.disposition == .append
        let binder = RowBinder(fitted)
        statement.clearBindings()
        defer { statement.clearBindings() }
        statement.bind(fetch.key, at: TableSQL.Parameter.key)
        statement.bind(fetch.id, at: TableSQL.Parameter.fetchID)
        statement.bind(fetch.at, at: TableSQL.Parameter.fetchedAt)
        statement.bind(fetch.version, at: TableSQL.Parameter.version)
        let first = TableSQL.Parameter.firstColumn
        var written = 0
        try fitted.buffers.withPointers { document, scratch, extra in
            let sources = RowBinder.Sources(document: document, scratch: scratch, fitted: extra)
            for place in places {
                statement.bind(Int64(bitPattern: fitted.hashes[place]), at: TableSQL.Parameter.hash)
                if !shapes.isEmpty {
                    statement.bind(shapes[Int(fitted.shapes[place])], at: TableSQL.Parameter.shape)
                }
                if isAppend { bindOnce(fitted.rows[place], to: statement) }
                binder.bind(fitted.rows[place], sources, to: statement, from: first)
                try statement.run()
                written += isAppend ? statement.changes : 1
            }
        }
        return written
    }

    /// Binds what tells a repeated row from a new one.
    private func bindOnce(_ row: Int, to statement: RawStatement) {
        switch spec.idempotency {
        case .content:
            statement.bind(Int64(fetch.version) << 32 | Int64(row), at: TableSQL.Parameter.once)
        case .fetch:
            statement.bind("\(fetch.moment.microseconds):\(row)", at: TableSQL.Parameter.once)
        case .columns(let names):
            let key = fitted.identity(of: row, columns: names)
            statement.bind(key, at: TableSQL.Parameter.once)
        }
    }
}
