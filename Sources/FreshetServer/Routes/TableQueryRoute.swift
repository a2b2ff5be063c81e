import FreshetCore
import FreshetEngine
import HTTPTypes

/// `POST /v1/query`: one read-only SQL statement over the tables.
struct TableQueryRoute: Sendable {
    let service: any MirrorService

    private struct Wish: Decodable {
        var sql: String
        var limit: Int?
        var timeout: Double?
    }

    func query(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["format", "header", "limit", "timeout"])
        let store = try service.requireTables()
        let format = try TableFormat(exchange)
        let hasHeader = try TableQuestion.flag("header", exchange) ?? true
        let (sql, limits) = try await question(exchange)
        let result = try await TableRoutes.asked { () throws(StoreError) in try await store.query(sql, limits: limits) }
        let answer = TableAnswer(columns: result.columns, rows: result.rows, format: format, hasHeader: hasHeader)
        return answer.reply(
            asArrays: true, after: [("truncated", .bool(result.isTruncated))],
            fields: result.isTruncated ? [("Freshet-Truncated", "1")] : [])
    }

    /// The statement and its limits: a JSON object, or SQL as plain text with the limits among the parameters.
    private func question(_ exchange: Exchange) async throws -> (sql: String, limits: QueryLimits) {
        let type = (exchange.headers[.contentType] ?? "").prefix { $0 != ";" }.trimmed().lowercased()
        var wish: Wish
        if type == "text/plain" || type == "application/sql" {
            let body = try await exchange.collectBody(upTo: 64 << 10)
            guard let sql = String(validating: body, as: UTF8.self) else {
                throw Problem(400, "bad-body", "The statement is not UTF-8.")
            }
            wish = Wish(sql: sql, limit: nil, timeout: nil)
        } else {
            wish = try await exchange.decodeBody("sql and, if you like, limit (rows) and timeout (seconds)")
        }
        if try exchange.parameter("limit") != nil {
            wish.limit = try exchange.number("limit", in: 1...100_000, default: 1)
        }
        if let text = try exchange.parameter("timeout") { wish.timeout = Double(text) ?? 0 }
        var limits = QueryLimits()
        if let limit = wish.limit {
            guard (1...100_000).contains(limit) else {
                throw Problem(400, "bad-parameter", "limit must be a whole number from 1 to 100000.")
            }
            limits.rows = limit
        }
        if let timeout = wish.timeout {
            guard timeout > 0, timeout <= 60 else {
                throw Problem(400, "bad-parameter", "timeout must be a number of seconds above 0 and at most 60.")
            }
            limits.time = .seconds(timeout)
        }
        return (wish.sql, limits)
    }
}
