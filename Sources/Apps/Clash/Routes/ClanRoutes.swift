import FreshetCore
import FreshetDocument

/// Clans and their members.
struct ClanRoutes: Sendable {
    let service: ClashService

    /// `GET /clan/{tag}`.
    func clan(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.clan) else { return .noTag }
        guard served.standing == .live, let document = served.document else { return .absent(served) }
        return try await cached("clan/\(served.id.key)", served, call) { facts in
            let clan = try ClanDocument(document.body)
            return Self.clan(clan, try await facts(clan), served)
        }
    }

    /// `GET /clan/{tag}/members`.
    func members(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.clan) else { return .noTag }
        guard served.standing == .live, let document = served.document else { return .absent(served) }
        return try await cached("members/\(served.id.key)", served, call) { facts in
            let clan = try ClanDocument(document.body)
            let found = try await facts(clan)
            var json = JSONWriter()
            json.beginObject()
            json.field("tag", clan.tag)
            json.field("members", clan.members.count)
            json.objects("memberList", clan.members) { Self.write($1, found, served, to: &$0) }
            return json.bytes
        }
    }

    // MARK: The clan

    /// A ClanDict without its closing brace.
    private static func clan(_ clan: ClanDocument, _ facts: ClashFacts, _ served: MirroredDocument) -> [UInt8] {
        var json = JSONWriter(reserving: 16_384)
        json.beginObject()
        json.field("tag", clan.tag)
        json.field("name", clan.root.text("name"))
        json.field("members", clan.members.count)
        json.field("clanLevel", clan.root.int("clanLevel"))
        json.field("warWins", clan.root.int("warWins"))
        // Unknown while the war log is private; not zero.
        json.field("warLosses", clan.root.int("warLosses"))
        json.field("warWinStreak", clan.root.int("warWinStreak"))
        json.field("ts", served.lastUpdated?.rfc3339)
        json.field("description", clan.root.text("description"))
        json.field("badgeUrls", json: clan.root.raw("badgeUrls"))
        json.field("deep_link", ClashTag.clanLink(clan.tag))
        json.objects("memberList", clan.members) { write($1, facts, served, to: &$0) }
        return json.bytes
    }

    private static func write(
        _ member: ClanDocument.Member, _ facts: ClashFacts, _ served: MirroredDocument, to json: inout JSONWriter
    ) {
        let newest = served.lastUpdated ?? served.now
        json.field("tag", member.tag)
        json.field("name", member.name)
        json.field("role", member.role)
        json.field("townHallLevel", member.townHall)
        json.field("trophies", member.trophies)
        json.field("donations", member.donations)
        json.field("donationsReceived", member.received)
        json.field("warAttacksUsed", WarAttacks.used(facts.wars[member.tag] ?? [], newest: newest))
        json.field("last_seen", (facts.lastSeen[member.tag] ?? newest).rfc3339)
        json.field("leagueIcon", member.leagueIcon)
        json.field("labels", json: facts.labels[member.tag] ?? Array("[]".utf8))
        json.field("deep_link", ClashTag.playerLink(member.tag))
    }

    // MARK: Remembering

    /// Makes an answer, or takes what was made of the same content a moment ago.
    ///
    /// When the store cannot be asked, what was made last is good enough, and else what the document alone tells.
    private func cached(
        _ name: String, _ served: MirroredDocument, _ call: ClashCall,
        _ make: (_ facts: (ClanDocument) async throws -> ClashFacts) async throws -> [UInt8]
    ) async throws -> AppReply {
        let (answers, clock) = (service.answers, call.services.clock)
        if let body = answers.body(name, served.stamp, now: clock.monotonic()) { return .fresh(body, served) }
        do {
            let body = try await make { clan in
                guard let tables = call.services.tables else { return ClashFacts() }
                let (tags, questions) = (clan.members.map(\.tag), ClashQuestions(tables: tables, now: call.now))
                var facts = ClashFacts()
                facts.lastSeen = try await questions.lastSeen(tags)
                facts.wars = try await questions.wars(tags, window: WarAttacks.carriedFor)
                facts.labels = try await questions.labels(tags)
                return facts
            }
            answers.keep(body, as: name, served.stamp, now: clock.monotonic())
            return .fresh(body, served)
        } catch let error as StoreError where error.isRetryable {
            if let body = answers.body(name, served.stamp, now: clock.monotonic(), orOlder: true) {
                return .fresh(body, served, isPartial: true)
            }
            return .fresh(try await make { _ in ClashFacts() }, served, isPartial: true)
        }
    }
}
