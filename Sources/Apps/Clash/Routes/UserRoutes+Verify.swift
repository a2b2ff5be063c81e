import FreshetCore
import FreshetDocument

extension UserRoutes {
    /// `POST /user/verify`: asks the game at once whether a token is the player's.
    ///
    /// The token is sent to the game and nowhere else; it is neither kept nor told.
    func verify(_ call: ClashCall) async throws -> AppReply {
        guard let user = call.user, let token = Self.token(call.request.body) else {
            return .problem(400, "No token.", "Send {\"token\": \"…\"} with the token that the game shows.")
        }
        guard let tag = user.playerTag else {
            return .problem(400, "No player tag.", "Say first which player you are.")
        }
        guard !user.isVerified else { return .problem(400, "Already verified.", "You are \(tag); nothing is to do.") }
        if let wait = try await attempt(user, tag, call) {
            return .problem(429, "Too many tries.", "Wait, then get a new token in the game.", retryAfter: wait)
        }
        switch await ask(tag, token, call.services) {
        case .accepted:
            let isStillTheirs = try await service.users.change(user.subject, call.services) { user in
                guard user.playerTag == tag else { return false }
                (user.isVerified, user.verifyAttempts) = (true, AttemptLog())
                return true
            }
            guard isStillTheirs else { return .problem(400, "Another tag.", "Your player tag has changed meanwhile.") }
            try await service.users.forgetAttempts(tag: tag, call.services)
            return AppReply(
                body: JSONWriter.object { json in
                    json.field("status", "ok")
                    json.field("player_tag", tag)
                })
        case .rejected: return .problem(400, "Not accepted.", "The game does not take this token for player \(tag).")
        case .unavailable(let seconds):
            return .problem(
                503, "Not now.", "The game cannot be asked at the moment; the token is still good.", retryAfter: seconds
            )
        }
    }

    private func attempt(_ user: ClashUser, _ tag: String, _ call: ClashCall) async throws -> Int? {
        let (limits, now) = (service.options.attempts, call.now)
        let wait = try await service.users.change(user.subject, call.services) { user in
            user.verifyAttempts.attempt(limit: limits.verifyPerUser, window: limits.verifyWindow, now: now)
        }
        if let wait { return wait }
        return try await service.users.attempt(tag: tag, limits: limits, call.services)
    }

    private enum Answer {
        case accepted, rejected
        case unavailable(Int)
    }

    private func ask(_ tag: String, _ token: String, _ services: AppServices) async -> Answer {
        guard let source = services.configuration.source(ClashApp.name),
            let dataset = services.configuration.dataset(ClashDatasets.player)
        else { return .unavailable(60) }
        var pass = PassRequest(
            source: source, method: "POST", path: dataset.upstreamPath(forKey: tag) + "/verifytoken",
            headers: [("content-type", "application/json")],
            body: JSONWriter.object { $0.field("token", token) })
        pass.priority = .critical
        switch await services.pass(pass, ClashDatasets.player) {
        case .answer(200, _, let body):
            guard let root = try? JSONTape(body).root, let status = root.text("status") else { return .unavailable(30) }
            return status == "ok" && root.tag() == tag ? .accepted : .rejected
        case .answer(404, _, _), .answer(400, _, _): return .rejected
        case .answer, .failed: return .unavailable(30)
        case .denied(let denial):
            let wait = denial.until - services.clock.monotonic()
            return .unavailable(Int(max(1, min(600, wait.components.seconds + 1))))
        }
    }

    private static func token(_ body: [UInt8]) -> String? {
        guard let token = (try? JSONTape(body))?.root.text("token")?.trimmed, (1...64).contains(token.utf8.count)
        else { return nil }
        return token
    }
}
