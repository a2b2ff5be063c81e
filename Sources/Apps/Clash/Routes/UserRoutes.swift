import FreshetCore
import FreshetDocument

/// Users: who they are in the game, and what they weigh.
struct UserRoutes: Sendable {
    let service: ClashService

    /// `GET /user/me`.
    func me(_ call: ClashCall) -> AppReply {
        guard let user = call.user else { return .problem(401, "Not signed in.", "There are no users here.") }
        return reply(user)
    }

    /// `PUT /user/player-tag`: another player is not verified.
    func setTag(_ call: ClashCall) async throws -> AppReply {
        guard let user = call.user, let root = try? JSONTape(call.request.body).root,
            let tag = root.text("player_tag").flatMap(ClashTag.normal)
        else { return .problem(400, "No player tag.", "Send {\"player_tag\": \"#2PP\"}.") }
        return reply(
            try await service.users.change(user.subject, call.services) { user in
                if user.playerTag != tag { (user.playerTag, user.isVerified) = (tag, false) }
                return user
            })
    }

    /// `PUT /user/risk-weights`.
    func setWeights(_ call: ClashCall) async throws -> AppReply {
        guard let user = call.user, let root = try? JSONTape(call.request.body).root else {
            return Self.noWeights
        }
        let weights = RiskWeights(root)
        guard root.isNull || weights != nil else { return Self.noWeights }
        return reply(
            try await service.users.change(user.subject, call.services) { user in
                user.weights = weights
                return user
            })
    }

    /// `POST /invite/{userId}`.
    func invite(_ call: ClashCall) async throws -> AppReply {
        guard let user = call.user, let target = call.request.captures["userId"],
            try await service.users.user(target, call.services) != nil
        else { return .problem(404, "No such user.", "There is no user of this name.") }
        let (limits, now) = (service.options.attempts, call.now)
        let wait = try await service.users.change(user.subject, call.services) { user in
            user.invites.attempt(limit: limits.invitesPerUser, window: limits.inviteWindow, now: now)
        }
        if let wait { return .problem(429, "Too many invitations.", "Wait a while.", retryAfter: wait) }
        let payload = JSONWriter.object { json in
            json.field("from", user.subject)
            json.field("to", target)
        }
        _ = try await call.services.store.append(
            [NewEvent(type: ClashEvents.invited, source: ClashApp.name, profile: target, payload: payload)], now: now)
        return AppReply(204, body: [])
    }

    /// `PUT /users/{sub}` by an operator.
    func put(_ request: AppRequest) async throws -> AppReply {
        guard let subject = request.captures["sub"], !subject.isEmpty, subject.utf8.count <= 255,
            let root = try? JSONTape(request.body).root, root.kind == .object
        else { return .problem(400, "Not a user.", "Send {\"player_tag\": \"#2PP\", \"is_verified\": true}.") }
        let tag = root.text("player_tag").flatMap(ClashTag.normal)
        let weights = root["risk_weights"].flatMap(RiskWeights.init)
        guard tag != nil || root.raw("player_tag") == nil else { return .noTag }
        guard weights != nil || root.raw("risk_weights") == nil else { return Self.noWeights }
        let isVerified = root["is_verified"]?.bool ?? false
        let user = try await service.users.change(subject, request.services) { user in
            (user.playerTag, user.weights) = (tag, weights)
            user.isVerified = isVerified && tag != nil
            return user
        }
        return reply(user)
    }

    private func reply(_ user: ClashUser) -> AppReply { AppReply(body: JSONWriter.object { user.write(to: &$0) }) }

    private static let noWeights = AppReply.problem(
        400, "Not weights.",
        "Send {\"war\": 0.4, \"idle\": 0.35, \"don_deficit\": 0.15, \"don_drop\": 0.1}, each 0 to 1, or null.")
}
