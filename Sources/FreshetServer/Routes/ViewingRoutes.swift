import FreshetCore
import FreshetEngine
import HTTPTypes

/// `POST` and `DELETE /v1/viewing`: a client says what it shows, so that it is kept fresh meanwhile.
struct ViewingRoutes: Sendable {
    let reader: DocumentReader

    /// How long a hold lasts unless the client says.
    static let usual = Duration.seconds(120)

    private struct Wish: Decodable {
        var source: String
        var dataset: String
        var key: String
        var `for`: String?
    }

    func hold(_ exchange: Exchange) async throws -> Reply {
        let (id, span) = try await wish(exchange)
        guard try await reader.find(id) != nil else {
            throw Problem(404, "never-asked", "Nobody has read this document yet; read it first.")
        }
        switch reader.service.view(id, client: exchange.client.group, for: span) {
        case .held(let until):
            return .json(
                200,
                .object([
                    ("source", .string(id.dataset.source)), ("dataset", .string(id.dataset.name)),
                    ("key", .string(id.key)), ("until", .time(until)),
                ]), [("Cache-Control", "no-store")])
        case .refused(let seconds):
            throw Problem(
                429, "too-many-views", "You hold as many keys as one client may; give one up, or try again later.",
                fields: [("Retry-After", "\(seconds)")])
        case .unsupported:
            throw Problem(
                409, "not-adaptive", "\(id.dataset) has one pace for all keys; give its refresh: classes to allow this."
            )
        }
    }

    func release(_ exchange: Exchange) async throws -> Reply {
        let (id, _) = try await wish(exchange)
        guard reader.service.unview(id, client: exchange.client.group) else {
            throw Problem(404, "not-held", "You do not hold this document.")
        }
        return Reply(204)
    }

    private func wish(_ exchange: Exchange) async throws -> (DocumentID, Duration) {
        let wish: Wish = try await exchange.decodeBody("source, dataset, key and, if you like, for, such as PT2M")
        let id = DatasetID(source: wish.source, name: wish.dataset)
        guard let record = reader.service.catalog.record(id) else {
            throw Problem(404, "unknown-dataset", "No dataset \(id) is declared.")
        }
        guard let key = record.config.key(forText: wish.key) else {
            throw Problem(400, "bad-key", "This cannot be a key of \(id).")
        }
        var span = ViewingRoutes.usual
        if let text = wish.for {
            guard let exact = (try? Period(parsing: text))?.exact, exact > .zero else {
                throw Problem(400, "bad-duration", "for must be a duration such as PT2M, at most PT10M.")
            }
            span = exact
        }
        return (DocumentID(dataset: id, key: key), span)
    }
}
