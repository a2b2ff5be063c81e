import FreshetCore
import FreshetEngine
import FreshetExport
import HTTPTypes
import Logging

/// `/v1/tables…`, `/v1/rejects` and the schemas behind them.
struct TableRoutes: Sendable {
    let service: any MirrorService
    let logger: Logger

    private static let uncached: [(name: String, value: String)] = [("Cache-Control", "no-store")]

    // MARK: Tables

    func list(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters([])
        let store = try service.requireTables()
        let stops = try await store.tableStops()
        let items = try await store.tables().map { summary in
            TableJSON.summary(summary, stop: DatasetID(summary.schema.dataset).flatMap { stops[$0] })
        }
        return .json(200, .object([("tables", .array(items))]), TableRoutes.uncached)
    }

    func rows(_ exchange: Exchange) async throws -> Reply {
        let store = try service.requireTables()
        let schema = try await versions(exchange, store)[0].schema
        let question = try TableQuestion(exchange, table: schema).query
        let format = try TableFormat(exchange)
        let hasHeader = try TableQuestion.flag("header", exchange) ?? true
        let page = try await TableRoutes.asked { () throws(StoreError) in try await store.rows(question) }
        var fields: [(name: String, value: String)] = []
        if let cursor = page.cursor { fields.append(("Link", TableRoutes.next(exchange, cursor))) }
        let answer = TableAnswer(columns: page.columns, rows: page.rows, format: format, hasHeader: hasHeader)
        return answer.reply(
            before: [("table", .string(schema.name))], after: [("next_cursor", .optional(page.cursor))], fields: fields)
    }

    /// The same question with another cursor.
    private static func next(_ exchange: Exchange, _ cursor: String) -> String {
        let kept = (exchange.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        let query = kept.map(String.init) + ["cursor=\(PercentEncoding.encode(cursor))"]
        return "<\(exchange.path)?\(query.joined(separator: "&"))>; rel=\"next\""
    }

    // MARK: Schemas

    func schema(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["version"])
        let store = try service.requireTables()
        let versions = try await versions(exchange, store)
        var schema = versions[0].schema
        if try exchange.parameter("version") != nil {
            let number = try exchange.number("version", in: 1...Int(Int32.max), default: 1)
            guard let found = versions.first(where: { $0.schema.version == number }) else {
                throw Problem(
                    404, "unknown-version",
                    "The table \(schema.name) has no schema version \(number); its versions are "
                        + "\(versions.map { "\($0.schema.version)" }.reversed().joined(separator: ", ")).")
            }
            schema = found.schema
        }
        return .json(200, try await description(schema, versions, store), TableRoutes.uncached)
    }

    private struct Rollback: Decodable {
        var version: Int
        var discard: Bool?
    }

    func rollback(_ exchange: Exchange) async throws -> Reply {
        let store = try service.requireTables()
        let wish: Rollback = try await exchange.decodeBody("version and, if values may be lost, discard: true")
        let table = try await versions(exchange, store)[0].schema.name
        let schema = try await TableRoutes.asked(isConflict: true) { () throws(StoreError) in
            try await store.rollback(table, to: wish.version, discards: wish.discard ?? false, now: exchange.now)
        }
        logger.notice(
            "A table's schema was rolled back",
            metadata: [
                "component": "admin", "table": "\(table)", "to": "\(wish.version)", "version": "\(schema.version)",
            ])
        let versions = try await store.schemaVersions(of: table)
        return .json(200, try await description(schema, versions, store), TableRoutes.uncached)
    }

    private func description(
        _ schema: TableSchema, _ versions: [SchemaVersion], _ store: any TableStore
    ) async throws -> JSONValue {
        let summary = try await store.tables().first { $0.schema.name == schema.name }
        let stops = try await store.tableStops()
        let dataset = DatasetID(schema.dataset)
        let specs = dataset.flatMap { service.configuration.dataset($0)?.tables?.specs } ?? []
        return TableJSON.schema(
            schema, versions: versions, summary: summary, declared: specs.first { $0.name == schema.name },
            stop: dataset.flatMap { stops[$0] })
    }

    /// Versions of the table that the path names, newest first, at least one.
    private func versions(_ exchange: Exchange, _ store: any TableStore) async throws -> [SchemaVersion] {
        let name = exchange.capture("table") ?? ""
        let versions = try await store.schemaVersions(of: name)
        guard versions.isEmpty else { return versions }
        let known = try await store.tables().map(\.schema.name)
        let hint =
            Nearest.to(name, among: known).map { "; did you mean \($0)?" } ?? "; /v1/tables lists those there are."
        throw Problem(404, "unknown-table", "There is no table \(name)\(hint)")
    }

    // MARK: Rejected rows

    func rejects(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["limit"])
        let store = try service.requireTables()
        let limit = try exchange.number("limit", in: 1...1000, default: 100)
        let isAll = exchange.captures["table"] == nil
        let table = isAll ? nil : try await versions(exchange, store)[0].schema.name
        let rows = try await store.rejects(of: table, limit: limit)
        return .json(200, .object([("rejects", .array(rows.map { TableJSON.reject($0) }))]), TableRoutes.uncached)
    }

    /// Turns what a store refuses into a problem with its words.
    static func asked<Answer>(
        isConflict: Bool = false, _ question: () async throws(StoreError) -> Answer
    ) async throws -> Answer {
        do {
            return try await question()
        } catch StoreError.refused(let why) {
            throw Problem(isConflict ? 409 : 400, "refused", why)
        }
    }
}

extension MirrorService {
    /// The tables, or the answer for a store that keeps none.
    func requireTables() throws(Problem) -> any TableStore {
        guard let tables else {
            throw Problem(501, "no-tables", "This store keeps no tables; choose `store: sqlite` in freshet.yaml.")
        }
        return tables
    }
}
