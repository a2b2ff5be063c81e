import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct ConfigLoaderTests {
    @Test func `all problems are reported at once in the order of the file`() {
        let yaml = """
            stroe: sqlite
            sources:
              clash:
                base_url: ${env:CLASH_URL}
                timeout: 30
                limits:
                  - { scope: key, calls: none, per: PT1S }
                timeout: 40
            datasets:
              clash.clan: { get: "/clans/{tag", max_age: soon }
              clush.war: { get: /war }
            """
        #expect(
            ConfigFixture(yaml: yaml).problems() == [
                #"freshet.yaml:1:1: stroe: unknown key "stroe"; did you mean "store"?"#,
                "freshet.yaml:4:15: sources.clash.base_url: the environment variable CLASH_URL is not set; export it, "
                    + "write it into .env, or give a default: ${env:CLASH_URL:-…}",
                #"freshet.yaml:7:30: sources.clash.limits[0].calls: found "none"; write a whole number, 1 to 1000000000"#,
                #"freshet.yaml:8:5: sources.clash.timeout: the key "timeout" is given twice, first in line 5; keep one"#,
                #"freshet.yaml:8:14: sources.clash.timeout: "40" has no unit: write PT40S, 40s, 40m or 40h"#,
                #"freshet.yaml:10:22: datasets.clash.clan.get: "/clans/{tag" has a brace without its other half: write {name}"#,
                #"freshet.yaml:10:46: datasets.clash.clan.max_age: "soon" is not a duration: write ISO 8601 such as "#
                    + "PT10M, P1D, or 10m",
                #"freshet.yaml:11:3: datasets.clush.war: there is no source "clush"; did you mean "clash"?"#,
            ])
    }

    @Test func `the example of the contract loads with every value in its place`() throws {
        let yaml = """
            data_dir: ./data
            store: sqlite
            coordinator: local
            server: { listen: "127.0.0.1:8080" }
            sources:
              clash:
                base_url: https://api.clashofclans.com/v1/
                auth: { bearer: ["${env:COC_TOKEN_1}", "${env:COC_TOKEN_2}"] }
                limits:
                  - { scope: key, calls: 40, per: PT1S }
                  - { scope: account, calls: 500000, per: P1D }
                reserve: 20%
                timeout: PT30S
                retry: { attempts: 4, initial: PT1S, multiplier: 2, max: PT2M, jitter: full }
                breaker: { failures: 5, probe_every: PT30S }
                maintenance: { status: [503] }
                max_body: 8MiB
            datasets:
              clash.clan:
                get: /clans/{tag}
                key: { tag: clash_tag }
                max_age: PT10M
                priority: high
                refresh: { every: PT30M, for: tracked }
                history: { keep: P90D }
                ignore_changes: [ "$.memberList[*].donations" ]
                limits: [{ calls: 20, per: 1s }]
            """
        let fixture = ConfigFixture(yaml: yaml, environment: ["COC_TOKEN_1": "one", "COC_TOKEN_2": "two"])
        let loaded = try fixture.load()
        let configuration = loaded.configuration
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.file == "/etc/freshet/freshet.yaml")
        #expect(configuration.dataDirectory == "/etc/freshet/data")
        #expect(configuration.server.host == "127.0.0.1" && configuration.server.port == 8080)

        let source = try #require(configuration.source("clash"))
        let id = DatasetID(source: "clash", name: "clan")
        #expect(source.baseURL == "https://api.clashofclans.com/v1")
        #expect(source.auth.method == .bearer)
        #expect(source.auth.keys.map { $0.secret.reveal() } == ["one", "two"])
        #expect(source.auth.keys.map(\.account) == ["default", "default"])
        #expect(
            source.limits == [
                LimitConfig(scope: .key, calls: 40, per: .seconds(1)),
                LimitConfig(scope: .account, calls: 500_000, per: .seconds(86_400)),
                LimitConfig(scope: .endpoint, calls: 20, per: .seconds(1), datasets: [id]),
            ])
        #expect(source.reserve == 0.2)
        #expect(source.retry == RetryConfig() && source.breaker == BreakerConfig())
        #expect(source.maintenance == MaintenanceConfig())

        let dataset = try #require(configuration.dataset(id))
        #expect(dataset.template.description == "/clans/{tag}")
        #expect(dataset.normalisers == ["tag": .clashTag])
        #expect(dataset.maxAge == .seconds(600) && dataset.maxAgeFloor == .seconds(600))
        #expect(dataset.refresh == RefreshSchedule(timing: .every(Period(.seconds(1800))), selection: .tracked))
        #expect(dataset.historyKeep == Period(days: 90))
        #expect(dataset.ignoreChanges == ["$.memberList[*].donations"])
    }

    @Test func `what a dataset leaves out comes from its source`() throws {
        let yaml = ConfigFixture.file(source: "max_body: 1MiB\nnot_found_for: PT1H", dataset: "max_age: PT5M")
        let dataset = try #require(try ConfigFixture(yaml: yaml).load().configuration.datasets.first)
        #expect(dataset.maxBody == 1 << 20)
        #expect(dataset.notFoundFor == .seconds(3600))
        #expect(dataset.maxAgeFloor == .seconds(300))
    }

    @Test func `listed keys are normalised and a dataset without parameters has its one key`() throws {
        let yaml = """
            sources: { clash: { base_url: http://localhost:1 } }
            datasets:
              clash.clan:
                get: /clans/{tag}
                key: { tag: clash_tag }
                max_age: PT1H
                refresh: { every: PT1M, for: ["#uvo", "%232PP", 2pp] }
              clash.gold: { get: /gold, max_age: PT1H, refresh: { cron: "0 8 * * 1-5", time_zone: Europe/Berlin } }
              clash.none: { get: /none, refresh: none }
            """
        let loaded = try ConfigFixture(yaml: yaml).load()
        #expect(
            loaded.configuration.datasets.map { $0.refresh?.selection } == [.list(["UV0", "2PP"]), .list(["_"]), nil])
        #expect(loaded.configuration.datasets[1].refresh?.timing == .cron("0 8 * * 1-5", timeZone: "Europe/Berlin"))
        #expect(
            loaded.warnings.map(\.description) == [
                "freshet.yaml:7:53: datasets.clash.clan.refresh.for[2]: the key 2PP is listed twice"
            ])
    }

    @Test func `every way of authentication gives its method and keys`() throws {
        let cases: [(String, AuthConfig.Method, [String])] = [
            ("none", .none, []),
            ("{ bearer: a }", .bearer, ["a"]),
            ("{ header: { name: X-Api-Key, keys: [a, b] } }", .header("X-Api-Key"), ["a", "b"]),
            ("{ query: { name: key, keys: a } }", .query("key"), ["a"]),
            ("{ basic: [\"u:p:q\", { user: v, password: w }] }", .basic, ["u:p:q", "v:w"]),
            (
                "{ oauth2: { token_url: http://localhost/t, client_id: i, client_secret: s, scope: read } }",
                .oauth2(tokenURL: "http://localhost/t", scope: "read"), ["i:s"]
            ),
        ]
        for (text, method, keys) in cases {
            let loaded = try ConfigFixture(yaml: ConfigFixture.file(source: "auth: \(text)")).load()
            let auth = try #require(loaded.configuration.source("clash")).auth
            #expect(auth.method == method)
            #expect(auth.keys.map { $0.secret.reveal() } == keys)
        }
    }

    @Test func `the id of a key depends on source and key and nothing else`() throws {
        let yaml = ConfigFixture.file(source: "auth: { bearer: [{ value: a, account: x }, b] }")
        let keys = try #require(try ConfigFixture(yaml: yaml).load().configuration.source("clash")).auth.keys
        // printf 'freshet key id\nclash\na' | sha256sum
        #expect(keys.map(\.id) == ["6ebde0d0", "98910019"])
        #expect(keys.map(\.account) == ["x", "default"])
    }

    @Test func `a missing file says how to make one`() {
        #expect(throws: ConfigProblems.self) {
            _ = try ConfigLoader.load(path: "other.yaml", environment: [:], currentDirectory: "/x") { _ in nil }
        }
        do {
            _ = try ConfigLoader.load(path: "other.yaml", environment: [:], currentDirectory: "/x") { _ in nil }
        } catch {
            #expect(
                error.description == "other.yaml: there is no such file; \"freshet init\" writes one to start from, "
                    + "--config names another")
        }
    }

    @Test func `anchors, aliases and merge keys work, and the nearer key wins`() throws {
        let yaml = """
            x-common: &common { max_age: PT1H, goneafter_is_not_checked_here: 1 }
            x-base: &base { max_age: PT2H, gone_after: 5 }
            sources: { clash: { base_url: http://localhost:1 } }
            datasets:
              clash.a: { <<: *base, get: /a }
              clash.b: { <<: [*base], get: /b, max_age: PT3H }
            """
        let datasets = try ConfigFixture(yaml: yaml).load().configuration.datasets
        #expect(datasets.map(\.maxAge) == [.seconds(7200), .seconds(10_800)])
        #expect(datasets.map(\.goneAfter) == [5, 5])
    }

    @Test func `aliases that multiply without end are refused quickly`() {
        var yaml = "x-0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
        for level in 1...9 {
            yaml +=
                "x-\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
                + "]\n"
        }
        let problems = ConfigFixture(yaml: yaml).problems()
        #expect(problems.count == 1)
        #expect(
            problems.first?.hasSuffix("the file has more than 100,000 values once its aliases are followed") == true)
    }

    @Test func `an empty file loads and says that there is nothing to do`() throws {
        #expect(
            try ConfigFixture(yaml: "# nothing\n").warnings() == [
                "freshet.yaml:1:1: sources: no source is declared, so there is nothing to keep fresh"
            ])
    }

    @Test func `ready rules and own rules stand in one list`() throws {
        let yaml = ConfigFixture.file(source: "errors: [torn, { status: [5xx, 429], then: wait, for: 1m }]")
        let rules = try #require(try ConfigFixture(yaml: yaml).load().configuration.source("clash")).rules
        #expect(rules.count == ErrorPreset.torn.rules.count + 1)
        #expect(rules.last == ErrorRule(statuses: Set(500...599).union([429]), effect: .wait, duration: .seconds(60)))
        let five = rules.first { $0.equals?.contains("5") == true }
        #expect(five?.effect == .wait && five?.path == "$.error.code")
    }
}
