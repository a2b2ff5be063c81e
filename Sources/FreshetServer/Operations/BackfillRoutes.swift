import FreshetCore
import FreshetEngine
import HTTPTypes
import Logging

/// `/admin/backfill`: historical loads.
struct BackfillRoutes: Sendable {
    let service: any MirrorService
    let logger: Logger

    private static let uncached: [(name: String, value: String)] = [("Cache-Control", "no-store")]

    private struct Wish: Decodable {
        var source: String
        var dataset: String
        var parameter: String?
        var from: String?
        var to: String?
        var step: String?
        var series: [String]?
        var again: Bool?
        var resume: Bool?
    }

    /// The routes.
    var all: [Route] {
        [
            Route(.post, "/admin/backfill", .operator, "Load the past of a dataset", begin),
            Route(.get, "/admin/backfill/{source}/{dataset}", .operator, "How far a historical load is", look),
            Route(.delete, "/admin/backfill/{source}/{dataset}", .operator, "Stop a historical load", stop),
        ]
    }

    private func begin(_ exchange: Exchange) async throws -> Reply {
        let body: Wish = try await exchange.decodeBody(
            "source, dataset, from, to and, if you like, parameter, step, series, again; or resume")
        let dataset = DatasetID(source: body.source, name: body.dataset)
        let backfills = try backfills(dataset)
        let state = try await asked {
            if body.resume ?? false { return try await backfills.resumeBackfill(of: dataset) }
            guard let from = body.from, let to = body.to else {
                throw Problem(400, "bad-parameter", "from and to are needed, such as 2018 and 2023.")
            }
            let window: BackfillWindow
            do {
                window = try BackfillWindow(from: from, to: to, step: body.step)
            } catch {
                throw Problem(400, "bad-parameter", "\(error).")
            }
            var wish = BackfillWish(dataset: dataset, parameter: body.parameter, window: window)
            wish.series = body.series ?? []
            wish.refetches = body.again ?? false
            return try await backfills.beginBackfill(wish)
        }
        logger.notice("A historical load was begun", metadata: ["dataset": "\(dataset)"])
        return .json(202, answer(state), BackfillRoutes.uncached)
    }

    private func look(_ exchange: Exchange) async throws -> Reply {
        let dataset = dataset(exchange)
        guard let state = try await backfills(dataset).backfill(of: dataset) else {
            throw Problem(404, "no-backfill", "There never was a historical load of \(dataset).")
        }
        return .json(200, answer(state), BackfillRoutes.uncached)
    }

    private func stop(_ exchange: Exchange) async throws -> Reply {
        let dataset = dataset(exchange)
        let backfills = try backfills(dataset)
        let state = try await asked { try await backfills.stopBackfill(of: dataset) }
        logger.notice("A historical load was stopped", metadata: ["dataset": "\(dataset)"])
        return .json(200, answer(state), BackfillRoutes.uncached)
    }

    private func dataset(_ exchange: Exchange) -> DatasetID {
        DatasetID(source: exchange.capture("source") ?? "", name: exchange.capture("dataset") ?? "")
    }

    private func backfills(_ dataset: DatasetID) throws(Problem) -> any BackfillService {
        guard service.configuration.dataset(dataset) != nil else {
            throw Problem(404, "unknown-dataset", "No dataset \(dataset) is declared.")
        }
        guard let backfills = service as? any BackfillService else {
            throw Problem(404, "no-backfill", "This server loads no history.")
        }
        return backfills
    }

    /// What the engine refuses is the client's to mend.
    private func asked(_ body: () async throws -> BackfillState) async throws -> BackfillState {
        do {
            return try await body()
        } catch StoreError.refused(let why) {
            throw Problem(409, "refused", why + ".")
        }
    }

    private func answer(_ state: BackfillState) -> JSONValue {
        .object([
            ("dataset", .string(state.dataset.description)), ("parameter", .string(state.parameter)),
            ("from", .string(state.window.from)), ("to", .string(state.window.to)),
            ("step", .optional(state.window.step)), ("series", .number(Int64(state.series.count))),
            ("total", .number(Int64(state.total))), ("done", .number(Int64(state.done))),
            ("skipped", .number(Int64(state.skipped))), ("missing", .number(Int64(state.missing))),
            ("failed", .number(Int64(state.failed.count))), ("again", .number(Int64(state.again.count))),
            ("failed_keys", .array(state.failed.prefix(100).map { .string($0) })),
            ("running", .bool(state.isRunning)), ("stopped", .bool(state.isStopped)),
            ("started_at", .time(state.startedAt)), ("ended_at", state.endedAt.map { .time($0) } ?? .null),
        ])
    }
}
