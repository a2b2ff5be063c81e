import FreshetCore
import FreshetDocument

/// The routes of the app.
struct ClashRoutes: Sendable {
    /// Below which the routes of the replaced system stand.
    static let prefix = "/api/v1"

    let service: ClashService

    /// What a request may do besides having a token.
    enum Need: Sendable {
        /// Nothing.
        case nobody
        /// A user.
        case user
        /// A user who has said which player they are.
        case player
    }

    typealias Handler = @Sendable (ClashCall) async throws -> AppReply

    var all: [AppRoute] { clans + wars + players + users + open }

    private var clans: [AppRoute] {
        let clans = ClanRoutes(service: service)
        return [
            get("/clan/{tag}", .player, "A clan with its members, their last activity, labels and war attacks.") {
                try await clans.clan($0)
            },
            get("/clan/{tag}/members", .player, "The members of a clan.") { try await clans.members($0) },
            get("/clan/{tag}/members/at-risk", .player, "Members by risk of being lost, with reasons.") {
                try await clans.atRisk($0)
            },
            get("/clan/{tag}/members/loyalty", .player, "Whole days that members have been in the clan.") {
                try await clans.loyalty($0)
            },
            get("/clan/{tag}/raids", .player, "The clan's capital raids.") {
                try await WarRoutes.document(ClashDatasets.raids, $0)
            },
        ]
    }

    private var wars: [AppRoute] {
        [
            get("/war/{tag}/current", .player, "The clan's war, or the state it is in.") {
                try await WarRoutes.current($0)
            },
            get("/war/{tag}/log", .player, "The wars that the clan has fought.") {
                try await WarRoutes.document(ClashDatasets.warLog, $0)
            },
            get("/war/{tag}/league", .player, "The group of the clan in its war league.") {
                try await WarRoutes.document(ClashDatasets.leagueGroup, $0)
            },
            get("/league-war/{tag}", .player, "A war of a war league, by its own tag.") {
                try await WarRoutes.leagueWar($0)
            },
        ]
    }

    private var players: [AppRoute] {
        let players = PlayerRoutes(service: service)
        return [
            get("/player/{tag}", .player, "A player with loyalty and risk.") { try await players.player($0) },
            get("/player/by-user/{sub}", .player, "The player that a user is.") { try await players.byUser($0) },
        ]
    }

    private var users: [AppRoute] {
        let users = UserRoutes(service: service)
        return [
            get("/user/me", .user, "The user that asks.") { users.me($0) },
            put("/user/player-tag", .user, "Says which player the user is.") { try await users.setTag($0) },
            put("/user/risk-weights", .user, "Sets the user's own weights of risk; null forgets them.") {
                try await users.setWeights($0)
            },
            route("POST", "/user/verify", .user, "Proves with an in-game token that the user is the player.") {
                try await users.verify($0)
            },
            AppRoute(
                "POST", "/invite/{userId}", service.options.identity == nil ? .reader : .everyone,
                "Invites another user; webhooks tell."
            ) { request in try await answer(request, .user) { try await users.invite($0) } },
            AppRoute("PUT", Self.prefix + "/users/{sub}", .operator, "Adds or changes a user, as a migration does.") {
                request in
                try await users.put(request)
            },
        ]
    }

    private var open: [AppRoute] {
        let (assets, health) = (service.assets, HealthRoutes())
        return [
            // With a slash at the end or without.
            AppRoute("GET", Self.prefix + "/assets/{rest*}", .everyone, "An image of the game: `?url=`.") { request in
                guard request.captures["rest"]?.isEmpty ?? true else {
                    return .problem(404, "No such path.", "Write \(Self.prefix)/assets/?url=….")
                }
                return await assets.answer(request)
            },
            AppRoute("GET", Self.prefix + "/health", .everyone, "Whether the app answers.") { _ in
                AppReply(body: Array(#"{"status":"ok"}"#.utf8))
            },
            AppRoute("GET", "/health", .everyone, "How the worker fares, in the replaced system's shape.") {
                await health.health($0)
            },
            AppRoute("GET", "/worker/metrics", .everyone, "The worker's numbers under the replaced system's names.") {
                try await health.metrics($0)
            },
        ]
    }

    // MARK: Parts

    private func get(_ pattern: String, _ need: Need, _ summary: String, _ handler: @escaping Handler) -> AppRoute {
        route("GET", pattern, need, summary, handler)
    }

    private func put(_ pattern: String, _ need: Need, _ summary: String, _ handler: @escaping Handler) -> AppRoute {
        route("PUT", pattern, need, summary, handler)
    }

    private func route(
        _ method: String, _ pattern: String, _ need: Need, _ summary: String, _ handler: @escaping Handler
    ) -> AppRoute {
        // With an issuer, a bearer token is the issuer's; without one, Freshet's own tokens decide who reads.
        AppRoute(method, Self.prefix + pattern, service.options.identity == nil ? .reader : .everyone, summary) {
            request in
            try await answer(request, need, handler)
        }
    }

    private func answer(_ request: AppRequest, _ need: Need, _ handler: Handler) async throws -> AppReply {
        switch try await Gatekeeper(service: service).admit(request, need) {
        case .refused(let reply): return reply
        case .admitted(let user):
            return try await handler(ClashCall(request: request, user: user, service: service))
        }
    }
}

/// A request that was let in.
struct ClashCall: Sendable {
    var request: AppRequest
    /// Who asks; `nil` without an issuer of identities.
    var user: ClashUser?
    var service: ClashService

    var services: AppServices { request.services }
    var now: Timestamp { services.clock.now() }
    /// The weights by which risk is judged for who asks.
    var weights: RiskWeights { user?.weights ?? service.options.risk.weights }

    /// The document of a dataset that the path's tag names; `nil` when it is no tag.
    func document(_ dataset: DatasetID) async throws -> MirroredDocument? {
        guard let tag = request.captures["tag"].flatMap(ClashTag.normal) else { return nil }
        return try await MirroredDocument.read(DocumentID(dataset: dataset, key: tag), services)
    }
}
