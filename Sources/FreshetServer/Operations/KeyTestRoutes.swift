import FreshetCore
import FreshetEngine
import Logging

/// `POST /admin/keys/{source}/test`: one cheap call with each key of a source.
///
/// The calls go live under the source's limits, with parked and disabled keys too: what a key can do now is the question. A
/// refusal has its usual consequence (the key rests); a success changes nothing, `keys unpark` does.
struct KeyTestRoutes: Sendable {
    let service: any MirrorService
    let logger: Logger

    private struct Wish: Decodable {
        var path: String?
    }

    func test(_ exchange: Exchange) async throws -> Reply {
        let wish: Wish = try await exchange.decodeBody("path, if you like")
        let name = exchange.capture("source") ?? ""
        guard let source = service.configuration.source(name) else {
            throw Problem(404, "unknown-source", "No source \(name) is declared.")
        }
        let path = try await path(wish.path, of: source)
        let keys = source.auth.keys.isEmpty ? [Credential.anonymous] : source.auth.keys
        let service = service
        let results = await withTaskGroup(of: (Int, KeyTest).self) { group in
            for (index, key) in keys.enumerated() {
                group.addTask {
                    var request = PassRequest(source: source, method: "GET", path: path, headers: [], body: [])
                    request.keyID = key.id
                    return (index, KeyTest(await service.pass(request, dataset: nil)))
                }
            }
            var results: [Int: KeyTest] = [:]
            for await (index, result) in group { results[index] = result }
            return keys.indices.compactMap { results[$0] }
        }
        logger.notice(
            "Keys were tested",
            metadata: [
                "component": "admin", "source": "\(name)", "ok": "\(results.count { $0.result == "ok" })",
                "keys": "\(keys.count)",
            ])
        let items = zip(keys, results).map { key, test in
            JSONValue.object([
                ("key_id", .string(key.id)), ("result", .string(test.result)), ("http_status", .int(test.status)),
                ("reason", .optional(test.reason)),
            ])
        }
        return .json(
            200, .object([("source", .string(name)), ("path", .string(path)), ("keys", .array(items))]),
            [("Cache-Control", "no-store")])
    }

    /// The path that was asked for; else that of a document which a schedule names, has no parameters, or is held.
    private func path(_ wanted: String?, of source: SourceConfig) async throws -> String {
        if let wanted {
            guard wanted.hasPrefix("/") else { throw Problem(400, "bad-body", "path must begin with a slash.") }
            return wanted
        }
        let datasets = service.configuration.datasets.filter { $0.id.source == source.name }
        for dataset in datasets {
            if case .list(let keys)? = dataset.refresh?.selection, let key = keys.first {
                return dataset.upstreamPath(forKey: key)
            }
        }
        if let dataset = datasets.first(where: \.template.parameters.isEmpty) {
            return dataset.upstreamPath(forKey: DocumentID.singletonKey)
        }
        for dataset in datasets {
            if let held = try await service.store.keys(of: dataset.id, after: nil, limit: 1).first {
                return dataset.upstreamPath(forKey: held.key)
            }
        }
        throw Problem(
            400, "no-path",
            "No document of \(source.name) is known to test with: say which path to call (freshet keys test --path).")
    }
}

/// What one call says about a key.
struct KeyTest: Sendable {
    /// `ok`, `refused`, `limited`, `unanswered`, or `untested` when the budget let no call go.
    var result: String
    var status: Int?
    var reason: String?

    init(_ pass: PassResult) {
        switch pass {
        case .answer(let code, _, _): (result, status) = ("ok", code)
        case .denied(let denial): (result, reason) = ("untested", denial.message)
        case .failed(let failure):
            (status, reason) = (failure.status, failure.message)
            switch failure.effect {
            // The key was let in, and the path led nowhere.
            case .notFound: result = "ok"
            case .permanent: result = failure.status == nil ? "unanswered" : "ok"
            case .parkKey, .disableKey: result = "refused"
            case .wait: result = "limited"
            case .retry, .maintenance, .stopSource: result = "unanswered"
            }
        }
    }
}
