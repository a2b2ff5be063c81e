import FreshetCore
import FreshetMock
import FreshetSQLite
import FreshetTesting
import Testing

@testable import ClashApp

@Suite struct `Routes of the Clash app` {
    private static let day = Duration.seconds(86_400)

    private func clan(_ members: Int) -> MockJSON {
        Fixture.clan("CLAN", (0..<members).map { Fixture.member("P\($0)PP") })
    }

    // MARK: Clans

    @Test func `a clan has the members and fields of old, and says how old it is`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("clan", "CLAN", clan(2))
            for spelling in ["CLAN", "%23clan", "clan", "%23CLAN"] {
                let answer = try await mirror.ask("GET", "/api/v1/clan/\(spelling)")
                #expect(answer.status == 200, "\(spelling)")
            }
            let json = try #require(try await mirror.ask("GET", "/api/v1/clan/CLAN").json)
            #expect(
                Self.keys(json) == [
                    "badgeUrls", "clanLevel", "deep_link", "description", "is_stale", "last_updated", "memberList",
                    "members", "name", "tag", "ts", "warLosses", "warWinStreak", "warWins",
                ])
            #expect(
                Self.keys(try #require(json.list("memberList").first)) == [
                    "deep_link", "donations", "donationsReceived", "labels", "last_seen", "leagueIcon", "name", "role",
                    "tag", "townHallLevel", "trophies", "warAttacksUsed",
                ])
            #expect(json.text("tag") == "CLAN" && json.int("members") == 2 && json.int("warLosses") == 7)
            #expect(json.text("description") == "be \"kind\"")
            let first = json.list("memberList").first
            #expect(first?.text("leagueIcon") == "https://i/t.png" && first?.isNull("warAttacksUsed") == true)
            #expect(json.text("last_updated") == Fixture.start.rfc3339 && json.text("ts") == Fixture.start.rfc3339)
            let members = try await mirror.ask("GET", "/api/v1/clan/CLAN/members")
            #expect(members.json?.list("memberList").count == 2 && members.json?.flag("is_stale") == false)
        }
    }

    @Test func `an answer is stale once it is older than may be, and an hour later says so still`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("clan", "CLAN", clan(1))
            func isStale() async throws -> Bool? {
                try await mirror.ask("GET", "/api/v1/clan/CLAN").json?.flag("is_stale")
            }
            #expect(try await isStale() == false)
            mirror.clock.advance(by: .seconds(600))
            #expect(try await isStale() == false)
            mirror.clock.advance(by: .seconds(1))
            #expect(try await isStale() == true)
            // What was made a moment ago is taken again; how old it is, is not.
            mirror.clock.advance(by: .seconds(1))
            #expect(try await isStale() == true)
            // Nothing has changed, and upstream has confirmed it.
            try await mirror.load("clan", "CLAN", clan(1))
            #expect(try await isStale() == false)
        }
    }

    @Test func `an unknown tag is asked for and comes later`() async throws {
        try await Mirror.with { mirror in
            for path in [
                "clan/NEW", "clan/NEW/members", "player/NEW", "clan/NEW/raids", "war/NEW/log", "league-war/NEW",
            ] {
                let answer = try await mirror.ask("GET", "/api/v1/\(path)")
                #expect(answer.status == 404 && answer.header("Retry-After") == "2", "\(path)")
            }
            #expect(mirror.asked.count == 6)
            let war = try await mirror.ask("GET", "/api/v1/war/NEW/current")
            #expect(war.status == 200 && war.json?.text("state") == "notInWar")
            #expect(war.json?.flag("is_stale") == true && war.json?.isNull("last_updated") == true)
            #expect(war.header("Retry-After") == "2")
            let risk = try await mirror.ask("GET", "/api/v1/clan/NEW/members/at-risk")
            #expect(risk.status == 200 && String(decoding: risk.reply.body, as: UTF8.self) == "[]")
            #expect(risk.header("Freshet-Is-Stale") == "true")
            let loyalty = try await mirror.ask("GET", "/api/v1/clan/NEW/members/loyalty")
            #expect(loyalty.status == 200 && String(decoding: loyalty.reply.body, as: UTF8.self) == "{}")
            // What is no tag at all is not asked for.
            let asked = mirror.asked.count
            for text in ["!!", "%00", "A", "DROP%20TABLE", "'%20OR%201"] {
                #expect(try await mirror.ask("GET", "/api/v1/clan/\(text)").status == 404)
            }
            #expect(mirror.asked.count == asked)
            try await mirror.refuse("clan", "LEFT", status: 404)
            #expect(try await mirror.ask("GET", "/api/v1/clan/LEFT").header("Retry-After") == nil)
        }
    }

    // MARK: Risk

    @Test func `members at risk come in order, with reasons`() async throws {
        try await Mirror.with { mirror in
            let (idle, busy) = (Fixture.member("AAA", donations: 0, received: 0), Fixture.member("BBB", donations: 200))
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [idle, busy]))
            mirror.clock.advance(by: Self.day * 5)
            try await mirror.load(
                "clan", "CLAN", Fixture.clan("CLAN", [idle, Fixture.member("BBB", donations: 260)]))
            for spelling in ["CLAN", "%23clan"] {
                let answer = try await mirror.ask("GET", "/api/v1/clan/\(spelling)/members/at-risk")
                let list = answer.json?.arrayValue ?? []
                #expect(list.map { $0.text("player_tag") } == ["AAA", "BBB"])
                #expect(list.map { $0.int("risk_score") } == [50, 0])
                #expect(list.first?.list("risk_breakdown").map { $0.int("points") } == [35, 15])
                #expect(
                    list.first?.list("risk_breakdown").map { $0.text("reason") }
                        == ["inactive for 5 days", "donation deficit"])
                #expect(list.map { $0.text("last_seen") } == [Fixture.start.rfc3339, mirror.clock.now().rfc3339])
                #expect(answer.header("Freshet-Last-Updated") == mirror.clock.now().rfc3339)
            }
        }
    }

    @Test func `whoever has left is no risk, unless the old way is wanted`() async throws {
        for isOld in [false, true] {
            var options = Fixture.options
            if isOld { options.risk = .literal }
            try await Mirror.with(options) { mirror in
                try await mirror.load(
                    "clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA"), Fixture.member("BBB")]))
                mirror.clock.advance(by: Self.day)
                try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("BBB", donations: 101)]))
                let answer = try await mirror.ask("GET", "/api/v1/clan/CLAN/members/at-risk")
                let tags = (answer.json?.arrayValue ?? []).compactMap { $0.text("player_tag") }
                #expect(Set(tags) == (isOld ? ["AAA", "BBB"] : ["BBB"]))
            }
        }
    }

    @Test func `a season's end is no sign of activity and no risk`() async throws {
        try await Mirror.with { mirror in
            func member(_ given: Int, _ taken: Int) -> MockJSON {
                Fixture.clan("CLAN", [Fixture.member("AAA", donations: given, received: taken)])
            }
            try await mirror.load("clan", "CLAN", member(800, 700))
            mirror.clock.advance(by: Self.day)
            try await mirror.load("clan", "CLAN", member(0, 0))
            mirror.clock.advance(by: .seconds(60))
            let answer = try await mirror.ask("GET", "/api/v1/clan/CLAN/members/at-risk")
            let one = answer.json?.arrayValue?.first
            #expect(one?.int("risk_score") == 0)
            #expect(one?.text("last_seen") == Fixture.start.rfc3339)
        }
    }

    @Test func `fifty members cost as many questions as two`() async throws {
        var counts: [Int] = []
        for size in [2, 50] {
            try await Mirror.with { mirror in
                try await mirror.load("clan", "CLAN", clan(size))
                let before = mirror.tables.questions
                for path in ["", "/members", "/members/at-risk", "/members/loyalty"] {
                    #expect(try await mirror.ask("GET", "/api/v1/clan/CLAN\(path)").status == 200)
                }
                counts.append(mirror.tables.questions - before)
            }
        }
        #expect(counts == [10, 10])
    }

    // MARK: Players

    @Test func `a player has the fields of old, loyalty and risk`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("player", "AAA", Fixture.player("AAA", clan: "CLAN", donations: 0))
            mirror.clock.advance(by: Self.day * 3)
            let json = try #require(try await mirror.ask("GET", "/api/v1/player/%23aaa").json)
            #expect(
                Self.keys(json) == [
                    "clanTag", "deep_link", "donations", "donationsReceived", "is_stale", "labels", "last_seen",
                    "last_updated", "leagueIcon", "loyalty", "name", "risk_breakdown", "risk_score", "role", "tag",
                    "townHallLevel", "trophies", "ts", "warAttacksUsed",
                ])
            #expect(json.int("loyalty") == 3 && json.int("risk_score") == 26 + 15 && json.text("clanTag") == "CLAN")
            #expect(json.flag("is_stale") == true && json.list("labels").count == 1)
        }
    }

    @Test func `reads go on when the tables are out of reach, and say what is missing`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("clan", "CLAN", clan(1))
            try await mirror.load("player", "P0PP", Fixture.player("P0PP", clan: "CLAN"))
            let paths = ["clan/CLAN", "clan/CLAN/members/at-risk", "clan/CLAN/members/loyalty", "player/P0PP"]
            mirror.tables.isUnreachable = true
            for path in paths {
                let answer = try await mirror.ask("GET", "/api/v1/\(path)")
                #expect(answer.status == 200 && answer.header("Freshet-Partial") == "tables", "\(path)")
            }
            mirror.tables.isUnreachable = false
            for path in paths {
                #expect(try await mirror.ask("GET", "/api/v1/\(path)").header("Freshet-Partial") == nil)
            }
            // What was made before is better than what the document alone tells, however old.
            mirror.tables.isUnreachable = true
            mirror.clock.advance(by: Self.day * 2)
            let clan = try await mirror.ask("GET", "/api/v1/clan/CLAN")
            #expect(clan.json?.list("memberList").first?.list("labels").count == 1)
        }
    }

    // MARK: Health

    @Test func `health and numbers have the worker's shape`() async throws {
        try await Mirror.with { mirror in
            let alive = try await mirror.ask("GET", "/api/v1/health")
            #expect(String(decoding: alive.reply.body, as: UTF8.self) == #"{"status":"ok"}"#)
            _ = try await mirror.store.enqueue(
                [
                    EnqueueRequest(
                        document: DocumentID(dataset: ClashDatasets.war, key: "CLAN"), priority: .critical,
                        cause: "test")
                ], now: mirror.clock.now())
            let health = try await mirror.ask("GET", "/health")
            #expect(Self.keys(try #require(health.json)) == ["database", "queue_size", "status", "timestamp"])
            #expect(health.json?.text("status") == "healthy" && health.json?.int("queue_size") == 1)
            let metrics = try await mirror.ask("GET", "/worker/metrics").json?["metrics"]
            #expect(metrics?.int("QueueSize") == 1 && metrics?.int("QueueSize_CriticalPriority") == 1)
            #expect(metrics?.int("QueueSize_LowPriority") == 0 && metrics?.int("ProcessedRequests") == 0)
        }
    }

    private static func keys(_ json: MockJSON) -> [String] {
        guard case .object(let members) = json else { return [] }
        return members.map(\.name).sorted()
    }
}
