import FreshetCore
import FreshetTesting
import Testing

@testable import ClashApp

@Suite struct `The Clash app` {
    @Test(arguments: AppContract.all)
    func `keeps the contract of apps`(check: AppContract.Check) throws {
        try check.run(ClashApp(Fixture.options))
        var options = Fixture.withUsers
        options.identity?.keySet = .url("https://id.test/oauth2/jwks.json")
        options.clans = ["2PP", "UV0YR2Q8"]
        options.callsPerDay = 5_000
        try check.run(ClashApp(options))
    }

    @Test func `mirrors eight kinds of documents of one API`() throws {
        let app = ClashApp(Fixture.options)
        #expect(app.sources.map(\.name) == ["clash", "clash_assets"])
        #expect(
            app.datasets.map(\.id.name) == [
                "clan", "gold_pass", "league_group", "league_war", "player", "raids", "war", "war_log",
            ])
        let clan = try #require(app.datasets.first)
        #expect(["#uvoyr2q8", "UV0YR2Q8", "%23UV0YR2Q8"].allSatisfy { clan.key(forText: $0) == "UV0YR2Q8" })
        #expect(clan.upstreamPath(forKey: "2PP") == "/clans/%232PP")
        #expect(app.datasets.filter { $0.tables != nil }.count == 7)
    }

    @Test func `limits hold for each key and for the day`() {
        var options = Fixture.options
        options.callsPerDay = 5_000
        let limits = ClashApp(options).sources.first?.limits ?? []
        #expect(limits.contains(LimitConfig(scope: .key, calls: 30, per: .seconds(1))))
        #expect(limits.contains(LimitConfig(scope: .account, calls: 5_000, per: .seconds(86_400))))
    }

    @Test func `the issuer's keys are a document like others`() throws {
        var options = Fixture.withUsers
        options.identity?.keySet = .url("https://id.test/oauth2/jwks.json")
        let app = ClashApp(options)
        #expect(app.sources.map(\.name) == ["clash", "clash_assets", "clash_issuer"])
        let keys = try #require(app.datasets.first { $0.id.source == "clash_issuer" })
        #expect(app.sources.last?.baseURL == "https://id.test" && keys.upstreamPath(forKey: "_") == "/oauth2/jwks.json")
        #expect(keys.refresh?.selection == .list(["_"]))
    }

    @Test func `no secret stands in a text of the app`() {
        let text = "\(ClashApp(Fixture.withUsers).options)"
        #expect(!text.contains(Fixture.secret) && !text.contains("fixture-key-one"))
    }
}

@Suite struct `The pace of Clash documents` {
    private func adaptive(_ name: String, _ options: ClashOptions = Fixture.options) throws -> AdaptiveRefresh? {
        try #require(ClashApp(options).datasets.first { $0.id.name == name }).refresh?.adaptive
    }

    @Test func `wars are looked at every five minutes while they are on, and have a target`() throws {
        let war = try #require(try adaptive("war"))
        #expect(war.classes.map(\.name) == ["war", "asked", "active", "rest"])
        #expect(war.classes.map(\.priority) == [.critical, .high, .medium, .low])
        #expect(war.classes.map(\.every) == [.seconds(300), .seconds(1_800), .seconds(7_200), .seconds(28_800)])
        #expect(war.classes.first?.target == .seconds(600))
        #expect(war.classes.first?.when == [.init(path: "$.state", values: ["preparation", "inWar"])])
        #expect(war.lookAt == ["$.startTime", "$.endTime"])
    }

    @Test func `clans and players should be an hour old at most`() throws {
        for name in ["clan", "player"] {
            let standard = try #require(try adaptive(name))
            #expect(standard.target == .seconds(3_600) && standard.classes.count == 3)
        }
        var options = Fixture.options
        options.freshness.isAdaptive = false
        #expect(try adaptive("clan", options) == nil)
        options = Fixture.options
        options.clans = ["2PP"]
        let clan = ClashApp(options).datasets.first
        #expect(clan?.refresh?.selection == .list(["2PP"]) && clan?.refresh?.adaptive != nil)
    }
}
