import FreshetCore
import FreshetMemory
import FreshetMock
import FreshetTesting
import NIOCore
import OecApp
import Testing

@Suite struct `Routes of the OEC app` {
    @Test(arguments: AppContract.all)
    func `the app keeps the contract`(check: AppContract.Check) throws {
        try check.run(OecApp(OecOptions()))
        var other = OecOptions()
        (other.history, other.cubes, other.year) = ([2019, 2020], ["trade_i_baci_a_92"], 2021)
        try check.run(OecApp(other))
    }

    @Test func `health has the seed's figures and what it did not tell`() async throws {
        let world = try OecWorld()
        let health = try await world.ask("GET", "/health", world.runner())
        #expect(health.reply.status == 200)
        for name in [
            "products_cached", "last_updated", "cache_age_hours", "cache_valid", "cache_expires_in_hours",
            "data_file_exists", "data_file_size_kb",
        ] { #expect(health.json?["data_cache"]?[name] != nil, "\(name)") }
        #expect(health.json?["status"] == "degraded" && health.json?["is_fallback"] == true)
        #expect(health.json?["origins"]?["fallback"] == 132)
        #expect(health.json?["data_cache"]?["products_cached"] == 0)
        #expect(health.json?["data_cache"]?["cache_valid"] == false)
    }

    @Test func `the test of the upstream tells the truth`() async throws {
        var world = try OecWorld()
        let down = try await world.ask("GET", "/test-oec", world.runner())
        #expect(down.reply.status == 200 && down.json?["status"] == "error")
        #expect(down.json?["message"]?.stringValue?.contains("made-up") == true)
        let doctor = try await world.ask("GET", "/doctor", world.runner())
        #expect(doctor.json?["status"] == "fail")

        world = try OecWorld()
        let generator = OecGenerator(seed: 1)
        var services = world.services
        services.pass = { request, _ in
            let reply = generator.respond(to: MockRequest(target: request.path))
            return .answer(status: reply.status, headers: [], body: Array(reply.body.bytes.readableBytesView))
        }
        let runner = OecRunner(options: world.options, services: services)
        try await runner.prepare()
        let answer = try await world.ask("GET", "/test-oec", runner)
        // Upstream works, but what is served is still made up.
        #expect(answer.json?["status"] == "error")
        #expect(answer.json?["sample_data"]?["top_exporters"]?.arrayValue?.count == 5)
        for product in OecCatalogue.allProducts {
            let path = OecApp(world.options).datasets[0].places?("\(product.id)/2023") ?? []
            let reply = generator.respond(to: MockRequest(target: product.id == "2080920" ? path[1] : path[0]))
            try await world.load(product.id, Array(reply.body.bytes.readableBytesView))
        }
        try await runner.prepare()
        world.clock.advance(by: .seconds(11))
        let good = try await world.ask("GET", "/test-oec", runner)
        #expect(good.json?["status"] == "success" && good.json?["message"] == "OEC API is working")
        #expect(try await world.ask("GET", "/doctor", runner).json?["status"] == "pass")
    }

    @Test func `a value is told with its origin and age`() async throws {
        let world = try OecWorld()
        try world.write(data: `Files of the seed`.real)
        let runner = try await world.runner()
        world.clock.advance(by: .seconds(10 * 86_400))
        let one = try await world.ask(
            "GET", "/exports/{product}/{country}", runner, ["product": "oil", "country": "dz"])
        #expect(one.json?["usd"] == .int(14_141_570_821) && one.json?["billions"] == .number("14.141570821"))
        #expect(one.json?["origin"] == "import" && one.json?["is_stale"] == true)
        let none = try await world.ask(
            "GET", "/exports/{product}/{country}", runner, ["product": "oil", "country": "CN"])
        #expect(none.json?["usd"] == .null && none.json?["billions"] == .number("0.0"))
        let made = try await world.ask("GET", "/exports/{product}", runner, ["product": "cheese"])
        #expect(made.json?["origin"] == "fallback" && made.json?["last_updated"] == .null)
        for captures in [["product": "x", "country": "CN"], ["product": "oil", "country": "XX"]] {
            #expect(try await world.ask("GET", "/exports/{product}/{country}", runner, captures).reply.status == 404)
        }
    }

    @Test func `upstream is asked as it wants to be, then elsewhere`() throws {
        let dataset = try #require(OecApp(OecOptions()).datasets.first)
        let oil = dataset.places?("52709/2023") ?? []
        #expect(oil.count == 3)
        #expect(
            oil[0].hasPrefix(
                "/tesseract/data.jsonrecords?cube=trade_i_baci_a_22&locale=en&drilldowns=HS4,Exporter+Country,Year"
                    + "&measures=Trade+Value&include=HS4:52709;Exporter+Country:aschn,nausa,eudeu,"))
        #expect(oil[0].hasSuffix(",afegy;Year:2023") && oil[1].contains("cube=trade_i_baci_a_96&"))
        let cherries = dataset.places?("2080920/2022") ?? []
        #expect(cherries.count == 4 && cherries[0].contains("include=HS6:2080920;"))
        #expect(cherries[3].contains("drilldowns=HS4,") && cherries[3].contains("include=HS4:20809;"))
        #expect(dataset.places?("x/2023") == [])
        #expect(
            dataset.key(forUpstreamPath: "/tesseract/data.jsonrecords", query: oil[0].split(separator: "?").last)
                == "52709/2023")
    }

    @Test func `a refresh by hand queues every product and says how far it came`() async throws {
        let world = try OecWorld()
        let answer = try await world.ask(
            "POST", "/admin/refresh-data", world.runner(), parameters: [(name: "wait", value: "0")])
        #expect(answer.reply.status == 202 && answer.json?["status"] == "pending")
        #expect(try await world.store.depth(source: "oec").total(.ready) == 132)
        let bad = try await world.ask(
            "POST", "/admin/refresh-data", world.runner(), parameters: [(name: "wait", value: "soon")])
        #expect(bad.reply.status == 400)
    }
}
