import FreshetMock
import Testing
import TornApp

@Suite struct `The generated Torn API` {
    private let wall = WallClock(Fixture.origin + 200 * 86_400)
    private var world: TornGenerator { TornGenerator(clock: wall.clock) }

    private func pages(_ first: String, key: String = "AAAABBBBCCCCDDDD") throws -> [[MockJSON]] {
        var (pages, next) = ([[MockJSON]](), Optional(first))
        while let target = next, pages.count < 100 {
            let body = try world.get(target, key: key)
            pages.append(try #require(body["crimes"]?.arrayValue))
            next = body["_metadata"]?["links"]?["next"]?.stringValue.map {
                String($0.dropFirst("http://torn.test".count))
            }
        }
        return pages
    }

    private func ids(_ crimes: [MockJSON]) -> [Int] { crimes.compactMap { $0["id"]?.intValue } }

    @Test func `crimes come in pages whose links carry everything but the key`() throws {
        let first = try world.get("/v2/faction/crimes?cat=all&sort=ASC&key=AAAABBBBCCCCDDDD&comment=freshet-40832")
        let next = try #require(first["_metadata"]?["links"]?["next"]?.stringValue)
        #expect(next == "http://torn.test/v2/faction/crimes?cat=all&sort=ASC&comment=freshet-40832&offset=100")
        #expect(first["_metadata"]?["links"]?["prev"] == .null)
        let all = try pages("/v2/faction/crimes?sort=ASC")
        #expect(all.count == 7)
        #expect(all.dropLast().allSatisfy { $0.count == 100 })
        let numbers = ids(all.flatMap { $0 })
        #expect(numbers.count == 601)
        #expect(Set(numbers).count == numbers.count)
        #expect(numbers == numbers.sorted())
        #expect(ids(try pages("/v2/faction/crimes").flatMap { $0 }) == numbers.reversed())
    }

    @Test func `a window is open at its beginning and closed at its end`() throws {
        let all = try pages("/v2/faction/crimes?sort=ASC").flatMap { $0 }
        let times = all.compactMap { $0["created_at"]?.intValue }
        let (from, to) = (times[10], times[20])
        let part = try pages("/v2/faction/crimes?sort=ASC&filters=created_at&from=\(from)&to=\(to)").flatMap { $0 }
        #expect(ids(part) == ids(Array(all[11...20])))
    }

    @Test func `categories take the crimes apart`() throws {
        func count(_ category: String) throws -> Int { try pages("/v2/faction/crimes?cat=\(category)").joined().count }
        let (available, completed) = (try count("available"), try count("completed"))
        #expect(available > 0 && completed > 0)
        #expect(try count("recruiting") + count("planning") == available)
        #expect(try count("successful") + count("failure") == completed)
        #expect(try available + completed + count("expired") == count("all"))
        #expect(try world.get("/v2/faction/crimes?cat=nonsense")["error"]?["code"] == 21)
    }

    @Test func `the key says whose crimes and money are shown`() throws {
        let (own, other) = (try pages("/v2/faction/crimes"), try pages("/v2/faction/crimes", key: "key-17991"))
        #expect(Set(ids(own.flatMap { $0 })).isDisjoint(with: ids(other.flatMap { $0 })))
        #expect(try world.get("/v2/faction?selections=currency", key: "key-17991")["faction_id"] == 17991)
        #expect(try world.get("/v2/faction?selections=currency", key: "demo-key-2")["faction_id"] == 17991)
        #expect(try world.get("/v2/faction?selections=currency", key: "demo-key-1")["faction_id"] == 40832)
        #expect(try world.get("/v2/faction/crimes", key: "public")["error"]?["code"] == 16)
        #expect(try world.get("/v2/faction/17991/members", key: "public")["members"]?.arrayValue?.isEmpty == false)
        #expect(try world.get("/v2/faction/members", key: nil)["error"]?["code"] == 1)
        #expect(try world.get("/v2/faction/1/members")["error"]?["code"] == 6)
    }

    @Test func `a crime is recruited, planned, carried out and paid`() throws {
        wall.now = Fixture.origin + 3_600 * 8
        func crime(_ id: Int) throws -> MockJSON { try #require(try world.get("/v2/faction/\(id)/crime")["crime"]) }
        let ids = ids(try #require(try world.get("/v2/faction/crimes?sort=ASC")["crimes"]?.arrayValue))
        #expect(!ids.isEmpty)
        var seen: [Int: [String]] = [:]
        for day in 0..<30 {
            wall.now = Fixture.origin + Int64(day) * 86_400 + 86_000
            for id in ids {
                let crime = try crime(id)
                let status = try #require(crime["status"]?.stringValue)
                if seen[id]?.last != status { seen[id, default: []].append(status) }
                #expect((crime["rewards"] == .null) == (status != "Successful"))
                #expect((crime["executed_at"] == .null) == !["Successful", "Failure"].contains(status))
                let users = crime["slots"]?.arrayValue?.compactMap { $0["user"]?["id"]?.intValue } ?? []
                #expect(Set(users).count == users.count)
                if status == "Planning" { #expect(users.count == crime["slots"]?.arrayValue?.count) }
            }
        }
        let paths = Set(seen.values.map { $0.joined(separator: " ") })
        #expect(
            paths.isSubset(of: [
                "Recruiting Planning Successful", "Recruiting Planning Failure", "Planning Successful",
                "Planning Failure",
                "Recruiting Expired",
            ]))
    }

    @Test func `items have details by category and none among all`() throws {
        let all = try #require(try world.get("/v2/torn/items")["items"]?.arrayValue)
        #expect(all.allSatisfy { $0["details"] == .null })
        let weapons = try #require(try world.get("/v2/torn/items?cat=Weapon")["items"]?.arrayValue)
        #expect(weapons.allSatisfy { $0["details"]?["base_stats"]?["damage"]?.intValue != nil })
        let armour = try #require(try world.get("/v2/torn/items?cat=Armor")["items"]?.arrayValue)
        #expect(armour.allSatisfy { $0["details"]?["coverage"]?.arrayValue?.isEmpty == false })
        var byType = 0
        for type in TornItemType.all {
            let name = type.split(separator: " ").joined(separator: "%20")
            byType += try #require(try world.get("/v2/torn/items?cat=\(name)")["items"]?.arrayValue).count
        }
        #expect(byType == all.count)
        #expect(Set(all.compactMap { $0["id"]?.intValue }).count == all.count)
        let one = try #require(weapons.first?["id"]?.intValue)
        #expect(try world.get("/v2/torn/\(one)/items")["items"]?.arrayValue == [weapons[0]])
    }

    @Test func `errors have status 200 and strike the keys they are meant for`() throws {
        let world = world
        world.inject(code: 2, forKey: "bad")
        world.inject(code: 5, times: 2)
        let codes = try (0..<3).map { _ in try world.get("/v2/torn/timestamp", key: "good")["error"]?["code"]?.intValue
        }
        #expect(codes == [5, 5, nil])
        #expect(try world.get("/v2/torn/timestamp", key: "bad")["error"]?["code"] == 2)
        #expect(world.failure(.rateLimited).status == 200)
        world.clearInjected()
        #expect(try world.get("/v2/torn/timestamp", key: "bad")["timestamp"]?.intValue == Int(wall.now))
    }

    @Test func `the same seed and moment give the same bytes`() throws {
        let paths = ["/v2/faction/crimes", "/v2/faction/members", "/v2/faction/basic", "/v2/faction/balance"]
        for path in paths {
            let (a, b) = (
                try TornGenerator(clock: wall.clock).get(path), try TornGenerator(clock: wall.clock).get(path)
            )
            #expect(a == b)
            #expect(try TornGenerator(seed: 2, clock: wall.clock).get(path) != a)
        }
        let before = try world.get("/v2/faction/members")
        wall.now += 3_600
        #expect(try world.get("/v2/faction/members") != before)
    }
}
