import FreshetCore
import FreshetMock
import FreshetSQLite
import FreshetTesting
import Testing
import TornApp

@Suite struct `Routes of the Torn app` {
    private let clock = ManualClock(now: TornStore.fetchedAt + .seconds(60))

    private func get(
        _ pattern: String, _ torn: TornStore, captures: [String: String] = [:],
        parameters: [(name: String, value: String)] = [], tables: Bool = true
    ) async throws -> (reply: AppReply, json: MockJSON?) {
        let route = try #require(torn.app.routes.first { $0.pattern == pattern && $0.method == "GET" })
        var configuration = Configuration(dataDirectory: "/tmp", sources: torn.app.sources, datasets: torn.app.datasets)
        configuration.apps = [torn.app]
        let services = AppServices(
            configuration: configuration, store: torn.store, tables: tables ? torn.store : nil, clock: clock
        ) { _ throws(StoreError) in throw .unavailable("no queue in this test") }
        let reply = try await route.handle(
            AppRequest(captures: captures, parameters: parameters, body: [], services: services))
        return (reply, try? MockJSON(parsing: reply.body))
    }

    @Test func `health tells of each endpoint its last and next run, rows and status`() async throws {
        try await TornStore.with { torn in
            let before = try await get("/health", torn)
            #expect(before.reply.status == 200)
            #expect(before.json?["status"] == "waiting")
            #expect(before.json?.list("endpoints").count == 6)

            let world = TornGenerator(clock: WallClock(TornStore.fetchedAt.seconds).clock)
            let members = try world.get("/v2/faction/40832/members")
            try await torn.load("members", "40832", members.text)
            let note = FailureNote(kind: "upstream-error", message: "Torn answered 13.", at: TornStore.fetchedAt)
            _ = try await torn.store.commit(
                RefreshCommit(
                    id: DocumentID(dataset: DatasetID(source: "torn", name: "members"), key: "17991"),
                    outcome: .failed(note), at: TornStore.fetchedAt))
            let health = try await get("/health", torn)
            let endpoints = health.json?.list("endpoints") ?? []
            let endpoint = try #require(endpoints.first { $0.text("name") == "members" })
            #expect(endpoint["last_run"]?.stringValue == TornStore.fetchedAt.rfc3339)
            #expect(endpoint["last_success"]?.stringValue == TornStore.fetchedAt.rfc3339)
            #expect(endpoint["next_run"]?.stringValue == (TornStore.fetchedAt + .seconds(900)).rfc3339)
            #expect(endpoint["interval"] == "PT15M")
            #expect(endpoint["rows"]?.intValue == members.list("members").count)
            #expect(endpoint["status"] == "failing")
            #expect(endpoint.list("documents").map { $0["status"] } == ["failing", "ok"])
            #expect(endpoint.list("documents").first?["error"] == "upstream-error")
            // One faction of one endpoint fails: the app is degraded, not down.
            #expect(health.json?["status"] == "degraded" && health.reply.status == 200)
        }
    }

    @Test func `a report is read as rows of JSON, up to a limit`() async throws {
        try await TornStore.with { torn in
            let crimes = try TornGenerator(clock: WallClock(TornStore.fetchedAt.seconds).clock)
                .get("/v2/faction/crimes?sort=ASC")
            try await torn.load("crimes", "40832", crimes.text)
            for type in ["Weapon", "Tool"] { try await torn.load("items", type, #"{"items":[]}"#) }
            let list = try await get("/reports", torn)
            let names = list.json?.list("reports").compactMap { $0.text("name") }
            let expected = [
                "crime_earnings", "crime_overview", "crimes_named", "crimes_wide", "member_information",
                "required_items",
            ]
            #expect(names == expected)
            for name in torn.app.views.map(\.name) {
                let answer = try await get("/reports/{report}", torn, captures: ["report": name])
                #expect(answer.reply.status == 200, "\(name)")
            }
            let earnings = try await get(
                "/reports/{report}", torn, captures: ["report": "crime_earnings"], parameters: [("limit", "3")])
            let rows = earnings.json?.list("rows") ?? []
            #expect(rows.count == 3 && earnings.json?["is_truncated"] == true)
            let moments = rows.compactMap { $0.text("executed_at") }
            #expect(moments.count == 3 && moments == moments.sorted(by: >))
            #expect(moments.first?.hasSuffix("Z") == true)
            let refused = try await get("/reports/{report}", torn, captures: ["report": "crimes"])
            #expect(refused.reply.status == 404)
            #expect(
                try await get(
                    "/reports/{report}", torn, captures: ["report": "crimes_wide"], parameters: [("limit", "0")]
                ).reply.status == 400)
            #expect(
                try await get("/reports/{report}", torn, captures: ["report": "crimes_wide"], tables: false).reply
                    .status
                    == 501)
        }
    }

    @Test func `a report tells its SQL in both dialects`() async throws {
        try await TornStore.with { torn in
            func text(_ parameters: [(name: String, value: String)]) async throws -> String {
                let answer = try await get(
                    "/reports/{report}/sql", torn, captures: ["report": "crime_overview"], parameters: parameters)
                #expect(answer.reply.type.hasPrefix("text/plain"))
                return String(decoding: answer.reply.body, as: UTF8.self)
            }
            #expect(try await text([]).contains("unixepoch(c.executed_at)"))
            let other = try await text([("dialect", "bigquery"), ("dataset", "my-project.faction")])
            #expect(other.contains("CREATE OR REPLACE VIEW `my-project.faction.crime_overview`"))
            #expect(other.contains("FROM `my-project.faction.crimes`") && !other.contains("unixepoch"))
            let bad = try await get(
                "/reports/{report}/sql", torn, captures: ["report": "crime_overview"], parameters: [("dialect", "x")])
            #expect(bad.reply.status == 400)
        }
    }

    @Test func `no answer holds a key`() async throws {
        try await TornStore.with { torn in
            let answers = [
                try await get("/health", torn).reply, try await get("/reports", torn).reply,
                try await get("/reports/{report}/sql", torn, captures: ["report": "crimes_wide"]).reply,
            ]
            for answer in answers {
                let text = String(decoding: answer.body, as: UTF8.self)
                for key in Fixture.options.keys { #expect(!text.contains(key.secret.reveal())) }
            }
        }
    }
}
