import FreshetCore
import FreshetDocument

extension ClanRoutes {
    /// `GET /clan/{tag}/members/at-risk`.
    func atRisk(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.clan) else { return .noTag }
        guard served.standing == .live, let document = served.document else {
            return .fresh(Array("[]".utf8), served, isWhole: true)
        }
        let (weights, policy) = (call.weights, service.options.risk)
        let name = "risk/\(served.id.key)/\(weights)"
        return try await whole(name, served, call) { questions in
            let clan = try ClanDocument(document.body)
            var people = clan.members.map { (tag: $0.tag, name: $0.name) }
            if policy.includesFormerMembers, let questions {
                let known = Set(people.map(\.tag))
                people += try await questions.formerMembers(of: clan.tag, window: policy.window)
                    .filter { !known.contains($0.tag) }
            }
            let facts = try await RiskFacts.read(people.map(\.tag), questions, policy: policy)
            let current = clan.membersByTag
            let judged = people.map { person in
                let history = facts.history(of: person.tag, current: current[person.tag], served: served)
                return (
                    person: person, seen: history.lastSeen ?? served.now,
                    score: RiskScore(history, weights: weights, policy: policy, now: call.now)
                )
            }
            var json = JSONWriter()
            json.beginArray()
            for one in judged.sorted(by: { ($0.score.points, $1.person.tag) > ($1.score.points, $0.person.tag) }) {
                json.beginObject()
                json.field("player_tag", one.person.tag)
                json.field("name", one.person.name)
                one.score.write(to: &json)
                json.field("last_seen", one.seen.rfc3339)
                json.endObject()
            }
            json.endArray()
            return json.bytes
        }
    }

    /// `GET /clan/{tag}/members/loyalty`.
    func loyalty(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.clan) else { return .noTag }
        guard served.standing == .live, let document = served.document else {
            return .fresh(Array("{}".utf8), served, isWhole: true)
        }
        return try await whole("loyalty/\(served.id.key)", served, call) { questions in
            let clan = try ClanDocument(document.body)
            let joined = try await questions?.joined(clan.members.map(\.tag), clan: clan.tag) ?? [:]
            return JSONWriter.object { json in
                for member in clan.members {
                    json.field(member.tag, Loyalty.days(joined: joined[member.tag], now: call.now))
                }
            }
        }
    }

    /// Makes an answer of a fixed shape, or takes what was made of the same content a moment ago.
    private func whole(
        _ name: String, _ served: MirroredDocument, _ call: ClashCall,
        _ make: (ClashQuestions?) async throws -> [UInt8]
    ) async throws -> AppReply {
        let (answers, clock) = (service.answers, call.services.clock)
        if let body = answers.body(name, served.stamp, now: clock.monotonic()) {
            return .fresh(body, served, isWhole: true)
        }
        do {
            let body = try await make(call.services.tables.map { ClashQuestions(tables: $0, now: call.now) })
            answers.keep(body, as: name, served.stamp, now: clock.monotonic())
            return .fresh(body, served, isWhole: true)
        } catch let error as StoreError where error.isRetryable {
            if let body = answers.body(name, served.stamp, now: clock.monotonic(), orOlder: true) {
                return .fresh(body, served, isWhole: true, isPartial: true)
            }
            return .fresh(try await make(nil), served, isWhole: true, isPartial: true)
        }
    }
}

/// What risk is judged by, for several players at once.
struct RiskFacts: Sendable {
    private var lastSeen: [String: Timestamp] = [:]
    private var points: [String: [DonationPoint]] = [:]
    private var wars: [String: [WarReading]] = [:]

    /// Three questions, however many players.
    static func read(
        _ tags: [String], _ questions: ClashQuestions?, policy: RiskPolicy
    ) async throws(StoreError) -> RiskFacts {
        var facts = RiskFacts()
        guard let questions else { return facts }
        facts.lastSeen = try await questions.lastSeen(tags)
        facts.points = try await questions.points(tags, window: policy.window)
        facts.wars = try await questions.wars(tags, window: policy.window)
        return facts
    }

    /// What is known of one player; `current` is how the clan shows the player now.
    func history(
        of tag: String, current: ClanDocument.Member?, served: MirroredDocument
    ) -> RiskHistory {
        var points = points[tag] ?? []
        // Counters that have not moved within the window still stand where they stand.
        if points.isEmpty, let given = current?.donations, let at = served.lastUpdated {
            points = [DonationPoint(at: at, donations: given, received: current?.received ?? 0)]
        }
        return RiskHistory(points: points, wars: wars[tag] ?? [], lastSeen: lastSeen[tag] ?? served.lastUpdated)
    }

    /// The same for a player whose own document is read.
    func history(of player: PlayerDocument, served: MirroredDocument) -> RiskHistory {
        var points = points[player.tag] ?? []
        let standing = player.standing
        if points.isEmpty, let given = standing.donations, let at = served.lastUpdated {
            points = [DonationPoint(at: at, donations: given, received: standing.received ?? 0)]
        }
        return RiskHistory(
            points: points, wars: wars[player.tag] ?? [], lastSeen: lastSeen[player.tag] ?? served.lastUpdated)
    }

    /// The counts of war attacks of a player.
    func wars(of tag: String) -> [WarReading] { wars[tag] ?? [] }
}

extension RiskScore {
    /// Writes score and reasons.
    func write(to json: inout JSONWriter) {
        json.field("risk_score", points)
        json.objects("risk_breakdown", parts) { json, part in
            json.field("points", part.points)
            json.field("reason", part.reason)
        }
    }
}
