import FreshetCore
import Testing
import TornApp

@Suite struct `The Torn app` {
    private func dataset(_ name: String, _ options: TornOptions = Fixture.options) throws -> DatasetConfig {
        try #require(TornApp(options).datasets.first { $0.id == DatasetID(source: "torn", name: name) })
    }

    @Test func `mirrors six endpoints of one source`() throws {
        let app = TornApp(Fixture.options)
        #expect(app.sources.map(\.name) == ["torn"])
        #expect(
            app.datasets.map(\.id.description) == [
                "torn.basic", "torn.crimes", "torn.currency", "torn.items", "torn.members", "torn.server_time",
            ])
        let intervals = try ["crimes", "members", "items", "basic", "currency", "server_time"].map { name in
            guard case .every(let period)? = try dataset(name).refresh?.timing else { return "" }
            return period.description
        }
        #expect(intervals == ["PT15M", "PT15M", "PT6H", "PT12H", "PT12H", "PT1H"])
    }

    @Test func `the key is sent in a header and shares the limit of its user`() throws {
        let source = try #require(TornApp(Fixture.options).sources.first)
        #expect(source.auth.method == .header("Authorization"))
        #expect(source.auth.keys.map { $0.secret.reveal() }.first == "ApiKey AAAABBBBCCCCDDDD")
        #expect(source.auth.keys.map(\.account) == ["1", "2", "1"])
        #expect(source.limits.contains(LimitConfig(scope: .account, calls: 100, per: .seconds(60))))
        #expect(source.limits.contains(LimitConfig(scope: .ip, calls: 1_000, per: .seconds(60))))
        #expect(source.headers.contains { $0.name == "user-agent" && !$0.value.isEmpty })
        for dataset in TornApp(Fixture.options).datasets {
            for key in ["40832", "Weapon", "_"] {
                #expect(!dataset.upstreamPath(forKey: key).contains("AAAA"))
            }
        }
    }

    @Test func `crimes and money are asked for with keys of their own faction only`() throws {
        for name in ["crimes", "currency"] {
            let dataset = try dataset(name)
            #expect(dataset.refresh?.selection == .list(["17991", "40832"]))
            #expect(dataset.keyIDs(forKey: "40832") == ["k-main", "k-spare"])
            #expect(dataset.keyIDs(forKey: "17991") == ["k-second"])
            #expect(dataset.keyIDs(forKey: "1") == [])
        }
        #expect(try dataset("members").keyIDs(forKey: "17991") == nil)
    }

    @Test func `a faction without a key of its own still has members and rank`() throws {
        var options = Fixture.options
        options.keys = [Fixture.main]
        #expect(try dataset("crimes", options).refresh?.selection == .list(["40832"]))
        #expect(try dataset("members", options).refresh?.selection == .list(["17991", "40832"]))
        options.factions = [17_991]
        #expect(TornApp(options).datasets.allSatisfy { $0.id.name != "crimes" && $0.id.name != "currency" })
    }

    @Test func `with one faction a key need not say whose it is`() throws {
        var key = Fixture.main
        key.faction = nil
        let options = TornOptions(factions: [40_832], keys: [key])
        #expect(try dataset("crimes", options).keyIDs(forKey: "40832") == ["k-main"])
    }

    @Test func `each faction and item type has an address of its own`() throws {
        let paths = try [
            dataset("crimes").upstreamPath(forKey: "40832"), dataset("members").upstreamPath(forKey: "17991"),
            dataset("basic").upstreamPath(forKey: "40832"), dataset("currency").upstreamPath(forKey: "40832"),
            dataset("items").upstreamPath(forKey: "Energy Drink"), dataset("server_time").upstreamPath(forKey: "_"),
        ]
        #expect(
            paths == [
                "/faction/crimes?cat=all&sort=ASC&comment=freshet-40832", "/faction/17991/members?striptags=true",
                "/faction/40832/basic", "/faction/balance?comment=freshet-40832",
                "/torn/items?cat=Energy%20Drink&sort=ASC", "/torn/timestamp",
            ])
        #expect(try dataset("items").refresh?.selection == .list(TornItemType.all))
        #expect(TornItemType.all.count == 23)
    }

    @Test func `crimes follow the next link and can be asked for in a window`() throws {
        var options = Fixture.options
        #expect(try dataset("crimes").pagination?.style == .nextURL(path: "$._metadata.links.next"))
        options.window = .init(from: Timestamp(seconds: 1_700_000_000), to: Timestamp(seconds: 1_710_000_000))
        #expect(
            try dataset("crimes", options).upstreamPath(forKey: "1")
                == "/faction/crimes?cat=all&sort=ASC&filters=created_at&from=1700000000&to=1710000000&comment=freshet-1"
        )
    }

    @Test func `what a crime fetch does not show is not gone`() throws {
        let specs = try #require(try dataset("crimes").tables?.specs)
        #expect(specs.map(\.name) == ["crimes", "crime_slots", "crime_reward_items"])
        #expect(specs.allSatisfy { !$0.isComplete && $0.disposition == .merge })
        #expect(try dataset("members").tables?.specs.map(\.isComplete) == [true])
        #expect(try dataset("items").tables?.specs.map(\.disposition) == [.replace, .replace, .replace])
        #expect(try dataset("basic").tables?.specs.map(\.disposition) == [.append])
    }

    @Test func `every endpoint has its own interval, keys, timeout, retries, limits and disposition`() throws {
        var options = Fixture.options
        var settings = TornOptions.Endpoint()
        settings.every = Period(months: 1)
        settings.keys = ["second"]
        settings.timeout = .seconds(5)
        settings.retry = RetryConfig()
        settings.limits = [LimitConfig(scope: .endpoint, calls: 3, per: .seconds(60))]
        settings.disposition = .append
        settings.keepsHistory = true
        options.endpoints[.members] = settings
        options.endpoints[.items] = nil
        let members = try dataset("members", options)
        #expect(members.refresh?.timing == .every(Period(months: 1)))
        #expect(members.keyIDs == ["k-second"])
        #expect(members.timeout == .seconds(5) && members.retry != nil)
        #expect(members.tables?.specs.first?.disposition == .append)
        #expect(members.tables?.specs.first?.keepsHistory == true)
        let source = try #require(TornApp(options).sources.first)
        #expect(
            source.limits.contains(
                LimitConfig(scope: .endpoint, calls: 3, per: .seconds(60), datasets: [members.id])))
        #expect(TornApp(options).datasets.allSatisfy { $0.id.name != "items" })
        // Reports that read items are not made then; the others are.
        #expect(TornApp(options).views.map(\.name) == ["crime_overview", "crimes_wide", "member_information"])
    }

    @Test func `every error code has its class, whatever the form of the body`() {
        let expected: [FailureClass: [Int]] = [
            .wait: [5], .disableKey: [1, 2], .parkKey: [10, 13, 14, 18], .stopSource: [8], .maintenance: [9, 24],
            .permanent: [3, 4, 6, 7, 11, 16, 19, 20, 21, 22, 23], .retry: [0, 12, 15, 17, 99],
        ]
        for (effect, codes) in expected {
            for code in codes {
                let nested = TornErrors.rules.first { rule in
                    rule.path == "$.error" || rule.path == "$.error.code" && rule.equals?.contains("\(code)") == true
                }
                #expect(nested?.effect == effect, "code \(code)")
                let flat = TornErrors.rules.first { rule in
                    rule.path == "$.error" || rule.path == "$.code" && rule.equals?.contains("\(code)") == true
                }
                #expect(flat?.effect == effect, "code \(code)")
                #expect(nested?.statuses == nil)
            }
        }
    }

    @Test func `money can be read by the selection of version 1`() throws {
        var options = Fixture.options
        options.balanceRoute = .selection
        let currency = try dataset("currency", options)
        #expect(currency.upstreamPath(forKey: "40832") == "/faction?selections=currency&comment=freshet-40832")
        #expect(currency.tables?.specs.first?.rows == .path("$"))
        #expect(currency.require == ["$.money"])
    }
}
