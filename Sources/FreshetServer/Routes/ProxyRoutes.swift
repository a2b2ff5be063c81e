import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// `ANY /proxy/{source}/…`: what an SDK written for the upstream sees.
struct ProxyRoutes: Sendable {
    let reader: DocumentReader
    let tokens: TokenService

    private var service: any MirrorService { reader.service }

    func handle(_ exchange: Exchange) async throws -> Reply {
        guard let source = exchange.capture("source").flatMap({ service.configuration.source($0) }) else {
            let names = service.configuration.sources.map(\.name).joined(separator: ", ")
            throw Problem(404, "unknown-source", "No source has this name; there are: \(names).")
        }
        let path = "/" + (exchange.captures["path"] ?? "")
        guard exchange.method == .get || exchange.method == .head else {
            try tokens.check(.operator, exchange)
            return try await pass(exchange, source, path)
        }
        for dataset in service.configuration.datasets where dataset.id.source == source.name {
            guard dataset.template.match(path: path[...], query: exchange.query) != nil else { continue }
            guard let key = dataset.key(forUpstreamPath: path[...], query: exchange.query) else {
                return ProxyRoutes.error(404, "notFound", "No document can have this address.")
            }
            return try await mirror(exchange, source, DocumentID(dataset: dataset.id, key: key))
        }
        return try await pass(exchange, source, path)
    }

    // MARK: From the mirror

    private func mirror(_ exchange: Exchange, _ source: SourceConfig, _ id: DocumentID) async throws -> Reply {
        let held = try await reader.find(id)
        if let entry = held, entry.served.presence != .unknown {
            let served = reader.read(entry, at: exchange.now, youngerThan: exchange.conditions.youngerThan)
            return await answer(exchange, entry, served)
        }
        if exchange.conditions.onlyIfCached {
            return ProxyRoutes.error(504, "notHeld", "This document was never fetched.")
        }
        let outcome = try await reader.ask(id, client: exchange.client)
        switch outcome {
        case .queued: break
        case .refused(let wait):
            return ProxyRoutes.error(
                429, "requestThrottled", "Too many documents that were never fetched.", retryAfter: wait)
        case .closed:
            return ProxyRoutes.error(
                403, "accessDenied", "This document was never fetched, and readers may not ask for new ones here.")
        }
        if held != nil, let refusal = await refusal(of: id) { return refusal }
        let entry = await reader.wait(for: id, limit: source.proxyWait, clock: exchange.clock) { entry in
            entry.map { $0.served.presence != .unknown } ?? false
        }
        guard let entry, entry.served.presence != .unknown else {
            if let refusal = await refusal(of: id) { return refusal }
            let why = "/v1/why/\(id.dataset.source)/\(id.dataset.name)/\(DatasetConfig.publicPath(forKey: id.key))"
            return ProxyRoutes.error(
                503, "unavailable", "The document could not be fetched yet; \(why) says why.", retryAfter: 5)
        }
        let late = exchange.later()
        return await answer(late, entry, reader.read(entry, at: late.now, youngerThan: nil))
    }

    /// What upstream said of a document that was given up on, such as 403 for a private one; `nil` when it is no such answer.
    ///
    /// A 401 is about Freshet's keys, and no client's business.
    private func refusal(of id: DocumentID) async -> Reply? {
        guard let outlook = await reader.outlook(of: id), outlook.job?.state == .dead,
            let failure = outlook.state?.failure, let status = failure.status, (400..<500).contains(status),
            status != 401
        else { return nil }
        return ProxyRoutes.error(status, status == 403 ? "accessDenied" : failure.kind, failure.message)
    }

    private func answer(_ exchange: Exchange, _ entry: CatalogEntry, _ served: ServedDocument) async -> Reply {
        guard served.presence == .live else {
            var reply = ProxyRoutes.error(404, "notFound", "Upstream says that this does not exist.")
            reply.fields += AbsentFields.make(
                DocumentAnswer(served: served, dataset: entry.dataset, now: exchange.now, face: .proxy))
            return reply
        }
        return await DocumentReply.make(exchange, entry, served, surface: .proxy, catalog: service.catalog)
    }

    // MARK: Live

    private func pass(_ exchange: Exchange, _ source: SourceConfig, _ path: String) async throws -> Reply {
        let body = try await exchange.collectBody(upTo: source.maxBody)
        let request = PassRequest(
            source: source, method: exchange.method.rawValue,
            path: path + PassFilter.query(exchange.query, auth: source.auth.method),
            headers: PassFilter.request(exchange.headers, auth: source.auth.method), body: body)
        switch await service.pass(request, dataset: nil) {
        case .answer(let status, let headers, let body):
            return Reply(status, PassFilter.response(headers), body: ByteBuffer(bytes: body))
        case .failed(let failure):
            let status = failure.kind == "timeout" ? 504 : 502
            return ProxyRoutes.error(
                status, failure.kind, failure.message, retryAfter: failure.retryAfter.map(ProxyRoutes.seconds))
        case .denied(let denial):
            let wait = ProxyRoutes.seconds(denial.until - exchange.clock.monotonic())
            return ProxyRoutes.error(503, denial.kind, denial.message, retryAfter: wait)
        }
    }

    private static func seconds(_ duration: Duration) -> Int { max(1, Int(duration.inSeconds.rounded(.up))) }

    /// An error in the plain shape that most JSON APIs share.
    static func error(_ status: Int, _ reason: String, _ message: String, retryAfter: Int? = nil) -> Reply {
        .json(
            status, .object([("reason", .string(reason)), ("message", .string(message))]),
            retryAfter.map { [("Retry-After", String($0))] } ?? [])
    }
}
