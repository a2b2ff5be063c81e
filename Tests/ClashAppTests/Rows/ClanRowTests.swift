import FreshetCore
import FreshetMock
import FreshetTesting
import Testing

@testable import ClashApp

@Suite struct `Rows of clans and players` {
    private static let day = Duration.seconds(86_400)

    @Test func `a clan's first refresh opens its memberships, at once and for everybody`() async throws {
        try await Mirror.with { mirror in
            let loaded = try await mirror.load(
                "clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA"), Fixture.member("BBB", role: "leader")]))
            #expect(loaded.events.allSatisfy { !$0.type.hasPrefix("clash.") })
            let open = try await mirror.rows("SELECT * FROM clash_memberships WHERE _deleted_at IS NULL")
            #expect(Set(open.compactMap { $0["player_tag"]?.text }) == ["AAA", "BBB"])
            let seen = try await mirror.rows("SELECT * FROM clash_member_snapshots")
            #expect(seen.count == 2 && seen.allSatisfy { $0["activity"] == .text("first_sight") })
            let clan = try await mirror.rows("SELECT * FROM clash_clans")
            #expect(clan.first?["war_losses"] == .integer(7))
        }
    }

    @Test func `who leaves, who comes, who comes back`() async throws {
        try await Mirror.with { mirror in
            func clan(_ tags: [String]) -> MockJSON { Fixture.clan("CLAN", tags.map { Fixture.member($0) }) }
            try await mirror.load("clan", "CLAN", clan(["AAA", "BBB"]))
            mirror.clock.advance(by: Self.day * 3)
            let second = try await mirror.load("clan", "CLAN", clan(["BBB", "CCC"]))
            #expect(second.events.map(\.type) == ["clash.member.left", "clash.member.joined"])
            #expect(try second.events.map { try MockJSON(parsing: $0.payload).text("player_tag") } == ["AAA", "CCC"])
            mirror.clock.advance(by: Self.day * 2)
            try await mirror.load("clan", "CLAN", clan(["AAA", "BBB", "CCC"]))
            mirror.clock.advance(by: Self.day)
            let loyalty = try await mirror.ask("GET", "/api/v1/clan/CLAN/members/loyalty")
            #expect(loyalty.json?.int("AAA") == 1 && loyalty.json?.int("BBB") == 6 && loyalty.json?.int("CCC") == 3)
            // The first membership of the one who came back is an interval of its own.
            let past = try await mirror.rows("SELECT * FROM clash_memberships__history WHERE player_tag = 'AAA'")
            #expect(past.count == 1)
            #expect(past.first?["_valid_from"]?.moment == Fixture.start)
            #expect(past.first?["_valid_to"]?.moment == Fixture.start + Self.day * 3)
        }
    }

    @Test func `a list that upstream forgot makes nobody leave`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA")]))
            mirror.clock.advance(by: Self.day)
            let second = try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [], count: 1))
            #expect(second.events.isEmpty)
            #expect(try await mirror.rows("SELECT * FROM clash_memberships WHERE _deleted_at IS NULL").count == 1)
            // A clan that says itself that it has no members has none.
            mirror.clock.advance(by: Self.day)
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", []))
            #expect(try await mirror.rows("SELECT * FROM clash_memberships WHERE _deleted_at IS NULL").isEmpty)
        }
    }

    @Test func `a snapshot is written when something differs, and only then`() async throws {
        try await Mirror.with { mirror in
            let (one, two) = (Fixture.member("AAA"), Fixture.member("BBB"))
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [one, two]))
            mirror.clock.advance(by: .seconds(600))
            let same = try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [one, two]))
            #expect(same.effect == .stateOnly && same.outcome == nil)
            mirror.clock.advance(by: .seconds(600))
            // Donations are quiet: no version, no event, but a row.
            let gave = Fixture.member("AAA", donations: 120)
            let quiet = try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [gave, two]))
            #expect(quiet.effect == .replaceBody && quiet.events.isEmpty)
            #expect(quiet.table("clash_member_snapshots")?.inserted == 1)
            #expect(quiet.table("clash_memberships").map { $0.inserted + $0.updated + $0.deleted } == 0)
            mirror.clock.advance(by: .seconds(600))
            let lost = Fixture.member("AAA", trophies: 2_970, donations: 120)
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [lost, two]))
            let rows = try await mirror.rows(
                "SELECT activity FROM clash_member_snapshots WHERE player_tag = 'AAA' ORDER BY seen_at")
            #expect(rows.map { $0["activity"] } == [.text("first_sight"), .text("donations"), .null])
        }
    }

    @Test func `a clan refresh never takes a player's labels or clan`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("player", "AAA", Fixture.player("AAA", clan: "CLAN"))
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA")]))
            mirror.clock.advance(by: .seconds(60))
            try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA", trophies: 3_100)]))
            let player = try await mirror.rows("SELECT clan_tag, labels, deep_link FROM clash_players")
            #expect(player.first?["clan_tag"] == .text("CLAN"))
            #expect(player.first?["deep_link"]?.text?.contains("%23AAA") == true)
            let clan = try await mirror.ask("GET", "/api/v1/clan/CLAN")
            #expect(clan.json?.list("memberList").first?.list("labels").first?.text("name") == "Clan Wars")
        }
    }

    @Test func `a player's own document opens and closes what it shows of clans`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("player", "AAA", Fixture.player("AAA", clan: "CLAN"))
            mirror.clock.advance(by: Self.day * 4)
            try await mirror.load("player", "AAA", Fixture.player("AAA", clan: "CLAN", trophies: 3_001))
            #expect(try await mirror.ask("GET", "/api/v1/player/AAA").json?.int("loyalty") == 4)
            try await mirror.load("player", "AAA", Fixture.player("AAA", clan: nil, trophies: 3_002))
            let open = try await mirror.rows("SELECT * FROM clash_player_clans WHERE _deleted_at IS NULL")
            #expect(open.isEmpty)
            let alone = try await mirror.ask("GET", "/api/v1/player/AAA")
            #expect(alone.json?.isNull("clanTag") == true && alone.json?.int("loyalty") == 0)
        }
    }

    @Test func `rows made again tell of nothing that happened`() throws {
        let app = ClashApp(Fixture.options)
        let body = Array(Fixture.clan("CLAN", [Fixture.member("AAA")]).text.utf8)
        let id = DocumentID(dataset: ClashDatasets.clan, key: "CLAN")
        let replay = DocumentChange(
            id: id, before: nil, beforeAt: nil, after: body, at: Fixture.start, isReplay: true)
        let document = try MockJSON(parsing: try #require(try app.tableDocument(for: replay)))
        #expect(document["snapshots"] == nil && document.list("memberships").count == 1)
        #expect(try app.events(for: replay).isEmpty)
    }
}
