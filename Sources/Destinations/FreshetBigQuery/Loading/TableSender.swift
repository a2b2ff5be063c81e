import FreshetCore

/// Brings the waiting entries of one table to BigQuery, one job after the other.
struct TableSender: Sendable {
    let api: BigQueryAPI
    let store: any TableStore & OutboxStore
    let clock: any FreshetClock
    let requests: JobRequest
    let batchRows: Int
    let pieceBytes: Int
    /// Names staging tables, so that no try meets what an earlier one left behind.
    let nonce: @Sendable () -> UInt64
    let schema: TableSchema
    let spec: TableSpec?

    /// What a job did.
    struct Sent: Sendable {
        /// Entries that BigQuery has now; they are no longer in the outbox.
        var entries: [OutboxEntry]
        /// Rows that were sent; 0 when an earlier try had sent them.
        var rows: Int
        var jobID: String
    }

    private var table: String { schema.name }
    private var project: String { api.project }
    private func path(_ table: String) -> String { "\(project).\(api.dataset).\(table)" }

    /// Sends the oldest entries and confirms them.
    ///
    /// - Parameter entries: Of this table, oldest first; at least one.
    /// - Returns: What was sent; at least the oldest entry.
    /// - Throws: ``BigQueryError``, `StoreError`, `CancellationError`; nothing is confirmed then that BigQuery has not.
    func send(_ entries: [OutboxEntry]) async throws -> Sent {
        let batch = Batch(entries, disposition: schema.disposition)
        let name = JobName(entries[0], target: path(table))
        switch try await settle(name) {
        case .done(let id, let job): return try await confirm(batch.covered(byLabels: job.labels), rows: 0, id)
        case .free(let attempt): return try await load(batch, name, attempt)
        }
    }

    // MARK: What became of earlier tries

    private enum Fate {
        case done(id: String, JobRecord)
        case free(attempt: Int)
    }

    /// Asks for the jobs that were begun for this entry, and waits for one that is under way.
    private func settle(_ name: JobName) async throws -> Fate {
        var attempt = 0
        while let job = try await api.job(name.id(attempt: attempt)) {
            let job = try await finished(name.id(attempt: attempt), job)
            if job.failure == nil { return .done(id: name.id(attempt: attempt), job) }
            attempt += 1
        }
        return .free(attempt: attempt)
    }

    /// Waits until a job is done.
    private func finished(_ id: String, _ job: JobRecord) async throws -> JobRecord {
        var (job, wait) = (job, Duration.milliseconds(500))
        while !job.isDone {
            try await clock.sleep(for: wait)
            wait = min(wait * 2, .seconds(10))
            guard let found = try await api.job(id) else { throw BigQueryError.strange("a job that vanished") }
            job = found
        }
        return job
    }

    /// Waits for a job that was just begun, or that was found in place of it.
    private func outcome(_ insertion: JobInsertion, _ id: String) async throws -> JobRecord {
        switch insertion {
        case .accepted(let job): return try await finished(id, job)
        case .duplicate:
            guard let job = try await api.job(id) else { throw BigQueryError.strange("a job that exists and does not") }
            return try await finished(id, job)
        }
    }

    private func confirm(_ entries: [OutboxEntry], rows: Int, _ id: String) async throws -> Sent {
        try await store.confirmOutbox(entries.map(\.id))
        return Sent(entries: entries, rows: rows, jobID: id)
    }

    // MARK: Loading

    private func load(_ batch: Batch, _ name: JobName, _ attempt: Int) async throws -> Sent {
        let existing = try await api.table(table)
        var variants = Set(
            schema.columns.map(\.name).filter { existing?.field("\(WarehouseSchema.name($0))__v_text") != nil })
        while true {
            do {
                return try await load(batch, name, attempt, existing, variants)
            } catch let misfit as RowEncoder.NeedsVariant {
                // The table gets a column for the texts, and the rows are read again; each column does so once.
                guard variants.insert(misfit.column).inserted, !schema.key.contains(misfit.column) else {
                    throw BigQueryError(
                        .table, reason: "invalid",
                        message: "a value of the key column \(misfit.column) of \(table) fits no type of BigQuery; the "
                            + "rows stay queued. Declare the column as text")
                }
            }
        }
    }

    private func load(
        _ batch: Batch, _ name: JobName, _ attempt: Int, _ existing: WarehouseTable?, _ variants: Set<String>
    ) async throws -> Sent {
        let wanted = WarehouseSchema(schema, spec: spec, variants: variants)
        let fit = try SchemaFit(wanted, table: existing, name: table)
        var stream = RowStream(
            store, schema: schema, encoder: RowEncoder(wanted, types: fit.types), batchRows: batchRows)
        let head = try await stream.head(batch.units, maxRows: batchRows, maxBytes: pieceBytes)
        try await widen(fit)
        let covered = batch.covered(by: head.units)
        let (id, labels) = (name.id(attempt: attempt), batch.labels(of: covered))
        // No rows need no job: a fetch that added nothing is done.
        let isEmpty = head.rows == 0 && stream.rest == nil
        if isEmpty, schema.disposition == .append { return try await confirm(covered, rows: 0, id) }
        // Load jobs are never sent without rows: the statement empties what has to be empty.
        let way = isEmpty ? .staged : try await way(for: batch.units.prefix(head.units))
        guard way == .staged else {
            let disposition: JobRequest.Disposition = way == .append ? .append : .truncate
            let job = requests.load(
                id: id, table: table, disposition: disposition, fields: fit.fields, layout: wanted, extra: labels)
            let rows = try await upload(job, id, head, &stream)
            return try await confirm(covered, rows: rows, id)
        }
        try await prepare(wanted, fit, exists: existing != nil)
        let rows = try await exchange(Array(batch.units.prefix(head.units)), covered, wanted, fit, id, head, &stream)
        return try await confirm(covered, rows: rows, id)
    }

    private enum Way { case append, truncate, staged }

    /// How the rows take their place: a table that holds one document only is simply written anew.
    private func way(for units: some Collection<Batch.Unit>) async throws -> Way {
        switch schema.disposition {
        case .append: return .append
        case .merge: return .staged
        case .replace:
            guard let only = units.first, units.count == 1 else { return .staged }
            var query = TableQuery(table: table)
            query.filters = [TableQuery.Filter(column: "_key", relation: .notEqual, values: [only.key])]
            query.columns = ["_key"]
            query.limit = 1
            query.includesDeleted = true
            return try await store.rows(query).rows.isEmpty ? .truncate : .staged
        }
    }

    /// Hands rows to a load job and waits for its end.
    ///
    /// - Returns: How many rows were sent.
    private func upload(
        _ job: [UInt8], _ id: String, _ head: RowStream.Head, _ stream: inout RowStream
    ) async throws -> Int {
        let upload = Upload(api: api, pieceBytes: pieceBytes, job: job)
        var rows = head.rows
        let insertion: JobInsertion
        if stream.rest == nil {
            insertion = try await upload.whole(head.bytes)
        } else {
            var (reading, more) = (stream, 0)
            insertion = try await upload.pieces(head.bytes) { () async throws -> [UInt8]? in
                guard let lines = try await reading.next() else { return nil }
                more += lines.count { $0 == UInt8(ascii: "\n") }
                return lines
            }
            rows += more
        }
        let outcome = try await outcome(insertion, id)
        if let failure = outcome.failure { throw failure }
        return rows
    }

    /// Stages the rows and puts them in place by one statement.
    private func exchange(
        _ units: [Batch.Unit], _ covered: [OutboxEntry], _ wanted: WarehouseSchema, _ fit: SchemaFit, _ id: String,
        _ head: RowStream.Head, _ stream: inout RowStream
    ) async throws -> Int {
        let suffix = String(nonce(), radix: 36)
        let staging = "\(table)__freshet_\(suffix)"
        let fields = wanted.fields.map { field in
            WarehouseField(name: field.name, type: fit.types[field.name] ?? field.type, isRequired: field.isRequired)
        }
        try await api.createTable(
            requests.table(staging, fields: fields, expires: clock.now() + .seconds(86_400)))
        // The table is new and of this try alone, so that adding to it is filling it, and its expiration stays.
        let stage = requests.load(
            id: "\(id)_stage_\(suffix)", table: staging, disposition: .append, fields: fields, layout: nil)
        let isEmpty = head.rows == 0 && stream.rest == nil
        var rows = 0
        do {
            if !isEmpty { rows = try await upload(stage, "\(id)_stage_\(suffix)", head, &stream) }
        } catch {
            // No statement reads it yet, so that it can go; if that fails too, it expires by itself.
            try? await api.deleteTable(staging)
            throw error
        }
        let columns = fields.map(\.name)
        let isMerge = schema.disposition == .merge
        let sql =
            isMerge
            ? Statements.merge(
                target: path(table), staging: path(staging), columns: columns,
                key: schema.key.map(WarehouseSchema.name))
            : Statements.replace(target: path(table), staging: path(staging), columns: columns)
        var parameters: [(String, JobRequest.Parameter)] = [("keys", .texts(units.map(\.key)))]
        if isMerge { parameters.append(("at", .timestamp(covered.map(\.at).max() ?? clock.now()))) }
        let labels = Batch(covered, disposition: schema.disposition).labels(of: covered)
        let query = requests.query(id: id, sql: sql, parameters: parameters, extra: labels)
        let outcome = try await outcome(try await api.insertJob(query), id)
        // A staging table that cannot be removed now expires by itself within a day.
        try? await api.deleteTable(staging)
        if let failure = outcome.failure { throw failure }
        return rows
    }

    // MARK: Shape

    /// Makes a table that statements can write to: load jobs make theirs, statements do not.
    private func prepare(_ wanted: WarehouseSchema, _ fit: SchemaFit, exists: Bool) async throws {
        if !exists {
            try await api.createTable(requests.table(table, fields: fit.fields, layout: wanted))
        } else if !fit.added.isEmpty {
            try await api.patchTable(table, requests.patch(fields: fit.fields))
        }
    }

    /// Lets columns take more; doing so twice does no harm, so that these jobs may have any id.
    private func widen(_ fit: SchemaFit) async throws {
        for field in fit.widened {
            let id = "freshet_\(table)_widen_\(String(nonce(), radix: 36))"
            let sql = Statements.widen(target: path(table), field: field)
            let outcome = try await outcome(try await api.insertJob(requests.query(id: id, sql: sql)), id)
            if let failure = outcome.failure { throw failure }
        }
    }
}
