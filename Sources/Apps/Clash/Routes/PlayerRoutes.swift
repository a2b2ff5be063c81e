import FreshetCore
import FreshetDocument

/// Players.
struct PlayerRoutes: Sendable {
    let service: ClashService

    /// `GET /player/{tag}`.
    func player(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.player) else { return .noTag }
        return try await answer(served, call)
    }

    /// `GET /player/by-user/{sub}`.
    func byUser(_ call: ClashCall) async throws -> AppReply {
        guard let subject = call.request.captures["sub"],
            let tag = try await service.users.user(subject, call.services)?.playerTag
        else { return .problem(404, "No such user.", "No user of this name has said which player they are.") }
        let id = DocumentID(dataset: ClashDatasets.player, key: tag)
        return try await answer(try await MirroredDocument.read(id, call.services), call)
    }

    private func answer(_ served: MirroredDocument, _ call: ClashCall) async throws -> AppReply {
        guard served.standing == .live, let document = served.document else { return .absent(served) }
        let (answers, clock) = (service.answers, call.services.clock)
        let name = "player/\(served.id.key)/\(call.weights)"
        if let body = answers.body(name, served.stamp, now: clock.monotonic()) { return .fresh(body, served) }
        let player = try PlayerDocument(document.body)
        do {
            let questions = call.services.tables.map { ClashQuestions(tables: $0, now: call.now) }
            let body = try await make(player, served, questions, call)
            answers.keep(body, as: name, served.stamp, now: clock.monotonic())
            return .fresh(body, served)
        } catch let error as StoreError where error.isRetryable {
            if let body = answers.body(name, served.stamp, now: clock.monotonic(), orOlder: true) {
                return .fresh(body, served, isPartial: true)
            }
            return .fresh(try await make(player, served, nil, call), served, isPartial: true)
        }
    }

    /// A PlayerDict without its closing brace.
    private func make(
        _ player: PlayerDocument, _ served: MirroredDocument, _ questions: ClashQuestions?, _ call: ClashCall
    ) async throws -> [UInt8] {
        let (policy, root) = (service.options.risk, player.root)
        let facts = try await RiskFacts.read([player.tag], questions, policy: policy)
        var joined: Timestamp?
        if let clan = player.clanTag { joined = try await questions?.joined([player.tag], clan: clan)[player.tag] }
        let history = facts.history(of: player, served: served)
        let newest = served.lastUpdated ?? call.now
        var json = JSONWriter(reserving: 1_024)
        json.beginObject()
        json.field("tag", player.tag)
        json.field("name", root.text("name"))
        json.field("role", root.text("role"))
        json.field("townHallLevel", root.int("townHallLevel"))
        json.field("trophies", root.int("trophies"))
        json.field("donations", root.int("donations"))
        json.field("donationsReceived", root.int("donationsReceived"))
        json.field("warAttacksUsed", WarAttacks.used(facts.wars(of: player.tag), newest: newest))
        json.field("last_seen", (history.lastSeen ?? newest).rfc3339)
        json.field("clanTag", player.clanTag)
        json.field("ts", served.lastUpdated?.rfc3339)
        json.field("leagueIcon", root.leagueIcon)
        json.field("deep_link", ClashTag.playerLink(player.tag))
        json.field("labels", json: root.raw("labels") ?? Array("[]".utf8))
        json.field("loyalty", Loyalty.days(joined: joined, now: call.now))
        RiskScore(history, weights: call.weights, policy: policy, now: call.now).write(to: &json)
        return json.bytes
    }
}
