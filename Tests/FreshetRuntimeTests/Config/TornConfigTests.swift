import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct `The section of the Torn app` {
    private func fixture(_ torn: String) -> ConfigFixture {
        let lines = torn.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        return ConfigFixture(
            yaml: "apps:\n  torn:\n\(lines)\n",
            environment: ["TORN_KEY": "AAAABBBBCCCCDDDD", "SECOND_KEY": "EEEEFFFFGGGGHHHH"])
    }

    private func dataset(_ name: String, _ configuration: Configuration) throws -> DatasetConfig {
        try #require(configuration.dataset(DatasetID(source: "torn", name: name)))
    }

    @Test func `a key and a faction are enough`() throws {
        let loaded = try fixture("keys: { main: \"${env:TORN_KEY}\" }\nfactions: 40832").load()
        #expect(loaded.warnings.isEmpty)
        let configuration = loaded.configuration
        #expect(configuration.sources.map(\.name) == ["torn"])
        #expect(configuration.sources.first?.baseURL == "https://api.torn.com/v2")
        #expect(configuration.datasets.count == 6)
        #expect(configuration.views.count == 6)
        #expect(try dataset("crimes", configuration).refresh?.selection == .list(["40832"]))
    }

    @Test func `keys say whose they are, endpoints how they run`() throws {
        let configuration = try fixture(
            """
            keys:
              main: { secret: "${env:TORN_KEY}", user: 1, faction: 40832 }
              second: { secret: "${env:SECOND_KEY}", user: 2, faction: 17991 }
            endpoints:
              crimes: { every: PT45M, from: 2026-01-01, timeout: PT5S, retry: { attempts: 2 }, history: rows }
              members: { every: P1M, keys: [second], write_disposition: replace, limits: [{ calls: 3, per: PT1M }] }
              items: { types: [Weapon, Armor] }
              currency: { route: selection }
              server_time: off
            """
        ).load().configuration
        let ids = configuration.datasets.map(\.id.name)
        #expect(ids == ["basic", "crimes", "currency", "items", "members"])
        let crimes = try dataset("crimes", configuration)
        #expect(crimes.refresh?.timing == .every(Period(.seconds(2_700))))
        #expect(crimes.refresh?.selection == .list(["17991", "40832"]))
        #expect(crimes.timeout == .seconds(5) && crimes.retry?.attempts == 2)
        #expect(crimes.upstreamPath(forKey: "40832").contains("from=1767225600"))
        #expect(crimes.tables?.specs.first?.keepsHistory == true)
        let keys = try #require(configuration.source("torn")?.auth.keys)
        #expect(keys.map(\.account) == ["1", "2"])
        #expect(crimes.keyIDs(forKey: "17991") == [keys[1].id])
        let members = try dataset("members", configuration)
        #expect(members.keyIDs == [keys[1].id])
        #expect(members.refresh?.timing == .every(Period(months: 1)))
        #expect(members.tables?.specs.first?.disposition == .replace)
        #expect(
            configuration.source("torn")?.limits.contains(
                LimitConfig(scope: .endpoint, calls: 3, per: .seconds(60), datasets: [members.id])) == true)
        #expect(try dataset("items", configuration).refresh?.selection == .list(["Armor", "Weapon"]))
        #expect(
            try dataset("currency", configuration).upstreamPath(forKey: "1").hasPrefix("/faction?selections=currency"))
    }

    @Test(arguments: [
        ("factions: 40832", "the key \"keys\" is missing"),
        ("keys: { main: \"${env:TORN_KEY}\" }", "names no faction"),
        ("keys: { main: \"${env:TORN_KEY}\", again: \"${env:TORN_KEY}\" }\nfactions: 1", "is the same key as"),
        (
            "keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { crimes: { keys: [mian] } }",
            "did you mean \"main\"?"
        ),
        (
            "keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { items: { types: [Wepon] } }",
            "did you mean \"Weapon\"?"
        ),
        (
            "keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { crimes: { every: 15 } }",
            "apps.torn.endpoints.crimes.every"
        ),
        ("keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { crimes: { every: P0D } }", "out of range"),
        ("keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { crimes: { from: soon } }", "is not a moment"),
        (
            "keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { crimes: { from: 2026-02-01, to: 2026-01-01 } }",
            "the window is empty"
        ),
        ("keys: { main: \"${env:TORN_KEY}\" }\nfactions: 1\nendpoints: { wars: {} }", "unknown key \"wars\""),
    ])
    func `what cannot work is refused with its field`(yaml: String, message: String) {
        let problems = fixture(yaml).problems()
        #expect(problems.contains { $0.contains(message) }, "\(problems)")
        #expect(problems.allSatisfy { !$0.contains("AAAABBBB") })
    }

    @Test func `what is probably not meant is told`() throws {
        let warnings = try fixture(
            """
            keys: { main: { secret: AAAABBBBCCCCDDDD, faction: 40832 } }
            factions: [40832, 17991]
            endpoints: { members: { write_disposition: append } }
            """
        ).warnings().joined(separator: "\n")
        #expect(warnings.contains("crimes of faction 17991 cannot be logged"))
        #expect(warnings.contains("currency of faction 17991 cannot be logged"))
        #expect(warnings.contains("the key stands in the file itself"))
        #expect(warnings.contains("append keeps every fetch"))
        #expect(!warnings.contains("AAAABBBB"))
    }

    @Test func `printing shows every setting and no key`() throws {
        let loaded = try fixture(
            "keys: { main: { secret: \"${env:TORN_KEY}\", user: 7 } }\nfactions: [40832]\nendpoints: { items: off }"
        ).load()
        let text = ConfigPrinter.yaml(loaded.configuration)
        #expect(!text.contains("AAAABBBB"))
        #expect(text.contains("40832") && text.contains("items: \"off\"") && text.contains("user: \"7\""))
    }
}
