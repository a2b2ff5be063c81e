import NIOCore
import NIOHTTP1
import Synchronization

/// Plays BigQuery's REST API (v2), as far as loading and looking at tables needs it.
///
/// Datasets, tables, load jobs (multipart and resumable uploads), query jobs over a small SQL, and the token endpoint of
/// a service account, whose key file is at `/credentials.json`. Everything is in memory and gone with the server. What it
/// does not play it refuses in words.
public final class BigQueryHandler: MockHandler {
    /// How it behaves.
    public struct Settings: Sendable {
        /// Datasets that exist, as `project.dataset`; `nil` lets every one exist.
        public var datasets: Set<String>?
        /// Whether calls without a token are refused; calls with a wrong one always are.
        public var requiresToken = false
        /// How long a token is good.
        public var tokenLifetime = Duration.seconds(3_600)
        /// How often a new job is told as running before it is done.
        public var polls = 0
        /// The service account; made when its key file is first asked for, unless given.
        public var account: BigQueryAccount?
        /// The clocks.
        public var clock = MockClock.system

        /// Creates settings: every dataset exists, no token is needed, jobs are done at once.
        public init() {}
    }

    private struct Tokens: Sendable {
        var account: BigQueryAccount?
        /// Monotonic ends by token.
        var ends: [String: Duration] = [:]
        var issued = 0
    }

    private let settings: Settings
    private let world: Mutex<BigQueryWorld>
    private let tokens: Mutex<Tokens>

    /// Creates a server without tables.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
        world = Mutex(BigQueryWorld(datasets: settings.datasets, polls: settings.polls))
        tokens = Mutex(Tokens(account: settings.account))
    }

    // MARK: Questions of tests

    /// The rows of a table as the API writes them, timestamps in microseconds; `nil` when there is no such table.
    public func rows(_ project: String, _ dataset: String, _ table: String) -> [[MockJSON]]? {
        let reference = BigQueryTable.Reference(project: project, dataset: dataset, table: table)
        return world.withLock { $0.tables[reference] }?.rows.map { $0.map { $0.wire(int64Timestamps: true) } }
    }

    /// A table as the API shows it; `nil` when there is none.
    public func table(_ project: String, _ dataset: String, _ table: String) -> MockJSON? {
        let reference = BigQueryTable.Reference(project: project, dataset: dataset, table: table)
        return world.withLock { $0.tables[reference] }?.json
    }

    /// Names of the tables of a dataset, in ascending order.
    public func tables(_ project: String, _ dataset: String) -> [String] {
        world.withLock { world in
            world.tables.keys.filter { $0.project == project && $0.dataset == dataset }.map(\.table).sorted()
        }
    }

    /// Every job as the API shows it, in the order of their coming.
    public func jobs() -> [MockJSON] {
        world.withLock { world in world.jobOrder.compactMap { world.jobs[$0]?.json } }
    }

    /// How many tokens were given out.
    public var issuedTokens: Int { tokens.withLock { $0.issued } }

    /// Makes every token invalid.
    public func revokeTokens() { tokens.withLock { $0.ends = [:] } }

    // MARK: Answering

    /// Answers a request.
    public func respond(to request: MockRequest) -> MockResponse {
        do throws(BigQueryFailure) {
            return try route(request)
        } catch {
            return error.response
        }
    }

    /// Failures in the words of Google's APIs.
    public func failure(_ failure: MockFailure) -> MockResponse {
        switch failure {
        case .status(let code): Self.failure(code).response
        case .keyRefused: Self.failure(401).response
        case .rateLimited: Self.failure(429).response
        case .maintenance, .insideSuccess: Self.failure(503).response
        }
    }

    private static func failure(_ status: Int) -> BigQueryFailure {
        let reasons = [401: "authError", 403: "rateLimitExceeded", 429: "rateLimitExceeded", 404: "notFound"]
        return BigQueryFailure(
            status: status, reason: reasons[status] ?? (status >= 500 ? "backendError" : "invalid"),
            message: MockStatus.reason(status))
    }

    /// Names of the API's methods.
    public func endpoint(of path: Substring) -> String? {
        let parts = Target.segments(path)
        guard let at = parts.firstIndex(of: "projects"), parts.count > at + 2 else { return nil }
        let names = ["datasets": "{dataset}", "tables": "{table}", "jobs": "{job}", "queries": "{job}"]
        var (out, previous) = (parts[...at].joined(separator: "/") + "/{project}", "")
        for part in parts[(at + 2)...] {
            out += "/\(names[previous] ?? part)"
            previous = names[previous] == nil ? part : ""
        }
        return "/\(out)"
    }

    private func route(_ request: MockRequest) throws(BigQueryFailure) -> MockResponse {
        var parts = request.segments[...]
        switch "\(request.method) \(request.path)" {
        case "GET /credentials.json": return credentials(request)
        case "POST /token": return token(request)
        default: break
        }
        let isUpload = parts.first == "upload"
        if isUpload { parts = parts.dropFirst() }
        guard parts.starts(with: ["bigquery", "v2", "projects"]), parts.count >= 5 else {
            throw .notFound("no such address on this local server: \(request.method) \(request.path)")
        }
        try checkToken(request)
        let routes = BigQueryRoutes(request: request, project: parts[parts.startIndex + 3], now: now)
        let rest = Array(parts.dropFirst(4))
        return try world.withLock { world throws(BigQueryFailure) in
            world.expire(now: now)
            return isUpload ? try routes.upload(rest, &world) : try routes.answer(rest, &world)
        }
    }

    /// Milliseconds since 1970.
    private var now: Int64 { settings.clock.unix().nanosecondsClamped / 1_000_000 }

    // MARK: Tokens

    private func checkToken(_ request: MockRequest) throws(BigQueryFailure) {
        guard let key = request.key else {
            if settings.requiresToken { throw Self.failure(401) }
            return
        }
        let ends = tokens.withLock { $0.ends[key] }
        guard let ends, ends > settings.clock.monotonic() else { throw Self.failure(401) }
    }

    private func account() -> BigQueryAccount? {
        tokens.withLock { tokens in
            if tokens.account == nil { tokens.account = try? BigQueryAccount() }
            return tokens.account
        }
    }

    private func credentials(_ request: MockRequest) -> MockResponse {
        guard let account = account() else { return Self.failure(500).response }
        return .json(account.credentials(project: request.parameter("project") ?? "local", origin: request.origin))
    }

    private func token(_ request: MockRequest) -> MockResponse {
        func refuse(_ error: String, _ text: String) -> MockResponse {
            .json(["error": .string(error), "error_description": .string(text)], status: 400)
        }
        let form = Dictionary(
            Target.query(String(buffer: request.body)[...]).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        guard form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" else {
            return refuse("unsupported_grant_type", "Invalid grant_type")
        }
        guard let account = account() else { return Self.failure(500).response }
        do {
            try account.check(
                form["assertion"] ?? "", audience: "\(request.origin)/token", now: settings.clock.unix())
        } catch {
            return refuse("invalid_grant", error.description)
        }
        let now = settings.clock.monotonic()
        let token = tokens.withLock { tokens in
            tokens.issued += 1
            let token = "mock-token-\(tokens.issued)-\(UInt64.random(in: .min ... .max))"
            tokens.ends[token] = now + settings.tokenLifetime
            return token
        }
        return .json([
            "access_token": .string(token), "token_type": "Bearer",
            "expires_in": .int(Int(settings.tokenLifetime.components.seconds)),
        ])
    }
}
