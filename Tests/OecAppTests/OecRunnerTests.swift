import Foundation
import FreshetCore
import FreshetMock
import FreshetTesting
import NIOCore
import OecApp
import Testing

@Suite struct `The values in memory` {
    private func body(_ product: String, year: Int = 2023, seed: UInt64 = 1) throws -> [UInt8] {
        let path = OecApp(OecOptions()).datasets.first?.places?("\(product)/\(year)").last
        let reply = OecGenerator(seed: seed).respond(to: MockRequest(target: try #require(path)))
        return Array(reply.body.bytes.readableBytesView)
    }

    @Test func `hold what upstream gave, to the dollar`() async throws {
        let world = try OecWorld()
        try await world.load("52709", body("52709"))
        let runner = try await world.runner()
        let product = try #require(OecCatalogue.product("oil"))
        for (place, country) in OecCatalogue.allCountries.enumerated() {
            let expected = OecGenerator(seed: 1).dollars(product: "52709", country: country.id, year: 2023)
            #expect(runner.matrix.value(product: product, country: place) == expected.map { Int64($0) })
        }
        #expect(runner.matrix.rows[product].origin == .upstream)
        #expect(runner.matrix.origins == [.upstream: 1, .fallback: 131])
    }

    @Test func `follow a new version within a look, and the time of an identical one`() async throws {
        let world = try OecWorld()
        try await world.load("52709", body("52709"))
        let runner = try await world.runner()
        let product = try #require(OecCatalogue.product("oil"))
        let before = runner.matrix
        world.clock.advance(by: .seconds(60))
        try await world.load("52709", body("52709"))
        try await runner.prepare()
        #expect(runner.matrix.values(product: product) == before.values(product: product))
        #expect(runner.matrix.rows[product].updatedAt == world.clock.now())
        try await world.load("52709", body("52709", seed: 2))
        try await runner.prepare()
        #expect(runner.matrix.values(product: product) != before.values(product: product))
    }

    @Test func `are made up where there is nothing, marked, and give way to what is real`() async throws {
        let world = try OecWorld()
        let runner = try await world.runner()
        let product = try #require(OecCatalogue.product("cars"))
        let isFilled = runner.matrix.rows.allSatisfy { $0.isFallback }
        #expect(isFilled)
        #expect(runner.matrix.values(product: product) == TradeModel(seed: 1).values(product: product))
        try await world.load("178703", body("178703"))
        try await runner.prepare()
        #expect(runner.matrix.rows[product].origin == .upstream)
    }

    @Test func `are none where there is nothing and filler is off`() async throws {
        let world = try OecWorld { $0.usesFallback = false }
        let runner = try await world.runner()
        #expect(runner.matrix.origins.isEmpty)
        let health = try await world.ask("GET", "/health", runner)
        #expect(health.reply.status == 503 && health.json?["status"] == "degraded")
        let cars = try await world.ask("GET", "/exports/{product}", runner, ["product": "cars"])
        #expect(cars.reply.status == 503 && cars.reply.type == "application/problem+json")
        #expect(cars.reply.headers.contains { $0.name == "Retry-After" })
    }

    @Test func `a lookup is far below a microsecond`() async throws {
        let runner = try await OecWorld().runner()
        let matrix = runner.matrix
        let clock = ContinuousClock()
        var sum: Int64 = 0
        let took = clock.measure {
            for round in 0..<100_000 { sum &+= matrix.value(product: round % 132, country: round % 48) ?? 0 }
        }
        #expect(sum != 0)
        // A debug build on a busy machine; the optimised one is a hundred times faster.
        #expect(took < .milliseconds(400))
    }
}

@Suite struct `Files of the seed` {
    static let real = """
        {
          "52709": { "sabra": 0.0, "nausa": 92.4, "afdza": 14.141570821, "eudeu": 1e-09 },
          "178703": { "eudeu": 178.531234567, "asjpn": 115.35, "afkor": 1.0 }
        }
        """

    @Test func `move in at the first start and stay as they are`() async throws {
        let world = try OecWorld()
        try world.write(data: Self.real)
        let runner = try await world.runner()
        let oil = try #require(OecCatalogue.product("oil"))
        let row = runner.matrix.rows[oil]
        #expect(row.origin == .import)
        #expect(row.updatedAt == Timestamp(rfc3339: "2025-12-22T10:33:55.641331Z"))
        #expect(row.isStale(at: world.clock.now()) == (world.clock.now() >= (row.freshUntil ?? world.clock.now())))
        func value(_ country: String) throws -> Int64? {
            runner.matrix.value(product: oil, country: try #require(OecCatalogue.country(country)))
        }
        #expect(try value("afdza") == 14_141_570_821)
        #expect(try value("eudeu") == 1)
        #expect(try value("sabra") == 0)
        #expect(try value("aschn") == nil)
        #expect(try world.file("export_data.json") == Self.real)
        // A second start has the store.
        try world.write(data: "{}")
        #expect(try await world.runner().matrix.rows[oil].origin == .import)
    }

    @Test func `whose numbers are filler are marked, and made-up values stand in`() async throws {
        let world = try OecWorld()
        var random = SeededRandom(seed: 3)
        let members = OecCatalogue.allCountries.map { "\"\($0.id)\": \(Double.random(in: 0.1...15, using: &random))" }
        try world.write(data: "{\"2080920\": {\(members.joined(separator: ","))}}")
        let runner = try await world.runner()
        let health = try await world.ask("GET", "/health", runner)
        #expect(health.json?["filler_in_import"] == ["2080920"])
        let cherries = try #require(OecCatalogue.product("cherries"))
        #expect(runner.matrix.rows[cherries].origin == .fallback)
        // Told again after a restart.
        #expect(try await world.ask("GET", "/health", world.runner()).json?["filler_in_import"] == ["2080920"])
    }

    @Test(arguments: ["", "[]", "{\"52709\": 3}", "{\"52709\": {\"sabra\": \"x\"}}", "{\"52709\": {\"sabra\":"])
    func `that cannot be read are left alone and told of`(data: String) async throws {
        let world = try OecWorld()
        try world.write(data: data)
        let runner = try await world.runner()
        let isFilled = runner.matrix.rows.allSatisfy { $0.isFallback }
        #expect(isFilled)
        let remark = try await world.ask("GET", "/health", runner).json?["remark"]?.stringValue ?? ""
        #expect(remark.contains("export_data.json"))
        #expect(try world.file("export_data.json") == data)
    }

    @Test func `every recorded value moves in unchanged, and only one product is filler`() async throws {
        guard let text = Recordings.file else { return }
        let world = try OecWorld()
        try world.write(data: text)
        let runner = try await world.runner()
        let recorded = try MockJSON(parsing: text.utf8)
        guard case .object(let products) = recorded else { return }
        var count = 0
        for product in products where product.name != "2080920" {
            let place = try #require(OecCatalogue.product(product.name))
            #expect(runner.matrix.rows[place].origin == .import)
            let answer = try await world.ask("GET", "/exports/{product}", runner, ["product": product.name])
            // The texts themselves: what the seed wrote is what is served.
            let isSame = answer.json?["exports"].map(Self.sorted) == Self.sorted(product.value)
            #expect(isSame, "\(product.name)")
            count += 1
        }
        #expect(count == 87)
        #expect(runner.matrix.origins == [.import: 87, .fallback: 45])
    }

    private static func sorted(_ json: MockJSON) -> [String] {
        guard case .object(let members) = json else { return [] }
        return members.map { "\($0.name)=\($0.value.text)" }.sorted()
    }

    @Test func `are written once upstream has answered, in the seed's shape`() async throws {
        let world = try OecWorld()
        try world.write(data: Self.real)
        let runner = try await world.runner()
        let path = try #require(OecApp(world.options).datasets.first?.places?("178703/2023").first)
        let reply = OecGenerator(seed: 1).respond(to: MockRequest(target: path))
        try await world.load("178703", Array(reply.body.bytes.readableBytesView))
        let running = Task { await runner.run() }
        defer { running.cancel() }
        // The values and the games each have a clock.
        await world.clock.waitForSleepers(2)
        for _ in 0..<4 {
            world.clock.advance(by: .seconds(1))
            await world.clock.waitForSleepers(2)
        }
        let written = try MockJSON(parsing: world.file("export_data.json").utf8)
        guard case .object(let members) = written else { return }
        #expect(members.map(\.name) == ["178703", "52709"])
        #expect(written["52709"]?["afdza"] == .number("14.141570821"))
        let expected = OecGenerator(seed: 1).dollars(product: "178703", country: "eudeu", year: 2023)
        #expect(written["178703"]?["eudeu"] == expected.map { .number(Dollars.billions(Int64($0))) })
        let metadata = try MockJSON(parsing: world.file("metadata.json").utf8)
        #expect(metadata["product_count"] == 2 && metadata["cache_hours"] == 24 && metadata["version"] == "1.0")
        // What is written is as old as its oldest part.
        #expect(metadata["last_updated"]?.stringValue?.hasPrefix("2025-12-22T10:33:55.641331") == true)
        // And comes back.
        let again = try OecWorld()
        try again.write(data: world.file("export_data.json"))
        #expect(try await again.runner().matrix.origins[.import] == 2)
    }
}
