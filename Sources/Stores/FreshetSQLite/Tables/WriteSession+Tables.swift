import FreshetCore
import GRDB

/// The document whose rows are written.
struct TableTarget {
    var id: DocumentID
    var dataset: Int64
    /// The document's version that the rows come from.
    var version: Int
    /// The present moment.
    var now: Timestamp
}

extension WriteSession {
    /// What became of rows, with the events that tell it.
    struct TableResult {
        var outcome = TableOutcome()
        var events: [NewEvent] = []
    }

    /// A table's rows with what is to be done with them.
    private struct Planned {
        var rows: TableRows
        var spec: TableSpec
        var plan: TablePlan
    }

    /// Plans and writes the rows of a document: all its tables, or none when one of them has to stop.
    ///
    /// What SQLite itself refuses, such as a value too large for it, stops the tables, too: the document is stored all the
    /// same, and is not tried in vain for ever.
    func apply(_ commit: TableCommit, to target: TableTarget) throws -> TableResult {
        let book = try tables()
        try statement("SAVEPOINT freshet_rows").run()
        do {
            let result = try write(commit, to: target)
            try statement("RELEASE freshet_rows").run()
            return result
        } catch let error as DatabaseError where Self.refusals.contains(error.resultCode) {
            try statement("ROLLBACK TO freshet_rows").run()
            try statement("RELEASE freshet_rows").run()
            self.book = book
            let stop = TableStop(
                kind: "incompatible", table: commit.rows.tables.first?.name ?? "",
                message:
                    "SQLite refused the rows (\(error.message ?? "no reason given")); documents go on being stored and "
                    + "the rows stay as they were; report this, and build the tables anew with "
                    + "`freshet replay \(target.id.dataset) --rebuild` once it is mended")
            var result = TableResult()
            result.outcome.stop = stop
            if try remember(stop, of: target.dataset, at: target.now) {
                result.events.append(.tablesStopped(stop, target.id.dataset))
            }
            return result
        }
    }

    private static let refusals: [ResultCode] = [.SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH, .SQLITE_ERROR]

    private func write(_ commit: TableCommit, to target: TableTarget) throws -> TableResult {
        var result = TableResult()
        let planned = try plan(commit, target)
        for table in planned {
            guard case .stop(let stop) = table.plan else { continue }
            result.outcome.stop = stop
            if try remember(stop, of: target.dataset, at: target.now) {
                result.events.append(.tablesStopped(stop, target.id.dataset))
            }
            return result
        }
        try forgetStop(of: target.dataset)
        var fetch = TableFetch(
            id: try next(.fetch), at: StoredTime.text(commit.fetchedAt), key: target.id.key, version: target.version)
        fetch.moment = commit.fetchedAt
        // The declared tables by name: their child tables may come after other declared tables.
        var roots: [String: (fitted: FittedRows, isGuarded: Bool)] = [:]
        for table in planned {
            switch table.plan {
            case .stop: break
            case .skip(let effect, let rejects):
                if effect.rows > 0 { result.outcome.tables.append(effect) }
                try write(rejects, to: effect.table, target, keepsEarlier: false)
            case .apply(let fitted):
                var record = try tables()[TableBook.Origin(dataset: target.dataset, path: fitted.schema.path)]
                if record == nil || !fitted.changes.isEmpty {
                    let cause = SchemaCause(text: target.id.description, at: target.now, spec: table.spec)
                    record = try change(record, of: target.dataset, to: fitted.schema, fitted.changes, cause)
                    if let record {
                        result.events.append(.schemaChanged(record.schema, fitted.changes, target.id))
                    }
                }
                guard let record else { continue }
                var writer = TableWriter(
                    session: self, record: record, fitted: fitted, rows: table.rows, spec: table.spec, fetch: fetch)
                writer.override = commit.disposition
                writer.acceptsDeletes = commit.acceptsDeletes
                let root = table.rows.path.count > 1 ? roots[table.rows.path[0]] : nil
                writer.root = root?.fitted
                writer.isRootGuarded = root?.isGuarded ?? false
                var effect = try writer.write()
                effect.schemaVersion = record.schema.version
                if table.rows.path.count == 1 { roots[table.rows.path[0]] = (fitted, effect.guarded > 0) }
                try finish(effect, of: record, writer, fitted, table.spec, target, mark: commit.mark)
                result.outcome.tables.append(effect)
            }
        }
        if result.events.contains(where: { $0.type == "schema.changed" }) { try makePendingViews() }
        return result
    }

    // MARK: Planning

    private func plan(_ commit: TableCommit, _ target: TableTarget) throws -> [Planned] {
        let book = try tables()
        let rules = self.rules.rules(of: target.dataset, commit)
        var (planned, claimed, roots) = ([Planned](), Set<String>(), [String: RootRows]())
        let all = try allTables(commit, target, book)
        let parents = Set(all.filter { $0.path.count > 1 }.map { $0.path[0] })
        for rows in all {
            let origin = TableBook.Origin(dataset: target.dataset, path: rows.path)
            let record = book[origin]
            let root = book[TableBook.Origin(dataset: target.dataset, path: [rows.path.first ?? rows.name])]
            let context = TablePlanner.Context(
                dataset: "\(target.id.dataset)", rules: rules[rows.spec], current: record?.layout,
                hasTakenRows: record?.hasTakenRows ?? false, hasRootTakenRows: root?.hasTakenRows ?? false,
                root: rows.path.count > 1 ? roots[rows.path[0]] : nil,
                comparesDeclaration: record?.comparedMark != commit.mark)
            let plan = TablePlanner.plan(rows, in: commit.rows, context: context) {
                book.isTaken($0) || claimed.contains($0)
            }
            if case .apply(let fitted) = plan {
                claimed.insert(fitted.schema.name.lowercased())
                if rows.path.count == 1, parents.contains(rows.path[0]), fitted.schema.disposition != .append {
                    roots[rows.path[0]] = RootRows(fitted)
                }
            }
            planned.append(Planned(rows: rows, spec: commit.specs[rows.spec], plan: plan))
        }
        return planned
    }

    /// The tables of the document and, without rows, the child tables that this document has nothing for.
    private func allTables(_ commit: TableCommit, _ target: TableTarget, _ book: TableBook) throws -> [TableRows] {
        var all = commit.rows.tables
        let shown = Set(all.map(\.path))
        let roots = Dictionary(
            all.filter { $0.path.count == 1 }.map { ($0.path[0], $0.spec) }, uniquingKeysWith: { first, _ in first })
        let silent = book.records(of: target.dataset).filter { record in
            record.schema.path.count > 1 && !shown.contains(record.schema.path)
                && record.schema.disposition != .append
        }
        for record in silent.sorted(by: { $0.schema.name < $1.schema.name }) {
            guard let spec = roots[record.schema.path[0]], try hasRows(record, of: target.id.key) else { continue }
            all.append(TableRows(name: record.schema.name, path: record.schema.path, spec: spec))
        }
        return all
    }

    private func hasRows(_ record: TableRecord, of key: String) throws -> Bool {
        let statement = try statement("SELECT 1 FROM \(quoted(record.schema.name)) WHERE _key = ?1 LIMIT 1")
        defer { statement.reset() }
        statement.bind(key, at: 1)
        return try statement.step()
    }

    // MARK: Afterwards

    private func finish(
        _ effect: TableEffect, of record: TableRecord, _ writer: TableWriter, _ fitted: FittedRows, _ spec: TableSpec,
        _ target: TableTarget, mark: Int64
    ) throws {
        try write(
            fitted.rejects, to: record.schema.name, target, keepsEarlier: record.schema.disposition == .append)
        let origin = TableBook.Origin(dataset: record.dataset, path: record.schema.path)
        let takesFirst = !record.hasTakenRows && fitted.effect.rows > 0
        book?.change(origin) { record in
            record.comparedMark = mark
            if takesFirst { record.hasTakenRows = true }
        }
        let hasChanged = effect.inserted + effect.updated + effect.deleted > 0
        if hasChanged || takesFirst {
            let statement = try statement(
                """
                UPDATE freshet_tables SET live = live + ?2, deleted = deleted + ?3, written_at = ?4,
                    has_taken_rows = has_taken_rows | ?5 WHERE name = ?1
                """)
            statement.bind(record.schema.name, at: 1)
            statement.bind(writer.liveDelta, at: 2)
            statement.bind(writer.deletedDelta, at: 3)
            statement.bind(target.now.microseconds, at: 4)
            statement.bind(fitted.effect.rows > 0 ? 1 : 0, at: 5)
            try statement.run()
        }
        guard hasChanged else { return }
        for destination in spec.destinations {
            let statement = try statement(
                """
                INSERT INTO freshet_outbox (id, destination, table_name, dataset, key, fetch_id, at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """)
            statement.bind(try next(.outbox), at: 1)
            statement.bind(destination, at: 2)
            statement.bind(record.schema.name, at: 3)
            statement.bind(target.dataset, at: 4)
            statement.bind(target.id.key, at: 5)
            statement.bind(writer.fetch.id, at: 6)
            statement.bind(target.now.microseconds, at: 7)
            try statement.run()
        }
    }

    /// Records refused rows in place of those that the document had refused before.
    private func write(
        _ rejects: [RowReject], to table: String, _ target: TableTarget, keepsEarlier: Bool
    ) throws {
        let removal = try statement(
            """
            DELETE FROM freshet_rejects WHERE table_name = ?1 AND dataset = ?2 AND key = ?3 AND (?4 = 0 OR version = ?4)
            """)
        removal.bind(table, at: 1)
        removal.bind(target.dataset, at: 2)
        removal.bind(target.id.key, at: 3)
        removal.bind(keepsEarlier ? target.version : 0, at: 4)
        try removal.run()
        guard !rejects.isEmpty else { return }
        let statement = try statement(
            """
            INSERT INTO freshet_rejects (table_name, dataset, key, version, place, reason, column_name, row, at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        for reject in rejects {
            statement.bind(table, at: 1)
            statement.bind(target.dataset, at: 2)
            statement.bind(target.id.key, at: 3)
            statement.bind(target.version, at: 4)
            statement.bind(reject.index, at: 5)
            statement.bind(reject.reason, at: 6)
            statement.bind(reject.column, at: 7)
            statement.bind(reject.row, at: 8)
            statement.bind(target.now.microseconds, at: 9)
            try statement.run()
        }
    }

    // MARK: Stops

    /// Keeps a stop; `false` when it is known already.
    func remember(_ stop: TableStop, of dataset: Int64, at now: Timestamp) throws -> Bool {
        let statement = try statement(
            """
            INSERT INTO freshet_table_stops (dataset, kind, table_name, message, at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (dataset) DO UPDATE SET kind = ?2, table_name = ?3, message = ?4, at = ?5
            WHERE message <> ?4
            """)
        statement.bind(dataset, at: 1)
        statement.bind(stop.kind, at: 2)
        statement.bind(stop.table, at: 3)
        statement.bind(stop.message, at: 4)
        statement.bind(now.microseconds, at: 5)
        try statement.run()
        return statement.changes > 0
    }

    func forgetStop(of dataset: Int64) throws {
        let statement = try statement("DELETE FROM freshet_table_stops WHERE dataset = ?1")
        statement.bind(dataset, at: 1)
        try statement.run()
    }

    // MARK: Shapes

    /// The number of a shape, given to it now if it has none.
    func shape(_ bytes: [UInt8]) throws -> Int64 {
        if let known = book?.shapes[bytes] { return known }
        let search = try statement("SELECT id FROM freshet_shapes WHERE shape = ?1")
        defer { search.reset() }
        search.bind(bytes, at: 1)
        var number = try search.step() ? search.int64(0) : nil
        if number == nil {
            let statement = try statement("INSERT INTO freshet_shapes (shape) VALUES (?1) RETURNING id")
            defer { statement.reset() }
            statement.bind(bytes, at: 1)
            if try statement.step() { number = statement.int64(0) }
        }
        guard let number else { throw StoreError.unavailable("a shape got no number") }
        if (book?.shapes.count ?? 0) > 10_000 { book?.shapes = [:] }
        book?.shapes[bytes] = number
        return number
    }
}
