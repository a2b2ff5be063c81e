import FreshetCore

extension TableSession {
    /// See `TableStore.prepare(_:views:now:)`; each dataset comes with its number.
    func prepare(
        _ datasets: [(config: DatasetConfig, number: Int64)], views: [ViewSpec], now: Timestamp
    ) throws -> (stops: [TableStop], events: [NewEvent]) {
        try holdMark()
        var (stops, events) = ([TableStop](), [NewEvent]())
        for (dataset, number) in datasets {
            guard let config = dataset.tables else { continue }
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
            // A stop whose cause was a declaration that fits by now; a frozen schema stays so until rows pass.
            if fits {
                try connection.execute(
                    "DELETE FROM freshet_table_stops WHERE dataset = $1 AND kind IN ('incompatible', 'name-taken')",
                    [.int(number)])
            }
        }
        stops += try settleViews(views)
        try publishChanges()
        return (stops, events)
    }

    private func prepare(
        _ spec: TableSpec, of dataset: DatasetID, _ number: Int64, _ now: Timestamp
    ) throws -> (TableStop?, NewEvent?) {
        let book = book
        var found = book[TableBook.Origin(dataset: number, path: [spec.name])]
        let declaration = TablePlanner.declare(
            SpecRules(spec), dataset: "\(dataset)", current: found?.schema, isTaken: book.isTaken)
        var event: NewEvent?
        switch declaration {
        case .stop(let stop): return (stop, nil)
        case .settled: break
        case .change(let schema, let changes):
            let cause = SchemaCause(text: "declaration", at: now, spec: spec)
            let changed = try change(found, of: number, to: schema, changes, cause)
            found = changed
            event = .schemaChanged(changed.schema, changes, nil)
        }
        guard var record = found else { return (nil, event) }
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
    func dropTables(of dataset: Int64) throws {
        try holdMark()
        let records = book.records(of: dataset)
        let tables = records.flatMap { [$0.schema.name] + ($0.history.map { [$0] } ?? []) }
        try forget(dropViews(of: tables))
        if !tables.isEmpty {
            try connection.script("DROP TABLE IF EXISTS \(tables.map { quoted($0) }.joined(separator: ", "))")
            hasChanges = true
        }
        for record in records { book.remove(TableBook.Origin(dataset: dataset, path: record.schema.path)) }
        let names = PGValue.texts(records.map(\.schema.name))
        for table in ["freshet_rejects", "freshet_outbox", "freshet_table_counts"] {
            try connection.execute("DELETE FROM \(table) WHERE table_name = ANY($1)", [names])
        }
        try connection.execute("DELETE FROM freshet_tables WHERE name = ANY($1)", [names])
        try connection.execute("DELETE FROM freshet_table_stops WHERE dataset = $1", [.int(dataset)])
        try connection.execute("UPDATE freshet_documents SET tables_mark = NULL WHERE dataset = $1", [.int(dataset)])
        try publishChanges()
    }
}
