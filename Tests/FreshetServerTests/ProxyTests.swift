import FreshetCore
import FreshetTesting
import Synchronization
import Testing

@Suite struct ProxyTests {
    private let path = "/proxy/clash/clans/%23UV0YR2Q8"

    @Test func `a mirrored path answers as the upstream would`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "{}")
            for _ in 0..<2 {
                let answer = try await world.get(path, ["authorization: Bearer client-secret"])
                #expect(answer.status == 200 && answer.text == "{}" && answer["Cache-Control"] == "max-age=590")
            }
            #expect(world.mirror.script.withLock { $0.passes }.isEmpty)
        }
    }

    @Test func `a cold key waits for its refresh`() async throws {
        try await World.run { (world: World) async throws in
            let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "UV0YR2Q8")
            let document = World.document(id, body: "[7]", at: world.clock.now())
            world.mirror.script.withLock { $0.attempt = document }
            #expect(try await world.get(path).text == "[7]")
            #expect(world.mirror.script.withLock { $0.refreshes }.map(\.priority) == [.critical])
        }
    }

    @Test func `a cold key whose first try fails waits for the next`() async throws {
        try await World.run { (world: World) async throws in
            let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "UV0YR2Q8")
            let now = world.clock.now()
            let document = World.document(id, body: "[7]", at: now)
            world.mirror.script.withLock { ($0.attempt, $0.failures, $0.nextTry) = (document, 2, now + .seconds(1)) }
            #expect(try await world.get(path).text == "[7]")
            #expect(world.mirror.script.withLock { $0.waits }.count == 3)
        }
    }

    @Test(arguments: [nil, Duration.seconds(11)])
    func `a cold key that is not tried again in time waits no longer`(next: Duration?) async throws {
        try await World.run { (world: World) async throws in
            let (began, now) = (world.clock.monotonic(), world.clock.now())
            world.mirror.script.withLock { ($0.failures, $0.nextTry) = (1, next.map { now + $0 }) }
            let answer = try await world.get(path)
            #expect(answer.status == 503 && answer.text.contains("/v1/why/clash/clan/UV0YR2Q8 says why"))
            #expect(world.clock.monotonic() == began)
        }
    }

    @Test func `a cold key that does not come in time gives a plain 503`() async throws {
        try await World.run { (world: World) async throws in
            let began = world.clock.monotonic()
            let answer = try await world.get(path)
            #expect(answer.status == 503 && answer["Retry-After"] == "5")
            #expect(answer["Content-Type"] == "application/json" && answer.text.hasPrefix(#"{"reason":"unavailable""#))
            #expect(world.clock.monotonic() - began == .seconds(10))
        }
    }

    @Test func `an upstream 404 is a plain 404`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "", version: 0) { $0.presence = .missing }
            let answer = try await world.get(path)
            #expect(answer.status == 404 && answer.text.hasPrefix(#"{"reason":"notFound""#))
            #expect(try await world.get("/proxy/clash/clans/!").status == 404)
            #expect(world.mirror.script.withLock { $0.passes }.isEmpty)
        }
    }

    @Test func `queries that a dataset declares are mirrored, others pass`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("cats", dataset: "search", body: "[\"cat\"]")
            for _ in 0..<2 { #expect(try await world.get("/proxy/clash/search?q=cats").text == "[\"cat\"]") }
            #expect(try await world.get("/proxy/clash/search?q=cats&page=2").status == 200)
            #expect(world.mirror.script.withLock { $0.passes }.map(\.path) == ["/search?q=cats&page=2"])
        }
    }

    @Test func `what passes live loses credentials and hop-by-hop fields both ways`() async throws {
        try await World.run { (world: World) async throws in
            world.mirror.script.withLock {
                $0.passResult = .answer(
                    status: 201,
                    headers: [
                        ("Content-Type", "text/plain"), ("Set-Cookie", "a=b"), ("Connection", "x"), ("X-Good", "1"),
                    ],
                    body: Array("made".utf8))
            }
            let answer = try await world.get(
                "/proxy/clash/verify/x?y=%20z",
                ["Authorization: Bearer s3cret", "Cookie: c=s3cret", "X-Custom: kept", "Content-Type: text/plain"],
                method: "POST", body: "hello")
            #expect(answer.status == 201 && answer.text == "made" && answer["X-Good"] == "1")
            #expect(answer["Set-Cookie"] == nil)
            let pass = world.mirror.script.withLock { $0.passes }.first
            #expect(pass?.method == "POST" && pass?.path == "/verify/x?y=%20z" && pass?.body == Array("hello".utf8))
            #expect(pass?.headers.map(\.name).sorted() == ["Content-Type", "X-Custom"])
        }
    }

    @Test func `a key in the query is the client's secret, too`() async throws {
        try await World.run(configure: { configuration in
            configuration.sources[0].auth.method = .query("key")
        }) { (world: World) async throws in
            _ = try await world.get("/proxy/clash/other?key=s3cret&a=1&%6bey=s3cret")
            #expect(world.mirror.script.withLock { $0.passes }.map(\.path) == ["/other?a=1"])
        }
    }

    @Test func `failures and denials of a pass keep the shape`() async throws {
        try await World.run { (world: World) async throws in
            world.mirror.script.withLock {
                $0.passResult = .failed(CallFailure(effect: .retry, kind: "timeout", message: "too slow"))
            }
            #expect(try await world.get("/proxy/clash/other").status == 504)
            let until = world.clock.monotonic() + .seconds(7)
            world.mirror.script.withLock {
                $0.passResult = .denied(PermitDenied(kind: "quota", message: "used up", until: until))
            }
            let denied = try await world.get("/proxy/clash/other")
            #expect(denied.status == 503 && denied["Retry-After"] == "7")
        }
    }

    @Test func `a body that is too long is refused`() async throws {
        try await World.run(configure: { $0.sources[0].maxBody = 10 }) { (world: World) async throws in
            let answer = try await world.get("/proxy/clash/other", method: "POST", body: "12345678901")
            #expect(answer.status == 413)
        }
    }
}
