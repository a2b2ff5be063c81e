import FreshetCore

extension TableSession {
    /// A table's rows with what is to be done with them.
    private struct Planned {
        var rows: TableRows
        var spec: TableSpec
        var plan: TablePlan
    }

    /// Plans and writes the rows of a document: all its tables, or none when one of them has to stop.
    ///
    /// What PostgreSQL itself refuses, such as a row too wide for it, stops the tables, too: the document is stored all the
    /// same, and is not tried in vain for ever.
    func apply(_ commit: TableCommit, to target: RowTarget) throws -> RowResult {
        var tries = 0
        while true {
            tries += 1
            let fetch = try enter(target.dataset)
            do {
                let planned = try plan(commit, target)
                guard holdsMark || !planned.contains(where: { changesSchema($0, target) }) else {
                    try leave()
                    if isLater { throw StoreError.needsOwnTransaction }
                    try holdMark()
                    continue
                }
                let result = try write(planned, commit, target, fetch: fetch)
                try settle()
                return result
            } catch let error as PGError where error.isStaleTable && tries < 5 {
                try leave()
                try readBook()
            } catch let error as PGError where error.sqlState == "23505" && tries < 3 {
                // Another process wrote the first rows of the same document meanwhile: they stand there now.
                try leave()
                if holdsMark { try readBook() }
            } catch let error as PGError where error.isRefusal {
                try leave()
                return try refuse(commit, target, "PostgreSQL refused the rows (\(error.storeError))")
            } catch StoreError.refused(let why) {
                try leave()
                return try refuse(commit, target, why)
            }
        }
    }

    /// Stops the tables of a dataset because PostgreSQL cannot hold the rows.
    private func refuse(_ commit: TableCommit, _ target: RowTarget, _ why: String) throws -> RowResult {
        if holdsMark { try readBook() }
        let stop = TableStop(
            kind: "incompatible", table: commit.rows.tables.first?.name ?? "",
            message:
                "\(why); documents go on being stored and the rows stay as they were; leave the value out with exclude:, "
                + "and build the tables anew from the stored documents with `freshet replay \(target.id.dataset) --rebuild`"
        )
        try connection.script("SAVEPOINT freshet_rows")
        let result = try stopped(stop, target)
        try settle()
        return result
    }

    private func stopped(_ stop: TableStop, _ target: RowTarget) throws -> RowResult {
        var result = RowResult()
        result.outcome.stop = stop
        if try remember(stop, of: target.dataset, at: target.now) {
            result.events.append(.tablesStopped(stop, target.id.dataset))
        }
        return result
    }

    /// Whether a plan needs more than rows written: a table, a column, or the note that a table has taken rows.
    private func changesSchema(_ planned: Planned, _ target: RowTarget) -> Bool {
        guard case .apply(let fitted) = planned.plan else { return false }
        guard let record = book[TableBook.Origin(dataset: target.dataset, path: fitted.schema.path)] else {
            return true
        }
        return !fitted.changes.isEmpty || (!record.hasTakenRows && fitted.effect.rows > 0)
    }

    private func write(
        _ planned: [Planned], _ commit: TableCommit, _ target: RowTarget, fetch: Int64
    ) throws -> RowResult {
        for table in planned {
            guard case .stop(let stop) = table.plan else { continue }
            return try stopped(stop, target)
        }
        var result = RowResult()
        var work = DocumentWork(target: target, commit: commit)
        work.fetch = TableFetch(id: fetch, key: target.id.key, version: target.version, moment: commit.fetchedAt)
        for table in planned {
            switch table.plan {
            case .stop: break
            case .skip(let effect, let rejects):
                if effect.rows > 0 { result.outcome.tables.append(effect) }
                work.add(rejects, to: effect.table, keepsEarlier: false)
            case .apply(let fitted):
                let (effect, event) = try write(fitted, table.rows, table.spec, &work)
                if let event { result.events.append(event) }
                result.outcome.tables.append(effect)
            }
        }
        try finish(work)
        if result.events.contains(where: { $0.type == "schema.changed" }) { try makePendingViews() }
        try publishChanges()
        return result
    }

    private func write(
        _ fitted: FittedRows, _ rows: TableRows, _ spec: TableSpec, _ work: inout DocumentWork
    ) throws -> (TableEffect, NewEvent?) {
        let target = work.target
        var event: NewEvent?
        let origin = TableBook.Origin(dataset: target.dataset, path: fitted.schema.path)
        var found = book[origin]
        if found == nil || !fitted.changes.isEmpty {
            let cause = SchemaCause(text: target.id.description, at: target.now, spec: spec)
            let changed = try change(found, of: target.dataset, to: fitted.schema, fitted.changes, cause)
            event = .schemaChanged(changed.schema, fitted.changes, target.id)
            found = changed
        }
        guard let record = found else { throw StoreError.unavailable("a table was not made") }
        var writer = TableWriter(
            session: self, record: record, fitted: fitted, rows: rows, spec: spec, fetch: work.fetch)
        writer.override = work.commit.disposition
        writer.acceptsDeletes = work.commit.acceptsDeletes
        let root = rows.path.count > 1 ? work.roots[rows.path[0]] : nil
        writer.root = root?.fitted
        writer.isRootGuarded = root?.isGuarded ?? false
        var effect = try writer.write()
        effect.schemaVersion = record.schema.version
        if rows.path.count == 1 { work.roots[rows.path[0]] = (fitted, effect.guarded > 0) }
        memory.setCompared(record.revision, mark: work.commit.mark)
        if !record.hasTakenRows, fitted.effect.rows > 0 { try setTaken(origin) }
        work.add(fitted.rejects, to: record.schema.name, keepsEarlier: record.schema.disposition == .append)
        let hasChanged = effect.inserted + effect.updated + effect.deleted > 0
        if hasChanged {
            work.counts.append((record.schema.name, writer.liveDelta, writer.deletedDelta))
            for destination in spec.destinations { work.outbox.append((destination, record.schema.name)) }
        }
        return (effect, event)
    }

    private func setTaken(_ origin: TableBook.Origin) throws {
        guard var record = book[origin] else { return }
        record.hasTakenRows = true
        book.set(record)
        try connection.execute(
            "UPDATE freshet_tables SET has_taken_rows = true WHERE name = $1", [.text(record.schema.name)])
        hasChanges = true
    }

    // MARK: Planning

    private func plan(_ commit: TableCommit, _ target: RowTarget) throws -> [Planned] {
        let rules = memory.rules(of: target.dataset, commit)
        var (planned, claimed, roots) = ([Planned](), Set<String>(), [String: RootRows]())
        let all = try allTables(commit, target)
        let parents = Set(all.filter { $0.path.count > 1 }.map { $0.path[0] })
        for rows in all {
            let record = book[TableBook.Origin(dataset: target.dataset, path: rows.path)]
            let root = book[TableBook.Origin(dataset: target.dataset, path: [rows.path.first ?? rows.name])]
            let context = TablePlanner.Context(
                dataset: "\(target.id.dataset)", rules: rules[rows.spec], current: record?.layout,
                hasTakenRows: record?.hasTakenRows ?? false, hasRootTakenRows: root?.hasTakenRows ?? false,
                root: rows.path.count > 1 ? roots[rows.path[0]] : nil,
                comparesDeclaration: record.map { !memory.isCompared($0.revision, mark: commit.mark) } ?? true)
            var plan = TablePlanner.plan(rows, in: commit.rows, context: context) {
                book.isTaken($0) || claimed.contains($0)
            }
            if case .apply(let fitted) = plan {
                claimed.insert(fitted.schema.name.lowercased())
                if rows.path.count == 1, parents.contains(rows.path[0]), fitted.schema.disposition != .append {
                    roots[rows.path[0]] = RootRows(fitted)
                }
                if fitted.schema.columns.count > TableDDL.columnLimit {
                    plan = .stop(.tooWide(fitted.schema))
                }
            }
            planned.append(Planned(rows: rows, spec: commit.specs[rows.spec], plan: plan))
        }
        return planned
    }

    /// The tables of the document and, without rows, the child tables that this document has nothing for.
    private func allTables(_ commit: TableCommit, _ target: RowTarget) throws -> [TableRows] {
        var all = commit.rows.tables
        let shown = Set(all.map(\.path))
        let roots = Dictionary(
            all.filter { $0.path.count == 1 }.map { ($0.path[0], $0.spec) }, uniquingKeysWith: { first, _ in first })
        let silent = book.records(of: target.dataset).filter { record in
            record.schema.path.count > 1 && !shown.contains(record.schema.path)
                && record.schema.disposition != .append && roots[record.schema.path[0]] != nil
        }
        guard !silent.isEmpty else { return all }
        let columns = silent.map { "EXISTS (SELECT FROM \(quoted($0.schema.name)) WHERE _key = $1)" }
        for chunk in stride(from: 0, to: columns.count, by: 500) {
            let part = columns[chunk..<min(chunk + 500, columns.count)]
            let key = StoredText.stored(target.id.key)
            let found = try connection.query("SELECT \(part.joined(separator: ", "))", [.text(key)])
            for index in part.indices {
                let schema = silent[index].schema
                guard found.first({ $0.bool(index - chunk) }) == true, let spec = roots[schema.path[0]] else {
                    continue
                }
                all.append(TableRows(name: schema.name, path: schema.path, spec: spec))
            }
        }
        return all
    }
}

extension TableStop {
    fileprivate static func tooWide(_ schema: TableSchema) -> TableStop {
        TableStop(
            kind: "too-many-columns", table: schema.name,
            message:
                "\(schema.name) would have \(schema.columns.count) columns, more than PostgreSQL takes "
                + "(\(TableDDL.columnLimit)); an object whose member names are data is a map: declare its members as rows "
                + "(rows: \"$.….*\" with map_key), or exclude it")
    }
}
