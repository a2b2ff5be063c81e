import FreshetCore
import FreshetEngine
import Logging

/// `/admin/fetch` and `/admin/replay`: work that a person asks for and waits for.
struct WorkRoutes: Sendable {
    let service: any MirrorService
    let logger: Logger

    private static let uncached: [(name: String, value: String)] = [("Cache-Control", "no-store")]

    // MARK: Fetch

    private struct Fetch: Decodable {
        var source: String
        var dataset: String
        var key: String
        var store: Bool?
        var step: String?
        var dry_run: Bool?
        var set: [String: String]?
    }

    /// Fetches a document now and waits for it: the one route that always asks the upstream.
    func fetch(_ exchange: Exchange) async throws -> Reply {
        let body: Fetch = try await exchange.decodeBody("source, dataset, key and, if you like, step, dry_run and set")
        let dataset = DatasetID(source: body.source, name: body.dataset)
        let id = try document(dataset, key: body.key)
        var wish = FetchWish()
        if let name = body.step {
            guard let step = FetchWish.Step(rawValue: name) else {
                let known = FetchWish.Step.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(400, "bad-parameter", "step must be one of \(known).")
            }
            wish.step = step
        }
        wish.isDryRun = body.dry_run ?? false || body.store == false
        for (name, value) in body.set ?? [:] { try WorkRoutes.set(name, value, in: &wish) }
        guard let report = try await service.fetchNow(id, wish: wish) else { throw unknown(dataset) }
        logged("A document was fetched by hand", id)
        return .json(200, answer(report, id: id, wish: wish, now: exchange.now), WorkRoutes.uncached)
    }

    private func answer(_ report: FetchReport, id: DocumentID, wish: FetchWish, now: Timestamp) -> JSONValue {
        let data = report.body.isEmpty ? JSONValue.null : .raw(String(decoding: report.body, as: UTF8.self))
        let showsRows = wish.step == .transform || wish.step == .validate
        return .object([
            ("outcome", .string(report.outcome)), ("calls", .number(Int64(report.calls))),
            ("took_seconds", .decimal(report.took.inSeconds)), ("error", ReportJSON.failure(report.failure)),
            ("state", ReportJSON.state(report.state, now: now)),
            ("tables", report.tables.map(RowsJSON.outcome) ?? .null),
            ("rows", showsRows ? report.rows.map(RowsJSON.rows) ?? .null : .null),
            ("quality", .array(report.quality.map(RowsJSON.quality))),
            ("data", wish.step == .transform ? .null : data),
        ])
    }

    /// The settings that one fetch can change for itself.
    private static let settings = ["write_disposition", "timeout", "max_pages", "max_body"]

    private static func set(_ name: String, _ value: String, in wish: inout FetchWish) throws {
        let good: Bool
        switch name {
        case "write_disposition":
            wish.disposition = WriteDisposition(rawValue: value)
            good = wish.disposition != nil
        case "timeout":
            wish.timeout = (try? Period(parsing: value))?.exact
            good = wish.timeout.map { $0 > .zero } ?? false
        case "max_pages":
            wish.maxPages = Int(value)
            good = wish.maxPages.map { $0 >= 1 } ?? false
        case "max_body":
            wish.maxBody = Int(value)
            good = wish.maxBody.map { $0 >= 1 } ?? false
        default:
            throw Problem(
                400, "bad-parameter",
                "\(name) cannot be set for one fetch; these can: \(settings.joined(separator: ", ")).")
        }
        if !good { throw Problem(400, "bad-parameter", "\(name) cannot be \"\(value)\".") }
    }

    // MARK: Replay

    private struct Replay: Decodable {
        var source: String
        var dataset: String
        var keys: [String]?
        var since: String?
        var version: Int?
        var dry_run: Bool?
        var rebuild: Bool?
        var accept_deletes: Bool?
    }

    /// Makes rows of stored documents again; no upstream is asked.
    func replay(_ exchange: Exchange) async throws -> Reply {
        let body: Replay = try await exchange.decodeBody("source, dataset and, if you like, keys, since, dry_run")
        let dataset = DatasetID(source: body.source, name: body.dataset)
        var wish = ReplayWish(dataset: dataset)
        wish.keys = try (body.keys ?? []).map { try document(dataset, key: $0).key }
        if let text = body.since {
            guard let moment = Timestamp(rfc3339: text) else {
                throw Problem(400, "bad-parameter", "since must be a time such as 2026-01-31T00:00:00Z.")
            }
            wish.since = moment
        }
        wish.version = body.version
        wish.isDryRun = body.dry_run ?? false
        wish.rebuilds = body.rebuild ?? false
        wish.acceptsDeletes = body.accept_deletes ?? false
        if wish.version != nil, wish.keys.count != 1 {
            throw Problem(400, "bad-parameter", "version belongs to one document; name its key in keys.")
        }
        guard let report = try await service.replay(wish) else {
            throw Problem(404, "no-tables", "The dataset \(dataset) is not declared, or has no tables.")
        }
        if !wish.isDryRun { logger.notice("Rows were made again", metadata: ["dataset": "\(dataset)"]) }
        return .json(
            200,
            .object([
                ("documents", .number(Int64(report.documents))), ("unreadable", .number(Int64(report.unreadable))),
                ("dry_run", .bool(wish.isDryRun)), ("stopped", .optional(report.stop?.message)),
                ("tables", .array(report.tables.map(RowsJSON.effect))),
            ]), WorkRoutes.uncached)
    }

    // MARK: Rebuild

    private struct Rebuild: Decodable {
        var source: String
        var dataset: String
        var key: String
    }

    /// Makes a document again out of its automatic tables, to see that the rows hold all of it.
    func rebuild(_ exchange: Exchange) async throws -> Reply {
        let body: Rebuild = try await exchange.decodeBody("source, dataset and key")
        let dataset = DatasetID(source: body.source, name: body.dataset)
        let id = try document(dataset, key: body.key)
        guard let bytes = try await service.rebuild(id) else {
            throw Problem(
                404, "no-tables", "\(dataset) has no automatic table (tables: auto), or no rows of this document.")
        }
        return Reply(
            200, type: "application/json", text: String(decoding: bytes, as: UTF8.self), fields: WorkRoutes.uncached)
    }

    // MARK: Parts

    private func document(_ dataset: DatasetID, key text: String) throws -> DocumentID {
        guard let record = service.catalog.record(dataset) else { throw unknown(dataset) }
        guard let key = record.config.key(forText: text) else {
            throw Problem(400, "bad-key", "This cannot be a key of \(dataset).")
        }
        return DocumentID(dataset: dataset, key: key)
    }

    private func unknown(_ dataset: DatasetID) -> Problem {
        Problem(404, "unknown-dataset", "No dataset \(dataset) is declared.")
    }

    private func logged(_ message: Logger.Message, _ id: DocumentID) {
        logger.notice(
            message,
            metadata: ["source": "\(id.dataset.source)", "dataset": "\(id.dataset.name)", "key": "\(id.key)"])
    }
}

/// Rows and what became of them, as JSON.
enum RowsJSON {
    static func outcome(_ outcome: TableOutcome) -> JSONValue {
        .object([
            ("stopped", .optional(outcome.stop?.message)), ("tables", .array(outcome.tables.map(effect))),
        ])
    }

    static func effect(_ effect: TableEffect) -> JSONValue {
        let counts = [
            ("rows", effect.rows), ("inserted", effect.inserted), ("updated", effect.updated),
            ("unchanged", effect.unchanged), ("deleted", effect.deleted), ("rejected", effect.rejected),
            ("duplicates", effect.duplicates), ("discarded_values", effect.discarded),
            ("variant_values", effect.variants), ("guarded", effect.guarded),
            ("schema_version", effect.schemaVersion),
        ]
        return .object(
            [("table", .string(effect.table))] + counts.map { ($0.0, JSONValue.number(Int64($0.1))) }
                + [("schema_changes", .array(effect.changes.map { .string(words($0)) }))])
    }

    static func words(_ change: SchemaChange) -> String {
        switch change {
        case .created: "created"
        case .addedColumn(let name): "added \(name)"
        case .widenedColumn(let name, let from, let to): "widened \(name) from \(from.rawValue) to \(to.rawValue)"
        case .declared(let words): words
        case .rolledBack(let version): "rolled back to version \(version)"
        }
    }

    static func quality(_ quality: TableQuality) -> JSONValue {
        .object([
            ("table", .string(quality.table)), ("rows", .number(Int64(quality.rows))), ("at", .time(quality.at)),
            ("null_share", .decimal(quality.nullShare)),
            ("lag_seconds", quality.lag.map { .decimal($0.inSeconds) } ?? .null),
            ("duplicates", .int(quality.effect?.duplicates)), ("rejected", .int(quality.effect?.rejected)),
            (
                "columns",
                .array(
                    quality.columns.map { column in
                        .object([
                            ("name", .string(column.name)), ("nulls", .number(Int64(column.nulls))),
                            ("min", column.least.map { .decimal($0) } ?? .null),
                            ("max", column.most.map { .decimal($0) } ?? .null),
                            ("mean", column.mean.map { .decimal($0) } ?? .null), ("distinct", .int(column.distinct)),
                        ])
                    })
            ),
        ])
    }

    /// Each table with its rows as objects, before they meet a schema.
    static func rows(_ commit: TableCommit) -> JSONValue {
        .array(
            commit.rows.tables.map { table in
                let rows = (0..<table.count).map { row in
                    JSONValue.object(
                        zip(table.columns, table.row(row)).map { ($0.name, value($1, in: commit.rows)) })
                }
                return .object([("table", .string(table.name)), ("rows", .array(rows))])
            })
    }

    private static func value(_ cell: Cell, in rows: DocumentRows) -> JSONValue {
        switch cell.kind {
        case .null: .null
        case .integer, .date: .number(cell.payload)
        case .boolean: .bool(cell.payload != 0)
        case .float: .decimal(Double(bitPattern: UInt64(bitPattern: cell.payload)))
        case .number, .json: .raw(rows.text(of: cell))
        case .text: .string(rows.text(of: cell))
        case .timestamp: .time(Timestamp(microseconds: cell.payload * 1_000_000 + Int64(cell.extra / 1000)))
        }
    }
}
