import FreshetCore
import FreshetMock
import FreshetTesting
import Testing

@testable import ClashApp

@Suite struct `Wars` {
    private static let hour = Duration.seconds(3_600)
    private let battle = Fixture.start + .seconds(86_400)

    private func war(_ state: String, _ attacks: Int...) -> MockJSON {
        Fixture.war(
            state, start: battle, own: attacks.enumerated().map { (["AAA", "BBB", "CCC"][$0.offset], $0.element) })
    }

    @Test func `go through their states with an event each, and a row of their own`() async throws {
        try await Mirror.with { mirror in
            let none: MockJSON = ["state": "notInWar", "clan": ["stars": 0], "opponent": ["stars": 0]]
            #expect(try await mirror.load("war", "CLAN", none).events.isEmpty)
            var told: [String] = []
            for (state, wait) in [("preparation", 1), ("inWar", 24), ("warEnded", 24)] {
                mirror.clock.advance(by: Self.hour * wait)
                for event in try await mirror.load("war", "CLAN", war(state, 0, 0)).events {
                    let payload = try MockJSON(parsing: event.payload)
                    told.append("\(event.type) \(payload.text("from") ?? "") \(payload.text("to") ?? "")")
                }
            }
            #expect(
                told == [
                    "clash.war.state_changed notInWar preparation", "clash.war.state_changed preparation inWar",
                    "clash.war.state_changed inWar warEnded",
                ])
            mirror.clock.advance(by: Self.hour)
            try await mirror.load("war", "CLAN", none)
            let wars = try await mirror.rows("SELECT state, result, opponent_tag FROM clash_wars")
            // The war that is over stays when the clan is in none.
            #expect(wars.count == 1 && wars.first?["state"] == .text("warEnded"))
            #expect(wars.first?["opponent_tag"] == .text("ENEMY"))
        }
    }

    @Test func `attacks are kept once, and are a sign of activity`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load(
                "clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA"), Fixture.member("BBB")]))
            try await mirror.load("war", "CLAN", war("inWar", 0, 0))
            mirror.clock.advance(by: Self.hour * 30)
            let first = try await mirror.load("war", "CLAN", war("inWar", 1, 0))
            #expect(first.table("clash_war_attacks")?.inserted == 1)
            #expect(first.table("clash_war_members")?.updated == 1)
            mirror.clock.advance(by: Self.hour)
            let second = try await mirror.load("war", "CLAN", war("inWar", 2, 0))
            #expect(second.table("clash_war_attacks")?.inserted == 1)
            let clan = try await mirror.ask("GET", "/api/v1/clan/CLAN")
            let members = clan.json?.list("memberList") ?? []
            #expect(members.map { $0.int("warAttacksUsed") } == [2, 0])
            #expect(members.first?.text("last_seen") == mirror.clock.now().rfc3339)
            #expect(members.last?.text("last_seen") == Fixture.start.rfc3339)
        }
    }

    @Test func `attacks that the first look finds say nothing of when`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("war", "CLAN", war("inWar", 2))
            let rows = try await mirror.rows("SELECT attacked_at, attacks_used FROM clash_war_members")
            #expect(rows.first?["attacked_at"] == .null && rows.first?["attacks_used"] == .integer(2))
        }
    }

    @Test func `the count of attacks is shown for seven days after the war`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("war", "CLAN", war("inWar", 1))
            for (hours, shown) in [(30, 1), (186, 1), (1, nil)] as [(Int, Int?)] {
                mirror.clock.advance(by: Self.hour * hours)
                // The clan is fetched again: how old the count is goes by the newest look.
                let level = Int(mirror.clock.now().seconds % 90_000)
                try await mirror.load("clan", "CLAN", Fixture.clan("CLAN", [Fixture.member("AAA", trophies: level)]))
                let clan = try await mirror.ask("GET", "/api/v1/clan/CLAN")
                #expect(clan.json?.list("memberList").first?.int("warAttacksUsed") == shown, "\(hours)")
            }
        }
    }

    @Test func `a war is looked at when its battle begins and ends`() throws {
        let app = ClashApp(Fixture.options)
        let id = DocumentID(dataset: ClashDatasets.war, key: "CLAN")
        func next(_ state: String, _ now: Timestamp) -> NextLook? {
            app.nextLook(at: id, body: Array(war(state, 0).text.utf8), now: now)
        }
        let end = battle + .seconds(86_400)
        #expect(next("preparation", Fixture.start) == NextLook(at: battle, priority: .critical))
        #expect(next("inWar", battle + Self.hour) == NextLook(at: end, priority: .critical))
        // Upstream's own cache still says what was before.
        #expect(next("inWar", end) == NextLook(at: end + .seconds(60), priority: .critical))
        #expect(next("preparation", battle + .seconds(5))?.at == battle + .seconds(65))
        // Not for ever.
        #expect(next("inWar", end + Self.hour * 2) == nil)
        #expect(next("warEnded", end) == nil)
        #expect(app.nextLook(at: id, body: Array(#"{"state":"notInWar"}"#.utf8), now: end) == nil)
        #expect(app.nextLook(at: id, body: Array("garbage".utf8), now: end) == nil)
        #expect(
            ClashApp(Fixture.options).nextLook(
                at: DocumentID(dataset: ClashDatasets.clan, key: "CLAN"), body: [], now: end) == nil)
    }

    @Test func `a war that was stored before its moment is never shown as if it had not passed`() async throws {
        try await Mirror.with { mirror in
            try await mirror.load("war", "CLAN", war("preparation", 0))
            let fresh = try await mirror.ask("GET", "/api/v1/war/CLAN/current")
            #expect(fresh.json?.text("state") == "preparation" && fresh.json?.flag("is_stale") == false)
            #expect(fresh.json?["reported_state"] == nil)
            mirror.clock.advance(by: Self.hour * 25)
            let begun = try await mirror.ask("GET", "/api/v1/war/CLAN/current")
            #expect(begun.json?.text("state") == "inWar" && begun.json?.text("reported_state") == "preparation")
            #expect(begun.json?.flag("is_stale") == true)
            mirror.clock.advance(by: Self.hour * 24)
            let over = try await mirror.ask("GET", "/api/v1/war/CLAN/current")
            #expect(over.json?.text("state") == "warEnded" && over.json?.flag("is_stale") == true)
        }
    }

    @Test func `a private war log is a state, known or new`() async throws {
        try await Mirror.with { mirror in
            try await mirror.refuse("war", "NEW", status: 403)
            let new = try await mirror.ask("GET", "/api/v1/war/NEW/current")
            #expect(new.status == 200 && new.json?.text("state") == "private")
            #expect(new.json?.flag("is_stale") == false && mirror.asked.isEmpty)
            try await mirror.load("war", "CLAN", war("inWar", 1))
            mirror.clock.advance(by: Self.hour)
            try await mirror.refuse("war", "CLAN", status: 403)
            let closed = try await mirror.ask("GET", "/api/v1/war/CLAN/current")
            #expect(closed.json?.text("state") == "private" && closed.json?["clan"] == nil)
            #expect(closed.json?.text("last_updated") == mirror.clock.now().rfc3339)
            try await mirror.refuse("war_log", "CLAN", status: 403)
            let log = try await mirror.ask("GET", "/api/v1/war/CLAN/log")
            #expect(log.json?.text("state") == "private" && log.json?.list("items").isEmpty == true)
            // Open again: the war is shown as before.
            mirror.clock.advance(by: Self.hour)
            try await mirror.load("war", "CLAN", war("inWar", 2))
            let open = try await mirror.ask("GET", "/api/v1/war/CLAN/current")
            #expect(open.json?.text("state") == "inWar")
        }
    }

    @Test func `no league is a state, no clan is none`() async throws {
        try await Mirror.with { mirror in
            try await mirror.refuse("league_group", "CLAN", status: 404)
            let group = try await mirror.ask("GET", "/api/v1/war/CLAN/league")
            #expect(group.status == 200 && group.json?.text("state") == "groupNotFound")
            try await mirror.refuse("war", "CLAN", status: 404)
            #expect(try await mirror.ask("GET", "/api/v1/war/CLAN/current").json?.text("state") == "notInWar")
            try await mirror.refuse("clan", "CLAN", status: 404)
            #expect(try await mirror.ask("GET", "/api/v1/clan/CLAN").status == 404)
        }
    }

    @Test func `403 is about the document only where a war log can be private`() {
        func effect(_ dataset: DatasetID?, _ body: [(String, String)]) -> FailureClass? {
            ClashErrors.rules.first { rule in
                guard rule.statuses?.contains(403) == true else { return false }
                if let datasets = rule.datasets, dataset.map(datasets.contains) != true { return false }
                return body.contains { "$.\($0.0)" == rule.path && rule.equals?.contains($0.1) == true }
            }?.effect
        }
        let hidden = [("reason", "accessDenied")]
        #expect(effect(ClashDatasets.war, hidden) == .notFound)
        #expect(effect(ClashDatasets.warLog, hidden) == .notFound)
        #expect(effect(ClashDatasets.clan, hidden) == nil)
        #expect(effect(nil, hidden) == nil)
        let moved = [
            ("reason", "accessDenied.invalidIp"),
            ("message", "Invalid authorization: API key does not allow access from IP 192.0.2.9"),
        ]
        #expect(effect(ClashDatasets.war, moved) == .parkKey)
        let wrong = [("reason", "accessDenied"), ("message", "Invalid authorization")]
        #expect(effect(ClashDatasets.war, wrong) == .disableKey)
    }
}
