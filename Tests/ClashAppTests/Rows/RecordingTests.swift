import FreshetCore
import FreshetMock
import FreshetTesting
import Testing

@testable import ClashApp

/// Real answers of the game, where they are at hand.
@Suite(.enabled(if: Recordings.exist)) struct `Recorded Clash documents` {
    @Test func `the clan of 44 has 44 open memberships, its roles and its donations`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("clan", "UV0YR2Q8", bytes: try Recordings.body("clans__clan.UV0YR2Q8.json"))
            #expect(try await mirror.rows("SELECT * FROM clash_memberships WHERE _deleted_at IS NULL").count == 44)
            let roles = try await mirror.rows(
                "SELECT role, COUNT(*) AS n FROM clash_member_snapshots GROUP BY role ORDER BY n")
            #expect(roles.map { $0["role"]?.text } == ["leader", "coLeader", "admin", "member"])
            #expect(roles.map { $0["n"]?.whole } == [1, 4, 14, 25])
            let sums = try await mirror.rows(
                "SELECT SUM(donations) AS d, SUM(donations_received) AS r FROM clash_member_snapshots")
            #expect(sums.first?["d"] == .integer(34_584) && sums.first?["r"] == .integer(30_666))
            let clan = try await mirror.ask("GET", "/api/v1/clan/%23uvoyr2q8")
            #expect(clan.json?.int("members") == 44 && clan.json?.list("memberList").count == 44)
            #expect(clan.json?.int("warWins") == 383 && clan.json?.isNull("warLosses") == true)
        }
    }

    @Test func `the same clan four weeks later gives exactly the joins, leaves and changes that differ`() async throws {
        try await Mirror.with { mirror in
            func members(_ bytes: [UInt8]) throws -> [String: MockJSON] {
                let list = try MockJSON(parsing: bytes).list("memberList")
                return Dictionary(list.map { (String($0.text("tag")?.dropFirst() ?? ""), $0) }) { first, _ in first }
            }
            let first = try Recordings.body("clans__clan.2PR8R8V8P.20250910.json")
            let second = try Recordings.body("clans__clan.2PR8R8V8P.20251008.json")
            let (before, after) = (try members(first), try members(second))
            try await mirror.load("clan", "2PR8R8V8P", bytes: first)
            mirror.clock.advance(by: .seconds(28 * 86_400))
            let loaded = try await mirror.load("clan", "2PR8R8V8P", bytes: second)
            func tags(_ type: String) throws -> Set<String> {
                Set(
                    try loaded.events.filter { $0.type == type }
                        .compactMap { try MockJSON(parsing: $0.payload).text("player_tag") })
            }
            #expect(try tags("clash.member.joined") == Set(after.keys).subtracting(before.keys))
            #expect(try tags("clash.member.left") == Set(before.keys).subtracting(after.keys))
            let promoted = before.keys.filter {
                after[$0]?.text("role") != nil && after[$0]?.text("role") != before[$0]?.text("role")
            }
            #expect(try tags("clash.member.role_changed") == Set(promoted))
            #expect(try tags("clash.member.joined").count == 2 && tags("clash.member.left").count == 3)
            let open = try await mirror.rows("SELECT player_tag FROM clash_memberships WHERE _deleted_at IS NULL")
            #expect(Set(open.compactMap { $0["player_tag"]?.text }) == Set(after.keys))
            // A second row for each member of whom something that a snapshot keeps differs, and one for each newcomer.
            let kept = [
                "name", "role", "townHallLevel", "expLevel", "trophies", "builderBaseTrophies", "donations",
                "donationsReceived", "clanRank",
            ]
            let changed = after.filter { tag, member in
                before[tag].map { old in
                    kept.contains { old[$0]?.text != member[$0]?.text }
                        || old["league"]?["iconUrls"]?.text("tiny") != member["league"]?["iconUrls"]?.text("tiny")
                } ?? true
            }
            #expect(loaded.table("clash_member_snapshots")?.inserted == changed.count)
        }
    }

    @Test(arguments: [
        ("war", "2GPVRU0C0", "clans__currentwar.inWar.json"),
        ("war", "2GPVRU0C0", "clans__currentwar.preparation.json"),
        ("war", "2GPVRU0C0", "clans__currentwar.warEnded.json"),
        ("war", "2GPVRU0C0", "clans__currentwar.notInWar.json"),
        ("war_log", "29Y8PRCJR", "clans__warlog.json"),
        ("war_log", "2PR8R8V8P", "clans__warlog.2PR8R8V8P.20250910.json"),
        ("raids", "2PP", "clans__capitalraidseasons.json"),
        ("raids", "2PR8R8V8P", "clans__capitalraidseasons.2PR8R8V8P.20251008.json"),
        ("league_group", "GYR89PJ9", "clans__leaguegroup.inWar.warsMissing.json"),
        ("league_war", "82G0JYVGG", "clanwarleagues__wars.inWar.json"), ("player", "2PP", "players__player.json"),
        ("player", "2PR8R8V8P", "players__player.2PR8R8V8P-member.json"),
    ])
    func `every row of a recorded document fits its table`(dataset: String, key: String, file: String) async throws {
        try await Mirror.with { mirror in
            let body = try MockJSON(parsing: try Recordings.body(file))
            let loaded = try await mirror.load(dataset, key, bytes: try Recordings.body(file))
            let rows = loaded.outcome?.tables.reduce(0) { $0 + $1.inserted } ?? 0
            switch dataset {
            case "war_log": #expect(rows == body.list("items").count && rows > 0)
            case "raids":
                #expect(rows == body.list("items").reduce(0) { $0 + 1 + $1.list("members").count } && rows > 0)
            case "war" where body.text("state") == "notInWar": #expect(rows == 0)
            default: #expect(rows > 0)
            }
            let attacks = ["clan", "opponent"].flatMap { body[$0]?.list("members") ?? [] }.flatMap {
                $0.list("attacks")
            }
            if let table = loaded.table("clash_war_attacks") ?? loaded.table("clash_league_attacks") {
                #expect(table.inserted == attacks.count)
            }
        }
    }
}
