import FreshetCore
import FreshetEngine
import NIOCore

/// Versions of a document, and the document as it stood.
struct HistoryRoutes: Sendable {
    let service: any MirrorService

    func list(_ exchange: Exchange, _ id: DocumentID) async throws -> Reply {
        try exchange.allowParameters(["since", "until", "limit", "bodies"])
        let limit = try exchange.number("limit", in: 1...1000, default: 50)
        let showsBodies = try exchange.parameter("bodies") == "1"
        let versions = try await service.store.versions(
            of: id, since: exchange.moment("since"), until: exchange.moment("until"), limit: limit)
        if versions.isEmpty, try await service.store.document(id) == nil {
            throw Problem(404, "never-fetched", "This document was never asked for; a read of it queues a fetch.")
        }
        let items = versions.map { version in
            JSONValue.object(
                [
                    ("version", .number(Int64(version.version))), ("changed_at", .time(version.changedAt)),
                    ("ended_at", .time(version.endedAt)), ("origin", .string(version.origin.rawValue)),
                    ("bytes", .number(Int64(version.body.count))),
                ] + (showsBodies ? [("data", .raw(String(decoding: version.body, as: UTF8.self)))] : []))
        }
        return .json(
            200,
            .object([
                ("source", .string(id.dataset.source)), ("dataset", .string(id.dataset.name)),
                ("key", .string(id.key)), ("versions", .array(items)),
            ]), [("Cache-Control", "no-store")])
    }

    func document(_ exchange: Exchange, _ id: DocumentID, at moment: Timestamp, envelope: Bool) async throws -> Reply {
        guard let version = try await service.store.version(of: id, asOf: moment) else {
            throw Problem(
                404, "no-version",
                "No version of this document stood at \(moment): it came later, or retention removed it.")
        }
        var fields: [(name: String, value: String)] = [
            ("Last-Modified", version.changedAt.httpDate), ("Freshet-Origin", version.origin.rawValue),
            ("Freshet-Version", String(version.version)),
        ]
        if let ended = version.endedAt {
            fields.append(("Cache-Control", "max-age=86400"))
            fields.append(("Freshet-Ended", ended.rfc3339))
        } else {
            fields.append(("Cache-Control", "no-cache"))
        }
        guard envelope else {
            let body = ByteBuffer(bytes: version.body)
            return Reply(
                200, [("Content-Type", "application/json"), ("Content-Length", String(version.body.count))] + fields,
                body: body)
        }
        let meta = JSONValue.object([
            ("source", .string(id.dataset.source)), ("dataset", .string(id.dataset.name)), ("key", .string(id.key)),
            ("as_of", .time(moment)), ("changed_at", .time(version.changedAt)), ("ended_at", .time(version.endedAt)),
            ("origin", .string(version.origin.rawValue)), ("version", .number(Int64(version.version))),
        ])
        return .json(
            200, .object([("meta", meta), ("data", .raw(String(decoding: version.body, as: UTF8.self)))]), fields)
    }
}
