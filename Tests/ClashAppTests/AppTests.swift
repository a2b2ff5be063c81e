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
