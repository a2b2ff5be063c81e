import NIOCore

/// Everything that the BigQuery mock holds: pure, times are passed in.
struct BigQueryWorld: Sendable {
    /// A job: done when it is inserted, told as running for a while.
    struct Job: Sendable {
        var id: String
        var project: String
        var location: String
        var configuration: MockJSON
        var failure: BigQueryFailure?
        var statistics: [MockJSON.Member] = []
        /// Milliseconds since 1970.
        var created: Int64
        /// Questions that are still answered with `RUNNING`.
        var pollsLeft: Int
        /// What a query gave.
        var fields: [BigQueryField] = []
        var rows: [[BigQueryValue]] = []

        var isDone: Bool { pollsLeft <= 0 }
    }

    struct Session: Sendable {
        var project: String
        var job: MockJSON
        var rows = ByteBuffer()
    }

    /// Datasets by `project.dataset`; `nil` lets every name exist.
    var datasets: Set<String>?
    var tables: [BigQueryTable.Reference: BigQueryTable] = [:]
    /// By `project/id`.
    private(set) var jobs: [String: Job] = [:]
    private(set) var jobOrder: [String] = []
    private var sessions: [String: Session] = [:]
    private var nextSession = 0
    var polls: Int

    init(datasets: Set<String>?, polls: Int) {
        self.datasets = datasets
        self.polls = polls
    }

    func hasDataset(_ project: String, _ dataset: String) -> Bool {
        datasets?.contains("\(project).\(dataset)") ?? true
    }

    // MARK: Tables

    /// Removes tables whose time is over.
    mutating func expire(now: Int64) {
        for (reference, table) in tables where table.expiration.map({ $0 <= now }) ?? false { tables[reference] = nil }
    }

    func table(_ reference: BigQueryTable.Reference) throws(BigQueryFailure) -> BigQueryTable {
        try checkDataset(reference.project, reference.dataset)
        guard let table = tables[reference] else { throw .notFound("Table \(reference.text)") }
        return table
    }

    func checkDataset(_ project: String, _ dataset: String) throws(BigQueryFailure) {
        guard hasDataset(project, dataset) else { throw .notFound("Dataset \(project):\(dataset)") }
    }

    /// A table by its path in SQL.
    private func table(path: String, project: String) throws(BigQueryFailure) -> BigQueryTable {
        let parts = path.split(separator: ".").map(String.init)
        guard parts.count == 2 || parts.count == 3 else {
            throw .query("Table \"\(path)\" must be qualified with a dataset (e.g. dataset.table).")
        }
        return try table(
            BigQueryTable.Reference(
                project: parts.count == 3 ? parts[0] : project, dataset: parts[parts.count - 2],
                table: parts[parts.count - 1]))
    }

    // MARK: Jobs

    /// Begins a job and does its work.
    ///
    /// - Parameters:
    ///   - json: The job as sent.
    ///   - rows: For a load job its lines.
    ///   - project: The project in the address.
    ///   - now: Milliseconds since 1970.
    /// - Returns: The job, whose work may have failed.
    /// - Throws: ``BigQueryFailure`` when there is a job of this id, or the job makes no sense at all.
    mutating func insert(
        _ json: MockJSON, rows: ArraySlice<UInt8>?, project: String, now: Int64
    ) throws(BigQueryFailure) -> Job {
        guard let configuration = json["configuration"] else {
            throw .invalid("Required parameter is missing: configuration")
        }
        let id = json["jobReference"]?["jobId"]?.stringValue ?? "job_mock_\(jobs.count + 1)"
        let location = json["jobReference"]?["location"]?.stringValue ?? "US"
        guard !id.isEmpty, id.utf8.count <= 1_024, id.utf8.allSatisfy(Self.isInID) else {
            throw .invalid("Invalid job ID \"\(id)\"")
        }
        try checkLabels(configuration["labels"])
        guard jobs["\(project)/\(id)"] == nil else { throw .duplicate("Job \(project):\(location).\(id)") }
        var job = Job(
            id: id, project: project, location: location, configuration: configuration, created: now, pollsLeft: polls)
        do throws(BigQueryFailure) {
            if let load = configuration["load"] {
                try self.load(load, rows, &job, now)
            } else if let query = configuration["query"] {
                try self.query(query, &job, now)
            } else {
                throw .invalid("This local server runs load and query jobs only.")
            }
        } catch {
            job.failure = error
        }
        jobs["\(project)/\(id)"] = job
        jobOrder.append("\(project)/\(id)")
        return job
    }

    private static func isInID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func checkLabels(_ labels: MockJSON?) throws(BigQueryFailure) {
        guard case .object(let members) = labels else { return }
        for member in members {
            let value = member.value.stringValue ?? ""
            let isGood = (member.name + value).utf8.allSatisfy { Self.isInID($0) && !(0x41...0x5A).contains($0) }
            guard isGood, member.name.utf8.count <= 63, value.utf8.count <= 63, !member.name.isEmpty else {
                throw .invalid("Invalid label \(member.name): \(value)")
            }
        }
    }

    private mutating func load(
        _ config: MockJSON, _ rows: ArraySlice<UInt8>?, _ job: inout Job, _ now: Int64
    ) throws(BigQueryFailure) {
        guard let reference = BigQueryTable.Reference(config["destinationTable"], project: job.project) else {
            throw .invalid("Required parameter is missing: destinationTable")
        }
        guard let rows else { throw .invalid("Load configuration must specify at least one source URI") }
        try checkDataset(reference.project, reference.dataset)
        let (table, count) = try BigQueryLoad.run(
            config, body: rows, table: tables[reference], reference: reference, now: now)
        tables[reference] = table
        job.statistics = [
            .init(
                "load",
                [
                    "inputFiles": "1", "inputFileBytes": .string("\(rows.count)"), "outputRows": .string("\(count)"),
                    "badRecords": "0",
                ])
        ]
    }

    private mutating func query(_ config: MockJSON, _ job: inout Job, _ now: Int64) throws(BigQueryFailure) {
        guard let sql = config["query"]?.stringValue else { throw .invalid("Required parameter is missing: query") }
        let query = try BigQueryQuery(config)
        var (kind, affected) = ("SELECT", 0)
        switch try BigQuerySQLParser.parse(sql) {
        case .select(let select):
            let table = try table(path: select.table, project: job.project)
            (job.fields, job.rows) = try query.select(select, from: table)
        case .merge(let merge):
            var target = try table(path: merge.target, project: job.project)
            let source = try table(path: merge.source, project: job.project)
            let result = try query.merge(merge, target: target, source: source)
            (target.rows, target.modified) = (result.rows, now)
            tables[target.reference] = target
            (kind, affected) = ("MERGE", result.inserted + result.updated + result.deleted)
            job.statistics.append(
                .init(
                    "dmlStats",
                    [
                        "insertedRowCount": .string("\(result.inserted)"),
                        "updatedRowCount": .string("\(result.updated)"),
                        "deletedRowCount": .string("\(result.deleted)"),
                    ]))
        case .widen(let path, let column, let type):
            try widen(try table(path: path, project: job.project), column, type, now)
            kind = "ALTER_TABLE"
        }
        let schema: MockJSON = ["fields": .array(job.fields.map(\.json))]
        let details: MockJSON = [
            "statementType": .string(kind), "totalBytesProcessed": "0", "cacheHit": false, "schema": schema,
            "numDmlAffectedRows": .string("\(affected)"),
        ]
        job.statistics.append(.init("query", details))
    }

    private mutating func widen(
        _ table: BigQueryTable, _ column: String, _ type: BigQueryType, _ now: Int64
    ) throws(BigQueryFailure) {
        var table = table
        guard let at = table.index(column) else { throw .query("Column not found: \(column)") }
        guard type.widens(table.fields[at].type) else {
            throw .query(
                "ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type "
                    + "(\(table.fields[at].type.rawValue)) is assignable to the new type (\(type.rawValue))")
        }
        table.fields[at].type = type
        for row in table.rows.indices { table.rows[row][at] = table.rows[row][at].widened(to: type) }
        table.modified = now
        tables[table.reference] = table
    }

    /// A job; each question brings one that runs nearer to its end.
    mutating func ask(_ project: String, _ id: String) throws(BigQueryFailure) -> Job {
        guard var job = jobs["\(project)/\(id)"] else { throw .notFound("Job \(project):\(id)") }
        job.pollsLeft -= 1
        jobs["\(project)/\(id)"] = job
        return job
    }

    // MARK: Resumable uploads

    mutating func open(_ job: MockJSON, project: String) -> String {
        nextSession += 1
        sessions["upload\(nextSession)"] = Session(project: project, job: job)
        return "upload\(nextSession)"
    }

    /// Takes a piece of an upload.
    ///
    /// - Returns: The finished session after its last piece, else how many bytes are kept.
    mutating func take(
        _ id: String, _ piece: ByteBuffer, range: String?
    ) throws(BigQueryFailure) -> (done: Session?, kept: Int) {
        guard var session = sessions[id] else { throw .notFound("upload session") }
        let kept = session.rows.readableBytes
        var total = Optional(kept + piece.readableBytes)
        if let range {
            guard let parsed = BigQueryUpload.range(range) else {
                throw .invalid("Failed to parse Content-Range header.")
            }
            total = parsed.total
            if let bytes = parsed.range {
                guard bytes.lowerBound == kept, bytes.count == piece.readableBytes else {
                    throw .invalid("Invalid request. The piece does not begin where the last one ended.")
                }
            }
        }
        if total == nil, piece.readableBytes % (256 << 10) != 0 {
            throw .invalid("Invalid request. There were \(piece.readableBytes) byte(s), not a multiple of 262144.")
        }
        var piece = piece
        session.rows.writeBuffer(&piece)
        sessions[id] = session.rows.readableBytes == total ? nil : session
        return (session.rows.readableBytes == total ? session : nil, session.rows.readableBytes)
    }
}

extension BigQueryWorld.Job {
    /// The job as the API shows it.
    var json: MockJSON {
        var status: [MockJSON.Member] = [.init("state", isDone ? "DONE" : "RUNNING")]
        if isDone, let failure {
            status.append(.init("errorResult", failure.json))
            status.append(.init("errors", [failure.json]))
        }
        var times: [MockJSON.Member] = [
            .init("creationTime", .string("\(created)")), .init("startTime", .string("\(created)")),
        ]
        if isDone { times.append(.init("endTime", .string("\(created)"))) }
        var members: [MockJSON.Member] = [.init("jobType", configuration["load"] == nil ? "QUERY" : "LOAD")]
        if case .object(let sent) = configuration { members = sent.filter { $0.name != "jobType" } + members }
        return [
            "kind": "bigquery#job", "id": .string("\(project):\(location).\(id)"),
            "jobReference": reference, "configuration": .object(members), "status": .object(status),
            "statistics": .object(times + statistics), "user_email": "mock@localhost",
        ]
    }

    var reference: MockJSON {
        ["projectId": .string(project), "jobId": .string(id), "location": .string(location)]
    }
}
