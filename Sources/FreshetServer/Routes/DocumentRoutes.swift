import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// `GET /v1/{source}/{dataset}/{key}` with its history and past.
struct DocumentRoutes: Sendable {
    let reader: DocumentReader

    private var service: any MirrorService { reader.service }

    /// A document, or its history when the path goes one segment further.
    func get(_ exchange: Exchange) async throws -> Reply {
        let dataset = try reader.dataset(exchange)
        let path = exchange.captures["key"] ?? ""
        let length = path.utf8.reduce(1) { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 }
        if length == max(1, dataset.config.template.parameters.count) + 1, path.hasSuffix("/history") {
            let id = try reader.document(path.dropLast("/history".count), of: dataset)
            return try await HistoryRoutes(service: service).list(exchange, id)
        }
        let id = try reader.document(path, of: dataset)
        try exchange.allowParameters(["envelope", "as_of"])
        let envelope = try exchange.parameter("envelope")
        guard [nil, "0", "1", "true", "false"].contains(envelope) else {
            throw Problem(400, "bad-parameter", "envelope must be 1 or 0.")
        }
        let wantsEnvelope = envelope == "1" || envelope == "true"
        if let moment = try exchange.moment("as_of") {
            return try await HistoryRoutes(service: service).document(exchange, id, at: moment, envelope: wantsEnvelope)
        }
        return try await current(exchange, id, wantsEnvelope)
    }

    private func current(_ exchange: Exchange, _ id: DocumentID, _ wantsEnvelope: Bool) async throws -> Reply {
        guard let entry = try await reader.find(id) else {
            return try await unknown(exchange, id, wantsEnvelope)
        }
        let served = reader.read(entry, at: exchange.now, youngerThan: exchange.conditions.youngerThan)
        switch served.presence {
        case .unknown: return try await unknown(exchange, id, wantsEnvelope)
        case .missing, .gone: return absent(exchange, entry, served)
        case .live:
            guard let limit = exchange.preferredWait, served.isStale(at: exchange.now) else {
                return await present(exchange, entry, served, wantsEnvelope)
            }
            let fresher = await reader.wait(for: id, limit: limit, clock: exchange.clock) { entry in
                entry.map { !$0.served.isStale(at: exchange.clock.now()) } ?? false
            }
            return await settled(exchange, fresher ?? entry, wantsEnvelope, waited: limit)
        }
    }

    /// What stands after a wait.
    private func settled(
        _ exchange: Exchange, _ entry: CatalogEntry, _ wantsEnvelope: Bool, waited: Duration
    ) async -> Reply {
        let late = exchange.later()
        let served = entry.served
        var reply =
            served.presence == .live
            ? await present(late, entry, served, wantsEnvelope) : absent(late, entry, served)
        reply.fields.append(("Preference-Applied", "wait=\(waited.components.seconds)"))
        return reply
    }

    // MARK: There

    /// The answer with a body or a 304, and the path remembered for the fast lane.
    private func present(
        _ exchange: Exchange, _ entry: CatalogEntry, _ served: ServedDocument, _ wantsEnvelope: Bool
    ) async -> Reply {
        if wantsEnvelope {
            var answer = DocumentAnswer(served: served, dataset: entry.dataset, now: exchange.now)
            let body = Envelope.body(served, id: entry.id, answer: answer)
            answer.face = .envelope(length: body.readableBytes)
            var head = ByteBuffer()
            answer.writeHead(to: &head, isNotModified: false)
            return Reply(head: head, body: body)
        }
        return await DocumentReply.make(exchange, entry, served, surface: .document, catalog: service.catalog)
    }

    // MARK: Not there

    private func absent(_ exchange: Exchange, _ entry: CatalogEntry, _ served: ServedDocument) -> Reply {
        let answer = DocumentAnswer(served: served, dataset: entry.dataset, now: exchange.now)
        let isGone = served.presence == .gone
        let detail =
            isGone
            ? "Upstream has answered 404 for this document again and again; its history is kept."
            : "Upstream says that this document does not exist."
        return Problem(
            404, isGone ? "gone" : "not-found", detail,
            fields: AbsentFields.make(answer),
            members: [
                ("checked_at", .time(served.checkedAt)), ("last_updated", .time(served.lastUpdated)),
                ("next_refresh_at", .time(answer.nextRefresh)),
            ]
        ).reply(instance: exchange.path)
    }

    private func unknown(_ exchange: Exchange, _ id: DocumentID, _ wantsEnvelope: Bool) async throws -> Reply {
        if exchange.conditions.onlyIfCached {
            throw Problem(504, "not-held", "This document was never fetched, and the request says only-if-cached.")
        }
        let limit = exchange.preferredWait
        let outcome = try await reader.ask(id, client: exchange.client)
        guard case .queued(let job) = outcome else { throw refusal(outcome) }
        guard let limit else { return accepted(id, job) }
        let entry = await reader.wait(for: id, limit: limit, clock: exchange.clock) { entry in
            entry.map { $0.served.presence != .unknown } ?? false
        }
        guard let entry, entry.served.presence != .unknown else {
            var reply = accepted(id, job)
            reply.fields.append(("Preference-Applied", "wait=\(limit.components.seconds)"))
            return reply
        }
        _ = reader.read(entry, at: exchange.now, youngerThan: nil)
        return await settled(exchange, entry, wantsEnvelope, waited: limit)
    }

    private func refusal(_ outcome: ColdKeys.Outcome) -> Problem {
        switch outcome {
        case .queued: Problem(500, "internal", "Freshet failed here.")
        case .refused(let wait):
            Problem(
                429, "too-many-unknown-keys",
                "This client has asked for too many keys that were never fetched; known keys are answered as ever. "
                    + "Try again in \(wait) s.", fields: [("Retry-After", String(wait))])
        case .closed:
            Problem(
                403, "unknown-keys-closed",
                "This document was never fetched, and readers may not ask for new ones here "
                    + "(unknown_keys_per_minute: 0). An operator can: POST /v1/refresh, or freshet refresh.")
        }
    }

    private func accepted(_ id: DocumentID, _ job: Int64) -> Reply {
        let location = "/v1/jobs/\(job)"
        return .json(
            202,
            .object([
                ("status", .string("queued")), ("source", .string(id.dataset.source)),
                ("dataset", .string(id.dataset.name)), ("key", .string(id.key)), ("job", .number(job)),
                ("location", .string(location)),
                (
                    "why",
                    .string(
                        "/v1/why/\(id.dataset.source)/\(id.dataset.name)/\(DatasetConfig.publicPath(forKey: id.key))")
                ),
            ]),
            [
                ("Location", location), ("Retry-After", "1"), ("Cache-Control", "no-store"),
                ("Cache-Status", "freshet; fwd=miss"),
            ])
    }
}

extension Exchange {
    /// The same request, looked at now.
    func later() -> Exchange {
        var copy = Exchange(
            method: method, target: target, headers: headers, authority: authority, client: client, body: body,
            clock: clock, now: clock.now())
        (copy.role, copy.channel, copy.captures) = (role, channel, captures)
        return copy
    }
}

/// The fields of a remembered 404.
enum AbsentFields {
    static func make(_ answer: DocumentAnswer) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = [
            ("Age", String(answer.served.age(at: answer.now))),
            ("Cache-Control", "max-age=\(max(0, answer.timeToLive))"),
            ("Cache-Status", "freshet; hit; ttl=\(answer.timeToLive); detail=\"upstream-404\""),
            ("Freshet-Origin", answer.served.origin.rawValue),
        ]
        if let next = answer.nextRefresh {
            fields.append(("Freshet-Next-Refresh", Timestamp(seconds: next.seconds).rfc3339))
        }
        return fields
    }
}
