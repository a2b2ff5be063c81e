import FoundationEssentials
import FreshetCore
import FreshetEngine
import HTTPTypes
import Logging

/// `POST /v1/refresh`, `GET /v1/jobs/{id}` and `GET /v1/why/…`.
struct RefreshRoutes: Sendable {
    let reader: DocumentReader
    let logger: Logger

    private struct Wish: Decodable {
        var source: String
        var dataset: String
        var key: String
        var priority: String?
    }

    func refresh(_ exchange: Exchange) async throws -> Reply {
        let wish: Wish = try await exchange.decodeBody("source, dataset, key and, if you like, priority")
        let id = DatasetID(source: wish.source, name: wish.dataset)
        guard let record = reader.service.catalog.record(id) else {
            throw Problem(404, "unknown-dataset", "No dataset \(id) is declared.")
        }
        guard let key = record.config.key(forText: wish.key) else {
            throw Problem(400, "bad-key", "This cannot be a key of \(id).")
        }
        guard let priority = Priority(name: wish.priority ?? "high") else {
            throw Problem(400, "bad-priority", "priority must be critical, high, medium or low.")
        }
        let document = DocumentID(dataset: id, key: key)
        let result = try await reader.service.requestRefresh(
            EnqueueRequest(document: document, priority: priority, cause: "operator"))
        logger.info(
            "A refresh was asked for",
            metadata: [
                "component": "admin", "source": "\(id.source)", "dataset": "\(id.name)", "key": "\(key)",
                "priority": "\(priority.name)", "job_id": "\(result.jobID)",
            ])
        let location = "/v1/jobs/\(result.jobID)"
        return .json(
            202,
            .object([
                ("job", .number(result.jobID)), ("is_new", .bool(result.isNew)), ("raised", .bool(result.raised)),
                ("source", .string(id.source)), ("dataset", .string(id.name)), ("key", .string(key)),
                ("priority", .string(priority.name)), ("location", .string(location)),
            ]), [("Location", location), ("Cache-Control", "no-store")])
    }

    func job(_ exchange: Exchange) async throws -> Reply {
        guard let number = exchange.capture("id").flatMap({ Int64($0) }),
            let job = try await reader.service.store.job(number)
        else {
            throw Problem(
                404, "no-such-job", "There is no job of this number; finished ones are kept for a while only.")
        }
        return .json(200, ReportJSON.job(job), [("Cache-Control", "no-store")])
    }

    func why(_ exchange: Exchange) async throws -> Reply {
        let dataset = try reader.dataset(exchange)
        let id = try reader.document(exchange.captures["key"] ?? "", of: dataset)
        let report = try await reader.service.why(id)
        return .json(200, ReportJSON.why(report, now: exchange.now), [("Cache-Control", "no-store")])
    }
}

extension Exchange {
    /// The body as JSON of a known shape, at most 64 KiB.
    func decodeBody<Body: Decodable>(_ shape: String) async throws -> Body {
        let type = (headers[.contentType] ?? "").prefix { $0 != ";" }.trimmed().lowercased()
        guard type == "application/json" else {
            throw Problem(415, "not-json", "Send Content-Type: application/json with \(shape).")
        }
        let bytes = try await collectBody(upTo: 64 << 10)
        do {
            return try JSONDecoder().decode(Body.self, from: Data(bytes))
        } catch {
            throw Problem(400, "bad-body", "The body must be a JSON object with \(shape).")
        }
    }
}
