import ClashApp
import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct `The section of the Clash app` {
    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> ClashApp {
        let loaded = try ConfigFixture(yaml: yaml, environment: environment).load()
        return try #require(loaded.configuration.apps.first as? ClashApp)
    }

    private func problems(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
        ConfigFixture(yaml: yaml, environment: environment).problems()
    }

    private let token = ["COC": "token-one"]
    private let secret = "an example of a secret that is long enough to sign"

    @Test func `one key is enough`() throws {
        let app = try load("apps: { clash: { keys: \"${env:COC}\" } }", token)
        #expect(app.options.keys.count == 1 && app.options.identity == nil)
        #expect(app.options.risk == RiskPolicy() && app.options.freshness == ClashFreshness())
    }

    @Test func `all of it can be said`() throws {
        let yaml = """
            apps:
              clash:
                keys: ["${env:COC}"]
                clans: ["#uv0yr2q8", UVOYR2Q8, "2pp"]
                calls_per_second: 10
                calls_per_day: 5000
                identity: { signing_key: "${env:S}", issuer: https://id.test, audience: board, new_users: false }
                freshness: { adaptive: false, war: { max_age: PT2M, every: PT5M }, history: P7D }
                risk: { weights: { war: 1, idle: 0 }, normalise_weights: false, former_members: true }
                activity: { season_reset_guard: false }
                attempts: { verify_per_user: 2 }
            """
        let options = try load(yaml, token.merging(["S": secret]) { $1 }).options
        #expect(options.clans == ["2PP", "UV0YR2Q8"] && options.callsPerDay == 5_000)
        #expect(options.identity?.signingKey?.reveal() == secret && options.identity?.acceptsNewUsers == false)
        #expect(options.freshness.war.maxAge == .seconds(120) && !options.freshness.isAdaptive)
        #expect(options.risk.weights.war == 1 && options.risk.weights.deficit == 0.15)
        #expect(!options.risk.normalisesWeights && options.risk.includesFormerMembers)
        #expect(!options.activity.guardsSeasonReset && options.attempts.verifyPerUser == 2)
    }

    @Test func `the seed's variables are heard`() throws {
        let yaml = "apps: { clash: { keys: \"${env:COC}\", identity: {} } }"
        let environment = ["COC": "token-one", "SNAPSHOT_MAX_AGE": "900", "JWT_SIGNING_KEY": secret]
        let loaded = try ConfigFixture(yaml: yaml, environment: environment).load()
        let ages = Dictionary(uniqueKeysWithValues: loaded.configuration.datasets.map { ($0.id.name, $0.maxAge) })
        #expect(["clan", "player", "war"].allSatisfy { ages[$0] == .seconds(900) })
        #expect(ages["raids"] == .seconds(3_600))
        #expect(loaded.configuration.datasets.allSatisfy { ($0.maxAgeCeiling ?? $0.maxAge) >= $0.maxAge })
        let app = try #require(loaded.configuration.apps.first as? ClashApp)
        #expect(app.options.identity?.signingKey?.reveal() == secret)
        #expect(problems(yaml, token).contains { $0.contains("JWT_SIGNING_KEY: is not set") })
        #expect(
            problems(yaml, ["COC": "a", "JWT_SIGNING_KEY": "change-me"]).contains {
                $0.contains("JWT_SIGNING_KEY: is the example that everybody knows")
            })
    }

    @Test(arguments: [
        ("signing_key: \"${env:S}\"", "q7Xw2mZ9pL", "32"),
        ("signing_key: \"${env:S}\"", "change-me", "everybody knows"),
        ("jwks: http://id.test/jwks.json", "", "must be an https address"), ("jwks: nonsense", "", "neither an https"),
        ("jwks: https://id.test", "", "no address of a key set"),
    ])
    func `an identity that could be anybody's is refused`(line: String, value: String, words: String) {
        let yaml = "apps: { clash: { keys: \"${env:COC}\", identity: { \(line) } } }"
        let found = problems(yaml, token.merging(["S": value]) { $1 })
        #expect(found.contains { $0.contains(words) }, "\(found)")
        #expect(!found.contains { !value.isEmpty && $0.contains("\"\(value)\"") })
    }

    @Test func `what is wrong is told where it stands`() {
        #expect(problems("apps: { clash: { } }", token).contains { $0.contains("\"keys\" is missing") })
        let yaml = """
            apps:
              clash:
                keys: ["${env:COC}", "${env:COC}"]
                clans: ["!"]
                freshness: { quiet_in_clan: ["no path"] }
                risk: { weights: { war: 0, idle: 0, don_deficit: 0, don_drop: 0 } }
            """
        let found = problems(yaml, token)
        for words in ["is the same key as", "\"!\" is not a tag", "is not a JSONPath", "all zero"] {
            #expect(found.contains { $0.contains(words) }, "\(words): \(found)")
        }
    }
}
