import NIOCore
import NIOHTTP1

/// The methods of BigQuery's REST API, one request at a time.
struct BigQueryRoutes {
    let request: MockRequest
    let project: String
    /// Milliseconds since 1970.
    let now: Int64

    // MARK: Uploads

    /// `POST …/jobs?uploadType=…` and `PUT …/jobs?upload_id=…`.
    func upload(_ path: [String], _ world: inout BigQueryWorld) throws(BigQueryFailure) -> MockResponse {
        guard path == ["jobs"] else { throw .notFound("no upload of \(path.joined(separator: "/"))") }
        if let id = request.parameter("upload_id") { return try piece(id, &world) }
        switch request.parameter("uploadType") {
        case "multipart":
            let type = request.headers.first(name: "content-type") ?? ""
            let (job, rows) = try BigQueryUpload.parts(request.body, contentType: type)
            return .json(try world.insert(job, rows: rows, project: project, now: now).json)
        case "resumable":
            let id = world.open(try body(), project: project)
            var response = MockResponse()
            let base = "\(request.origin)\(request.path)?uploadType=resumable&upload_id=\(id)"
            response.headers.add(name: "location", value: base)
            return response
        default: throw .invalid("This local server takes uploadType multipart and resumable.")
        }
    }

    private func piece(_ id: String, _ world: inout BigQueryWorld) throws(BigQueryFailure) -> MockResponse {
        let (done, kept) = try world.take(id, request.body, range: request.headers.first(name: "content-range"))
        if let done {
            let rows = Array(done.rows.readableBytesView)[...]
            return .json(try world.insert(done.job, rows: rows, project: done.project, now: now).json)
        }
        var response = MockResponse(status: 308)
        if kept > 0 { response.headers.add(name: "range", value: "bytes=0-\(kept - 1)") }
        return response
    }

    // MARK: Everything else

    /// Answers a request for what is below `/bigquery/v2/projects/{project}`.
    func answer(_ path: [String], _ world: inout BigQueryWorld) throws(BigQueryFailure) -> MockResponse {
        switch (request.method, path.count, path[0]) {
        case ("POST", 1, "jobs"): return .json(try world.insert(try body(), rows: nil, project: project, now: now).json)
        case ("GET", 2, "jobs"): return .json(try world.ask(project, path[1]).json)
        case ("POST", 1, "queries"): return try runQuery(&world)
        case ("GET", 2, "queries"): return try results(world.ask(project, path[1]))
        case ("GET", 1, "jobs"): return jobs(world)
        case (_, _, "datasets"): return try dataset(Array(path.dropFirst()), &world)
        default: throw .notFound("no such method on this local server: \(request.method) \(request.path)")
        }
    }

    private func body() throws(BigQueryFailure) -> MockJSON {
        do { return try MockJSON(parsing: request.body.readableBytesView) } catch {
            throw .invalid("Parse error: \(error.description)")
        }
    }

    private func jobs(_ world: BigQueryWorld) -> MockResponse {
        let jobs = world.jobOrder.reversed().compactMap { world.jobs[$0] }.filter { $0.project == project }
        let limit = request.integer("maxResults") ?? 1_000
        return .json(["kind": "bigquery#jobList", "jobs": .array(jobs.prefix(limit).map(\.json))])
    }

    // MARK: Queries

    private func runQuery(_ world: inout BigQueryWorld) throws(BigQueryFailure) -> MockResponse {
        let query = try body()
        var reference: [MockJSON.Member] = [.init("projectId", .string(project))]
        if let id = query["requestId"]?.stringValue { reference.append(.init("jobId", .string("query_\(id)"))) }
        let job: MockJSON = ["jobReference": .object(reference), "configuration": ["query": query]]
        let inserted = try world.insert(job, rows: nil, project: project, now: now)
        if let failure = inserted.failure { throw failure }
        return try results(inserted)
    }

    private func results(_ job: BigQueryWorld.Job) throws(BigQueryFailure) -> MockResponse {
        if let failure = job.failure, job.isDone { throw failure }
        var members: [MockJSON.Member] = [
            .init("kind", "bigquery#getQueryResultsResponse"), .init("jobReference", job.reference),
            .init("jobComplete", .bool(job.isDone)), .init("cacheHit", false), .init("totalBytesProcessed", "0"),
        ]
        guard job.isDone else { return .json(.object(members)) }
        members.append(.init("schema", ["fields": .array(job.fields.map(\.json))]))
        members += page(of: job.rows, fields: job.fields)
        return .json(.object(members))
    }

    /// `totalRows`, `rows` and `pageToken` of a list of rows, as the request asks for them.
    private func page(of rows: [[BigQueryValue]], fields: [BigQueryField]) -> [MockJSON.Member] {
        let start = request.integer("pageToken") ?? request.integer("startIndex") ?? 0
        let count = min(request.integer("maxResults") ?? 10_000, 10_000)
        let isInt64 = (request.parameter("formatOptions.useInt64Timestamp") ?? "").lowercased() == "true"
        let shown = rows.dropFirst(max(0, start)).prefix(max(0, count))
        var members: [MockJSON.Member] = [.init("totalRows", .string("\(rows.count)"))]
        if count > 0 || rows.isEmpty {
            members.append(.init("rows", .array(shown.map { BigQueryTable.wire($0, int64Timestamps: isInt64) })))
        }
        if count > 0, start + shown.count < rows.count {
            members.append(.init("pageToken", .string("\(start + shown.count)")))
        }
        return members
    }

    // MARK: Datasets and tables

    private func dataset(_ path: [String], _ world: inout BigQueryWorld) throws(BigQueryFailure) -> MockResponse {
        guard let name = path.first else {
            guard request.method == "POST" else { return datasets(world) }
            guard let name = try body()["datasetReference"]?["datasetId"]?.stringValue else {
                throw .invalid("Required parameter is missing: datasetReference")
            }
            guard world.datasets?.contains("\(project).\(name)") != true else {
                throw .duplicate("Dataset \(project):\(name)")
            }
            world.datasets?.insert("\(project).\(name)")
            return .json(shown(name))
        }
        try world.checkDataset(project, name)
        switch (request.method, path.count) {
        case ("GET", 1): return .json(shown(name))
        case ("GET", 2) where path[1] == "tables": return list(name, world)
        case ("POST", 2) where path[1] == "tables": return try create(name, &world)
        case (_, 3...) where path[1] == "tables":
            let reference = BigQueryTable.Reference(project: project, dataset: name, table: path[2])
            return try table(reference, Array(path.dropFirst(3)), &world)
        default: throw .notFound("no such method on this local server: \(request.method) \(request.path)")
        }
    }

    private func shown(_ dataset: String) -> MockJSON {
        [
            "kind": "bigquery#dataset", "id": .string("\(project):\(dataset)"), "location": "US",
            "datasetReference": ["projectId": .string(project), "datasetId": .string(dataset)],
        ]
    }

    private func datasets(_ world: BigQueryWorld) -> MockResponse {
        let known = world.datasets ?? Set(world.tables.keys.map { "\($0.project).\($0.dataset)" })
        let names = known.filter { $0.hasPrefix("\(project).") }.map { String($0.dropFirst(project.count + 1)) }
            .sorted()
        return .json(["kind": "bigquery#datasetList", "datasets": .array(names.map(shown))])
    }

    private func list(_ dataset: String, _ world: BigQueryWorld) -> MockResponse {
        let tables = world.tables.values.filter { $0.reference.project == project && $0.reference.dataset == dataset }
            .sorted { $0.reference.table < $1.reference.table }
        return .json([
            "kind": "bigquery#tableList", "totalItems": .int(tables.count), "tables": .array(tables.map(\.json)),
        ])
    }

    private func create(_ dataset: String, _ world: inout BigQueryWorld) throws(BigQueryFailure) -> MockResponse {
        let json = try body()
        guard let name = json["tableReference"]?["tableId"]?.stringValue, !name.isEmpty else {
            throw .invalid("Required parameter is missing: tableReference")
        }
        let reference = BigQueryTable.Reference(project: project, dataset: dataset, table: name)
        guard world.tables[reference] == nil else { throw .duplicate("Table \(reference.text)") }
        var table = try BigQueryTable(
            reference, fields: try BigQueryField.list(json["schema"]) ?? [], partitioning: json["timePartitioning"],
            clustering: json["clustering"], now: now)
        describe(&table, json)
        world.tables[reference] = table
        return .json(table.json)
    }

    private func describe(_ table: inout BigQueryTable, _ json: MockJSON) {
        if let labels = json["labels"] { table.labels = labels }
        if let text = json["description"]?.stringValue { table.description = text }
        if let time = json["expirationTime"] { table.expiration = time.stringValue.flatMap { Int64($0) } }
    }

    private func table(
        _ reference: BigQueryTable.Reference, _ path: [String], _ world: inout BigQueryWorld
    ) throws(BigQueryFailure) -> MockResponse {
        var table = try world.table(reference)
        switch (request.method, path) {
        case ("GET", []): return .json(table.json)
        case ("GET", ["data"]):
            let members = page(of: table.rows, fields: table.fields)
            return .json(.object([.init("kind", "bigquery#tableDataList")] + members))
        case ("PATCH", []), ("PUT", []):
            let json = try body()
            if let fields = try BigQueryField.list(json["schema"]) { try table.update(fields) }
            describe(&table, json)
            table.modified = now
            world.tables[reference] = table
            return .json(table.json)
        case ("DELETE", []):
            world.tables[reference] = nil
            return MockResponse(status: 204)
        default: throw .notFound("no such method on this local server: \(request.method) \(request.path)")
        }
    }
}
