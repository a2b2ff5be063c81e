import FreshetCore

extension WriteSession {
    /// See `TableStore.prepare(_:views:now:)`.
    func prepare(
        _ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp
    ) throws -> (stops: [TableStop], events: [NewEvent]) {
        var (stops, events) = ([TableStop](), [NewEvent]())
        for dataset in datasets {
            guard let config = dataset.tables else { continue }
            let number = try number(of: dataset.id)
            var fits = true
            for spec in config.specs {
                let (stop, event) = try prepare(spec, of: dataset.id, number, now)
                if let event { events.append(event) }
                guard let stop else { continue }
                stops.append(stop)
                guard stop.kind != "check" else { continue }
                fits = false
                if try remember(stop, of: number, at: now) { events.append(.tablesStopped(stop, dataset.id)) }
            }
            if fits { try forgetDeclarationStop(of: number) }
        }
        return (stops + (try settleViews(views)), events)
    }

    /// Forgets a stop whose cause was a declaration that fits by now; a frozen schema stays so until rows pass.
    private func forgetDeclarationStop(of dataset: Int64) throws {
        let statement = try statement(
            "DELETE FROM freshet_table_stops WHERE dataset = ?1 AND kind IN ('incompatible', 'name-taken')")
        statement.bind(dataset, at: 1)
        try statement.run()
    }

    private func prepare(
        _ spec: TableSpec, of dataset: DatasetID, _ number: Int64, _ now: Timestamp
    ) throws -> (TableStop?, NewEvent?) {
        let book = try tables()
        var record = book[TableBook.Origin(dataset: number, path: [spec.name])]
        let declaration = TablePlanner.declare(
            SpecRules(spec), dataset: "\(dataset)", current: record?.schema, isTaken: book.isTaken)
        var event: NewEvent?
        switch declaration {
        case .stop(let stop): return (stop, nil)
        case .settled: break
        case .change(let schema, let changes):
            let cause = SchemaCause(text: "declaration", at: now, spec: spec)
            let changed = try change(record, of: number, to: schema, changes, cause)
            record = changed
            event = .schemaChanged(changed.schema, changes, nil)
        }
        guard var record else { return (nil, event) }
        try settleIndexes(of: record, spec)
        let mended = try missing(spec, in: record).filter { try holds($0, in: record) }
        if !mended.isEmpty {
            var schema = record.schema
            schema.version += 1
            let changes = mended.map { SchemaChange.declared("check \($0.text), which now holds") }
            record = try change(
                record, of: number, to: schema, changes, SchemaCause(text: "declaration", at: now, spec: spec))
            event = .schemaChanged(record.schema, changes, nil)
        }
        return (report(missing(spec, in: record), record), event)
    }

    /// The declared checks that the table does not hold up.
    private func missing(_ spec: TableSpec, in record: TableRecord) -> [RowCheck] {
        let present = Set(record.checks.split(separator: "\n").map(String.init))
        return spec.checks.filter { check in
            TableDDL.checks([check], record.schema).contains { !present.contains($0) }
        }
    }

    private func report(_ broken: [RowCheck], _ record: TableRecord) -> TableStop? {
        guard !broken.isEmpty else { return nil }
        let words = broken.map(\.text).joined(separator: "; ")
        return TableStop(
            kind: "check", table: record.schema.name,
            message:
                "rows of \(record.schema.name) break the declared check \(words); they stay, and new rows are held to "
                + "it; mend them with `freshet replay \(record.schema.dataset)`")
    }

    /// See `TableStore.dropTables(of:now:)`.
    func dropTables(of dataset: DatasetID) throws {
        guard let number = known(dataset) else { return }
        for record in try tables().records(of: number) {
            for table in [record.schema.name] + (record.history.map { [$0] } ?? []) {
                try execute("DROP TABLE IF EXISTS \(quoted(table))")
            }
            book?.remove(TableBook.Origin(dataset: number, path: record.schema.path))
            for sql in [
                "DELETE FROM freshet_tables WHERE name = ?1", "DELETE FROM freshet_rejects WHERE table_name = ?1",
                "DELETE FROM freshet_outbox WHERE table_name = ?1",
            ] {
                let statement = try statement(sql)
                statement.bind(record.schema.name, at: 1)
                try statement.run()
            }
        }
        try forgetStop(of: number)
        let statement = try statement("UPDATE freshet_documents SET tables_mark = NULL WHERE dataset = ?1")
        statement.bind(number, at: 1)
        try statement.run()
    }

    /// The version of a document's current body.
    func version(of id: DocumentID, _ dataset: Int64) throws -> Int? {
        let statement = try statement("SELECT version FROM freshet_documents WHERE dataset = ?1 AND key = ?2")
        defer { statement.reset() }
        statement.bind(dataset, at: 1)
        statement.bind(id.key, at: 2)
        return try statement.step() ? statement.int(0) : nil
    }

    /// Notes under which specifications the rows of a document's current body stand.
    func mark(_ id: DocumentID, _ dataset: Int64, version: Int, _ mark: Int64?) throws {
        let statement = try statement(
            "UPDATE freshet_documents SET tables_mark = ?4 WHERE dataset = ?1 AND key = ?2 AND version = ?3")
        statement.bind(dataset, at: 1)
        statement.bind(id.key, at: 2)
        statement.bind(version, at: 3)
        statement.bind(mark, at: 4)
        try statement.run()
    }
}
