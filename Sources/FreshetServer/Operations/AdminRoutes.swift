import FreshetCore
import FreshetEngine
import Logging

/// `/admin/…`: what an operator looks at and does.
///
/// Every change is logged; a wish that changed nothing is not.
struct AdminRoutes: Sendable {
    let service: any MirrorService
    let tokens: TokenService
    let logger: Logger

    private static let uncached: [(name: String, value: String)] = [("Cache-Control", "no-store")]

    func status(_ exchange: Exchange) async throws -> Reply {
        .json(200, ReportJSON.status(try await service.status()), AdminRoutes.uncached)
    }

    // MARK: Queue

    func queue(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters(["state", "source", "limit"])
        let name = try exchange.parameter("state") ?? "dead"
        guard let state = RefreshJob.State(rawValue: name) else {
            let known = RefreshJob.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(400, "bad-parameter", "state must be one of \(known).")
        }
        let limit = try exchange.number("limit", in: 1...1000, default: 100)
        let source = try exchange.parameter("source")
        let jobs = try await service.store.jobs(in: state, source: source, limit: limit)
        let depth = try await service.store.depth(source: source)
        return .json(
            200,
            .object([
                ("state", .string(state.rawValue)), ("jobs", .array(jobs.map { ReportJSON.job($0) })),
                ("depth", ReportJSON.queue(depth, now: exchange.now)),
            ]), AdminRoutes.uncached)
    }

    private struct Selection: Decodable {
        var jobs: [Int64]?
        var all: Bool?
    }

    func retry(_ exchange: Exchange) async throws -> Reply {
        let ids = try await selection(exchange)
        let count = try await service.store.retryDead(ids: ids, now: exchange.now)
        if count > 0 {
            service.jobsChanged()
            logged("Dead letters were retried", ["count": "\(count)"])
        }
        return .json(200, .object([("retried", .number(Int64(count)))]), AdminRoutes.uncached)
    }

    func drop(_ exchange: Exchange) async throws -> Reply {
        let count = try await service.store.drop(ids: selection(exchange))
        if count > 0 { logged("Jobs were dropped", ["count": "\(count)"]) }
        return .json(200, .object([("dropped", .number(Int64(count)))]), AdminRoutes.uncached)
    }

    private func selection(_ exchange: Exchange) async throws -> [Int64]? {
        let selection: Selection = try await exchange.decodeBody("jobs (a list of numbers) or all: true")
        if let jobs = selection.jobs { return jobs }
        guard selection.all == true else {
            throw Problem(400, "bad-body", "Say which: jobs (a list of numbers) or all: true.")
        }
        return nil
    }

    // MARK: Keys

    func keys(_ exchange: Exchange) async throws -> Reply {
        let report = try await service.status()
        let items = report.sources.map { source in
            JSONValue.object([
                ("source", .string(source.name)), ("keys", .array(source.keys.map { ReportJSON.key($0) })),
            ])
        }
        return .json(200, .object([("sources", .array(items))]), AdminRoutes.uncached)
    }

    private struct Parking: Decodable {
        var seconds: Double?
        var reason: String?
    }

    func park(_ exchange: Exchange) async throws -> Reply {
        let parking: Parking = try await exchange.decodeBody("seconds and, if you like, reason")
        guard let seconds = parking.seconds, seconds > 0, seconds <= 366 * 86_400 else {
            throw Problem(400, "bad-body", "seconds must be above 0 and at most a year.")
        }
        return try await setKey(exchange, for: .seconds(seconds), reason: parking.reason ?? "parked by an operator")
    }

    func unpark(_ exchange: Exchange) async throws -> Reply { try await setKey(exchange, for: nil, reason: "") }

    private func setKey(_ exchange: Exchange, for time: Duration?, reason: String) async throws -> Reply {
        let (source, key) = (exchange.capture("source") ?? "", exchange.capture("key") ?? "")
        guard await service.setKey(source: source, keyID: key, parkedFor: time, reason: reason) else {
            throw Problem(404, "no-such-key", "This source has no key of this id; /admin/keys lists them.")
        }
        logged(
            time == nil ? "A key was returned to service" : "A key was parked",
            ["source": "\(source)", "key_id": "\(key)", "reason": "\(reason)"])
        return .json(
            200,
            .object([
                ("source", .string(source)), ("key_id", .string(key)),
                ("state", .string(time == nil ? "ok" : "parked")),
            ]), AdminRoutes.uncached)
    }

    // MARK: Tokens

    func listTokens(_ exchange: Exchange) async throws -> Reply {
        let items = try await service.store.tokens().map(AdminRoutes.json)
        return .json(200, .object([("tokens", .array(items))]), AdminRoutes.uncached)
    }

    private struct NewToken: Decodable {
        var name: String
        var role: String
    }

    func createToken(_ exchange: Exchange) async throws -> Reply {
        let wish: NewToken = try await exchange.decodeBody("name and role (reader, operator or admin)")
        guard let role = TokenRecord.Role(rawValue: wish.role) else {
            throw Problem(400, "bad-role", "role must be reader, operator or admin.")
        }
        guard !wish.name.isEmpty, wish.name.utf8.count <= 100 else {
            throw Problem(400, "bad-name", "name must be 1 to 100 bytes long.")
        }
        let made = try await tokens.create(name: wish.name, role: role)
        logged("A token was made", ["token_id": "\(made.record.id)", "role": "\(role.rawValue)"])
        guard case .object(var fields) = AdminRoutes.json(made.record) else { return .json(201, .null) }
        fields.append(("token", .string(made.token)))
        fields.append(("note", .string("Shown once: Freshet keeps only its hash.")))
        return .json(201, .object(fields), AdminRoutes.uncached)
    }

    func revokeToken(_ exchange: Exchange) async throws -> Reply {
        let id = exchange.capture("id") ?? ""
        guard try await tokens.revoke(id) else {
            throw Problem(404, "no-such-token", "There is no valid token of this id; /admin/tokens lists them.")
        }
        logged("A token was revoked", ["token_id": "\(id)"])
        return .json(200, .object([("revoked", .string(id))]), AdminRoutes.uncached)
    }

    private static func json(_ record: TokenRecord) -> JSONValue {
        .object([
            ("id", .string(record.id)), ("name", .string(record.name)), ("role", .string(record.role.rawValue)),
            ("created_at", .time(record.createdAt)), ("revoked_at", .time(record.revokedAt)),
        ])
    }

    private func logged(_ message: Logger.Message, _ metadata: Logger.Metadata) {
        logger.notice(message, metadata: metadata.merging(["component": "admin"]) { first, _ in first })
    }
}
