import FreshetCore
import FreshetDocument

/// Players, rooms, the leaderboard and results over HTTP, in the seed's shapes.
struct GameRoutes: Sendable {
    let app: OecApp

    var all: [AppRoute] {
        [
            AppRoute("POST", "/api/users/guest", .everyone, "Makes a guest; the secret in the answer is told once.") {
                try await Self.guest($0)
            },
            AppRoute("POST", "/api/users/auth", .everyone, "Refused: an OEC account cannot be verified here.") { _ in
                OecAnswers.problem(
                    403, "OEC accounts cannot be verified.",
                    "Anybody could name any account, so this server takes none. Play as a guest: POST /api/users/guest."
                )
            },
            AppRoute("GET", "/api/users/{id}", .everyone, "A player.") { try await Self.user($0) },
            AppRoute("GET", "/api/users/{id}/private-rooms", .everyone, "A player's open rooms, newest first.") {
                try await Self.rooms($0)
            },
            AppRoute(
                "GET", "/api/leaderboard", .everyone, "Players of three games and more, the best first: `?limit=`."
            ) {
                try await Self.leaderboard($0)
            },
            AppRoute(
                "POST", "/api/games/result", .everyone, "What the last game of two players moved; it rates nothing."
            ) {
                try await Self.result($0)
            },
            AppRoute("GET", "/api/matchmaking/{id}", .everyone, "A player of a rating near another's.") {
                try await Self.match($0)
            },
            AppRoute("POST", "/api/private-rooms", .everyone, "Opens a room for a day; needs the player's secret.") {
                try await Self.openRoom($0)
            },
            AppRoute("GET", "/api/private-rooms/{code}", .everyone, "An open room by its code.") {
                try await Self.room($0)
            },
        ]
    }

    private static func store(_ request: AppRequest) -> GameStore {
        GameStore(store: request.services.store, clock: request.services.clock)
    }

    private static func body(_ request: AppRequest) -> JSONValue? {
        request.body.isEmpty ? nil : try? JSONTape(request.body).root
    }

    private static let noUser = OecAnswers.problem(404, "User not found", "User not found")
    private static let noRoom = OecAnswers.problem(404, "Room not found or expired", "Room not found or expired")

    // MARK: Players

    private static func guest(_ request: AppRequest) async throws -> AppReply {
        guard let runner = request.services.runner as? OecRunner else { return OecAnswers.starting }
        let name = body(request)?["name"]?.string?.trimmed
        if let name, !name.isEmpty, let fault = Account.fault(in: name) { return OecAnswers.problem(400, fault, fault) }
        guard runner.mayMakeGuest(request.client) else {
            return OecAnswers.problem(
                429, "Too many new guests from this address.", "Wait a minute, or go on with the guest you have.",
                headers: [("Retry-After", "60")])
        }
        let made = try await store(request).makeGuest(name: name.flatMap { $0.isEmpty ? nil : $0 })
        return OecAnswers.json { json in
            write(made.account, to: &json)
            json.field("secret", made.secret)
        }
    }

    private static func user(_ request: AppRequest) async throws -> AppReply {
        guard let account = try await store(request).account(request.captures["id"] ?? "") else { return noUser }
        return OecAnswers.json { write(account, to: &$0) }
    }

    private static func write(_ account: Account, to json: inout JSONWriter) {
        json.field("id", account.id)
        json.field("username", account.name)
        json.field("display_name", account.name)
        json.field("is_guest", true)
        json.field("elo_rating", account.player.rating)
        json.field("games_played", account.player.games)
        json.field("wins", account.wins)
        json.field("losses", account.losses)
        json.field("draws", account.draws)
        json.field("elo_category", Elo.category(account.player.rating))
    }

    private static func leaderboard(_ request: AppRequest) async throws -> AppReply {
        guard let limit = Int(request.parameter("limit") ?? "50"), (1...1_000).contains(limit) else {
            return OecAnswers.problem(400, "limit is not a number from 1 to 1000.", "Write ?limit=50.")
        }
        let filter = request.parameter("filter_type") ?? "all"
        guard ["all", "oec", "guest"].contains(filter) else {
            return OecAnswers.problem(400, "There is no such filter.", "Write ?filter_type=all, oec or guest.")
        }
        // Every player here is a guest.
        let known = filter == "oec" ? [] : try await store(request).allAccounts()
        let leaders = known.filter { $0.player.games >= 3 }.sorted {
            ($1.player.rating, $1.player.games, $0.id) < ($0.player.rating, $0.player.games, $1.id)
        }
        var json = JSONWriter()
        json.beginArray()
        for account in leaders.prefix(limit) {
            json.beginObject()
            json.field("display_name", account.name)
            json.field("elo_rating", account.player.rating)
            json.field("games_played", account.player.games)
            json.field("wins", account.wins)
            json.field("losses", account.losses)
            json.field("draws", account.draws)
            json.field("win_rate", (Double(account.wins) * 1_000 / Double(account.player.games)).rounded() / 10)
            for name in ["external_elo", "external_old_elo", "external_last_game"] { json.field(name, nil as String?) }
            json.field("has_external_data", false)
            json.endObject()
        }
        json.endArray()
        return AppReply(body: json.bytes)
    }

    /// The nearest rating within 100 points, then within 200, then anybody.
    private static func match(_ request: AppRequest) async throws -> AppReply {
        let store = store(request)
        guard let own = try await store.account(request.captures["id"] ?? "") else { return noUser }
        let busy = request.services.clock.now() - .seconds(60)
        let others = try await store.allAccounts().filter { $0.id != own.id && ($0.playedAt.map { $0 < busy } ?? true) }
        func distance(_ other: Account) -> Int { abs(other.player.rating - own.player.rating) }
        let near = others.filter { distance($0) <= 200 }.min { distance($0) < distance($1) }
        guard let found = near ?? others.randomElement() else { return OecAnswers.json { $0.field("found", false) } }
        return OecAnswers.json { json in
            json.field("found", true)
            json.key("opponent")
            json.beginObject()
            json.field("id", found.id)
            json.field("display_name", found.name)
            json.field("elo_rating", found.player.rating)
            json.endObject()
            json.field("elo_difference", distance(found))
        }
    }

    // MARK: Results

    /// The server rates its own games; what a client claims is compared with that, and refused when it differs.
    private static func result(_ request: AppRequest) async throws -> AppReply {
        guard let body = body(request), let first = body["player1_id"]?.string, let second = body["player2_id"]?.string,
            let own = body["player1_score"]?.int64, let other = body["player2_score"]?.int64
        else {
            return OecAnswers.problem(
                422, "The result is incomplete.", "Send player1_id, player2_id, player1_score and player2_score.")
        }
        let store = store(request)
        for (id, fault) in [(first, "Player not found"), (second, "Player 2 not found")] where id != "cpu" {
            if try await store.account(id) == nil { return OecAnswers.problem(404, fault, fault) }
        }
        let pair = [first, second].map { $0 == "cpu" ? nil : $0 }
        let kept = try await store.lastOutcome(between: pair)
        let claimed = [pair[0]: Int(own), pair[1]: Int(other)]
        guard let kept, zip(kept.players, kept.scores).allSatisfy({ claimed[$0] == $1 }) else {
            return OecAnswers.problem(
                403, "There was no such game.",
                "Games are rated by the server when they end; a result cannot be claimed.")
        }
        return OecAnswers.json { json in
            json.field("success", true)
            json.field("player1_elo_change", kept.move(of: pair[0]))
            json.field("player2_elo_change", kept.move(of: pair[1]))
            json.field("elo_points_exchanged", kept.change.exchanged)
            json.field("message", "Game already processed")
        }
    }

    // MARK: Rooms

    private static func openRoom(_ request: AppRequest) async throws -> AppReply {
        let store = store(request)
        let body = body(request)
        guard let id = body?["creator_id"]?.string, let account = try await store.account(id) else { return noUser }
        guard account.isProven(by: body?["secret"]?.string ?? "") else {
            return OecAnswers.problem(
                403, "That is not this player's secret.",
                "Send creator_id with the secret that the guest was made with.")
        }
        return reply(try await store.openRoom(of: id), request)
    }

    private static func room(_ request: AppRequest) async throws -> AppReply {
        try await store(request).room(request.captures["code"] ?? "").map { reply($0, request) } ?? noRoom
    }

    private static func rooms(_ request: AppRequest) async throws -> AppReply {
        let store = store(request)
        guard let account = try await store.account(request.captures["id"] ?? "") else { return noUser }
        var json = JSONWriter()
        json.beginArray()
        for room in try await store.rooms(of: account.id) {
            json.beginObject()
            write(room, request, to: &json)
            json.endObject()
        }
        json.endArray()
        return AppReply(body: json.bytes)
    }

    private static func reply(_ room: Room, _ request: AppRequest) -> AppReply {
        OecAnswers.json { write(room, request, to: &$0) }
    }

    private static func write(_ room: Room, _ request: AppRequest, to json: inout JSONWriter) {
        json.field("id", room.code)
        json.field("creator_id", room.creator)
        json.field("room_code", room.code)
        json.field("is_active", true)
        json.field("current_players", (request.services.runner as? OecRunner)?.hall.waiting(in: room.code) ?? 0)
        json.field("max_players", 2)
        json.field("share_url", "/apps/oec/?room=\(room.code)")
        json.field("created_at", room.createdAt.rfc3339)
        json.field("expires_at", room.expiresAt.rfc3339)
    }
}
