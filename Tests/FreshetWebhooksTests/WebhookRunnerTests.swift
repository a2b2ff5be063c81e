import FreshetCore
import FreshetMemory
import FreshetTesting
import Testing

@testable import FreshetWebhooks

struct WebhookRunnerTests {
    private let down = WebhookOutcome.failed(reason: "it answered 503", status: 503, retryAfter: nil)

    @Test func `a new endpoint begins behind the newest event and gets what follows, in order`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        try await bench.write("old.one", "old.two")
        let runner = try bench.runner(endpoint)
        #expect(await runner.settle() == WebhookRunner.look)
        try await bench.write("a", "b", "c")
        _ = await runner.settle()
        #expect(endpoint.got.map(\.type) == ["a", "b", "c"])
        #expect(Set(endpoint.got.map(\.id)).count == 3)
        #expect(try await bench.state()?.place.offset == 5)
        #expect(try await bench.state()?.delivered == 3)
    }

    @Test func `another process goes on behind the last message that was accepted`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        _ = await (try bench.runner(endpoint)).settle()
        try await bench.write("a", "b")
        _ = await (try bench.runner(endpoint)).settle()
        try await bench.write("c")
        _ = await (try bench.runner(endpoint)).settle()
        #expect(endpoint.got.map(\.type) == ["a", "b", "c"])
    }

    @Test func `a crash before the place is written sends the message again with the same id`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        _ = await (try bench.runner(endpoint)).settle()
        let before = try await bench.store.value("webhook/orders")
        try await bench.write("a", "b")
        _ = await (try bench.runner(endpoint)).settle()
        try await bench.store.setValue(before, for: "webhook/orders")
        _ = await (try bench.runner(endpoint)).settle()
        #expect(endpoint.got.map(\.type) == ["a", "b", "a", "b"])
        #expect(endpoint.got[0].id == endpoint.got[2].id && endpoint.got[1].id == endpoint.got[3].id)
    }

    @Test func `a message that is not taken holds those behind it and is tried again with the same id`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        endpoint.answer([down, down])
        try await bench.write("a", "b")
        #expect(await runner.settle() == WebhookRunner.look)
        #expect(endpoint.got.map(\.type) == ["a"])
        #expect(try await bench.state()?.phase == .retrying)
        bench.clock.advance(by: .seconds(3))
        _ = await runner.settle()
        #expect(endpoint.got.count == 1, "the first wait is 5 s, give or take a fifth")
        bench.clock.advance(by: .seconds(4))
        _ = await runner.settle()
        bench.clock.advance(by: .seconds(40))
        _ = await runner.settle()
        #expect(endpoint.got.map(\.type) == ["a", "a", "a", "b"])
        #expect(Set(endpoint.got.prefix(3).map(\.id)).count == 1)
        #expect(Set(endpoint.got.prefix(3).map(\.timestamp)).count == 3, "the timestamp is that of the attempt")
        #expect(try await bench.state()?.phase == .active)
    }

    @Test func `Retry-After is honoured`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        endpoint.answer([.failed(reason: "it answered 429", status: 429, retryAfter: .seconds(600))])
        try await bench.write("a")
        _ = await runner.settle()
        bench.clock.advance(by: .seconds(599))
        _ = await runner.settle()
        #expect(endpoint.got.count == 1)
        bench.clock.advance(by: .seconds(2))
        _ = await runner.settle()
        #expect(endpoint.got.count == 2)
    }

    @Test func `hours of failures park it with its place, and one success brings it back`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        endpoint.answer(Array(repeating: down, count: 12))
        try await bench.write("a", "b")
        let began = bench.clock.now()
        while try await bench.state()?.phase != .parked {
            _ = await runner.settle()
            bench.clock.advance(by: .seconds(60))
        }
        #expect(endpoint.got.count == 10)
        #expect((12...20).contains((bench.clock.now() - began).inSeconds / 3600))
        for _ in 0..<200 {
            bench.clock.advance(by: .seconds(60))
            _ = await runner.settle()
        }
        #expect(try await bench.state()?.phase == .active)
        #expect(endpoint.got.map(\.type).suffix(2).contains("webhook.resumed"))
        let told = endpoint.got.map(\.type)
        #expect(told.filter { $0 == "b" }.count == 1 && told.contains("webhook.parked"))
    }

    @Test func `410 disables it until it is resumed or its URL changes`() async throws {
        var bench = Bench()
        let endpoint = FakeEndpoint()
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        endpoint.answer([.gone])
        try await bench.write("a")
        _ = await runner.settle()
        bench.clock.advance(by: .seconds(86_400))
        _ = await runner.settle()
        #expect(endpoint.got.count == 1)
        #expect(try await bench.state()?.phase == .disabled)
        bench.config.url = Secret("https://example.com/other")
        _ = await (try bench.runner(endpoint)).settle()
        #expect(endpoint.got.filter { $0.type == "a" }.count == 2)
        #expect(try await bench.state()?.phase == .active)
    }

    @Test func `what retention has removed is told as a gap, once, with one id`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        endpoint.answer([down, down])
        try await bench.write("a", "b", "c")
        _ = await runner.settle()
        bench.clock.advance(by: .seconds(100))
        try await bench.write("d")
        _ = try await bench.store.removeEvents(before: bench.clock.now(), limit: 2)
        _ = await runner.settle()
        bench.clock.advance(by: .seconds(100))
        _ = await (try bench.runner(endpoint)).settle()
        #expect(endpoint.got.map(\.type) == ["a", "gap", "gap", "c", "d"])
        #expect(endpoint.got[1].id == endpoint.got[2].id)
    }

    @Test func `resume tries at once, and can leave out the event that is not taken`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint()
        let webhooks = Webhooks([bench.config], context: bench.context) { _, _ in endpoint }
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        endpoint.answer([down, down])
        try await bench.write("a", "b")
        _ = await runner.settle()
        var status = try #require(try await webhooks.status().first)
        #expect(status.phase == .retrying && status.behind == 2 && status.attempts == 1)
        #expect(status.url == "https://example.com/…" && status.lastError == "it answered 503")
        _ = try await webhooks.resume("orders", skipping: false)
        _ = await runner.settle()
        #expect(endpoint.got.map(\.type) == ["a", "a"])
        status = try #require(try await webhooks.resume("orders", skipping: true))
        #expect(status.phase == .active)
        _ = await runner.settle()
        #expect(endpoint.got.map(\.type) == ["a", "a", "b"])
        #expect(try await webhooks.resume("none", skipping: false) == nil)
        #expect(await webhooks.test("none") == nil)
        #expect(await webhooks.test("orders")?.isAccepted == true)
        #expect(endpoint.got.last?.type == "webhook.test")
    }

    @Test func `an answer that the store cannot note is not asked for twice`() async throws {
        let bench = Bench()
        let endpoint = FakeEndpoint { [store = bench.store] message in
            if String(decoding: message.body, as: UTF8.self).contains("\"type\":\"a\"") { await store.close() }
        }
        let runner = try bench.runner(endpoint)
        _ = await runner.settle()
        try await bench.write("a")
        for _ in 0..<5 { _ = await runner.step() }
        #expect(endpoint.got.count == 1)
    }

    @Test func `endpoints do not wait for each other`() async throws {
        let bench = Bench()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let slow = FakeEndpoint { _ in for await _ in gate {} }
        let quick = FakeEndpoint()
        var other = bench.config
        other.name = "quick"
        let (rings, ring) = AsyncStream<Void>.makeStream()
        let (done, finish) = AsyncStream<Void>.makeStream()
        let context = WebhookContext(
            store: bench.store, clock: bench.clock, rings: { AsyncStream { $0.yield() } }, ring: {},
            notice: { if case .accepted(let name, _) = $0, name == "quick" { finish.yield() } })
        _ = (rings, ring)
        for name in ["orders", "quick"] {
            let place = EventPlace(epoch: try await bench.store.eventEpoch(), offset: 0)
            try await bench.store.setValue(WebhookState(place: place).bytes, for: "webhook/\(name)")
        }
        try await bench.write("a")
        let webhooks = Webhooks([bench.config, other], context: context) { config, _ in
            config.name == "quick" ? quick : slow
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await webhooks.run() }
            for await _ in done { break }
            #expect(quick.got.map(\.type) == ["a"])
            open.finish()
            group.cancelAll()
        }
    }
}
