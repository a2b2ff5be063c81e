import FreshetCore
import FreshetDocument

/// The routes below `/apps/torn`.
struct TornRoutes: Sendable {
    let app: TornApp

    var all: [AppRoute] {
        let (datasets, views) = (app.datasets, Set(app.views.map(\.name)))
        let reports = TornReport.all(passRate: app.options.passRate).filter { views.contains($0.name) }
        return [
            AppRoute("GET", "/health", .everyone, "How each Torn endpoint fares: last run, next run, rows, status.") {
                request in
                let health = try await TornHealth.read(datasets, services: request.services)
                return AppReply(health.status == .failing ? 503 : 200, body: health.json)
            },
            AppRoute("GET", "/reports", .reader, "The reports there are.") { _ in
                AppReply(body: Self.list(reports))
            },
            AppRoute("GET", "/reports/{report}", .reader, "The rows of a report, up to `?limit=`.") { request in
                try await Self.rows(request, reports)
            },
            AppRoute("GET", "/reports/{report}/sql", .reader, "A report's SQL: `?dialect=sqlite|postgres|bigquery`.") {
                request in
                Self.sql(request, reports)
            },
        ]
    }

    private static func list(_ reports: [TornReport]) -> [UInt8] {
        var json = JSONWriter(style: .pretty)
        json.beginObject()
        json.key("reports")
        json.beginArray()
        for report in reports {
            json.beginObject()
            json.field("name", report.name)
            json.field("summary", report.summary)
            json.field("rows", "/apps/torn/reports/\(report.name)")
            json.key("tables")
            json.beginArray()
            report.tables.forEach { json.string($0) }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    // MARK: One report

    private static func rows(_ request: AppRequest, _ reports: [TornReport]) async throws -> AppReply {
        guard let report = find(request, in: reports) else { return unknown(reports) }
        guard let tables = request.services.tables else {
            return problem(
                501, "This store keeps no tables.", "Use SQLite or PostgreSQL; reports are read from tables.")
        }
        guard let limit = limit(request) else {
            return problem(400, "limit is not a number from 1 to 10000.", "Write ?limit=100, or leave it out.")
        }
        do {
            let answer = try await tables.query(
                "SELECT * FROM \(report.name) ORDER BY \(report.order)", limits: QueryLimits(rows: limit))
            return AppReply(body: json(answer, of: report))
        } catch .refused(let reason) {
            return problem(
                409, "The report cannot be read yet: \(reason)",
                "It is there once its tables are: \(report.tables.joined(separator: ", ")).")
        }
    }

    private static func sql(_ request: AppRequest, _ reports: [TornReport]) -> AppReply {
        guard let report = find(request, in: reports) else { return unknown(reports) }
        let text: String
        switch parameter("dialect", request) ?? "sqlite" {
        case "sqlite": text = report.sqlite() + ";\n"
        case "postgres": text = report.postgres() + ";\n"
        case "bigquery": text = report.bigQueryView(dataset: parameter("dataset", request) ?? "torn")
        default:
            return problem(
                400, "There is no such dialect.", "Write ?dialect=sqlite, ?dialect=postgres or ?dialect=bigquery.")
        }
        return AppReply(type: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    private static func find(_ request: AppRequest, in reports: [TornReport]) -> TornReport? {
        reports.first { $0.name == request.captures["report"] }
    }

    private static func parameter(_ name: String, _ request: AppRequest) -> String? {
        request.parameters.first { $0.name == name }?.value
    }

    private static func limit(_ request: AppRequest) -> Int? {
        guard let text = parameter("limit", request) else { return 10_000 }
        return Int(text).flatMap { (1...10_000).contains($0) ? $0 : nil }
    }

    private static func json(_ answer: QueryResult, of report: TornReport) -> [UInt8] {
        var json = JSONWriter(reserving: 256 + answer.rows.count * answer.columns.count * 16)
        json.beginObject()
        json.field("report", report.name)
        json.field("summary", report.summary)
        json.field("is_truncated", answer.isTruncated)
        json.key("rows")
        json.beginArray()
        for row in answer.rows {
            json.beginObject()
            for (column, value) in zip(answer.columns, row) {
                json.key(column.name)
                json.value(value)
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    // MARK: Refusals

    private static func unknown(_ reports: [TornReport]) -> AppReply {
        problem(404, "There is no such report.", "There are \(reports.map(\.name).joined(separator: ", ")).")
    }

    /// RFC 9457.
    private static func problem(_ status: Int, _ title: String, _ detail: String) -> AppReply {
        var json = JSONWriter()
        json.beginObject()
        json.field("title", title)
        json.field("status", status)
        json.field("detail", detail)
        json.endObject()
        return AppReply(status, type: "application/problem+json", body: json.bytes)
    }
}

extension JSONWriter {
    /// A value of a table: moments and days as ISO 8601, exact numbers as they are.
    fileprivate mutating func value(_ value: TableValue) {
        switch value {
        case .null: null()
        case .integer(let number): int(number)
        case .decimal(let text): raw(text.utf8)
        case .float(let number): number.isFinite ? double(number) : null()
        case .boolean(let flag): bool(flag)
        case .text(let text): string(text)
        case .timestamp(let seconds, let nanoseconds):
            string(Timestamp(microseconds: seconds * 1_000_000 + Int64(nanoseconds / 1_000)).rfc3339)
        case .date(let days): string(String(Timestamp(seconds: days * 86_400).rfc3339.prefix(10)))
        case .json(let text): raw(text.utf8)
        }
    }
}
