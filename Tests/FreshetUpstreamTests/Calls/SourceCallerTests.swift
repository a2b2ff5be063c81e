import FreshetCore
import Testing

@testable import FreshetUpstream

@Suite struct SourceCallerTests {
    @Test func `a redirect inside the source is a call of its own`() async throws {
        var bench = try Bench(ScriptedTransport(.redirect(to: "/v1/moved"), .http(200, "[1]")))
        bench.source.auth.method = .query("key")
        #expect(await bench.fetch().text == "[1]")
        #expect(bench.permits.acquired == 2)
        #expect(bench.permits.heads == [302, 200])
        #expect(bench.permits.outcomes == ["ok", "ok"])
        #expect(bench.transport.urls.allSatisfy { $0.contains("key=k3y") })
    }

    @Test func `a redirect to another host loses every credential and rides on its permit`() async throws {
        let target = "https://cdn.test/d?key=k3y%2Fwith%2Bodd%3Dchars&v=2"
        for method: AuthConfig.Method in [.bearer, .query("key"), .header("X-Key"), .basic] {
            var bench = try Bench(ScriptedTransport(.redirect(to: target), .http(200, "[1]")))
            bench.source.auth.method = method
            bench.source.headers = [("cookie", "session=1"), ("x-app", "secret")]
            #expect(await bench.fetch(validators: Validators(etag: "\"e\"")).text == "[1]")
            let foreign = try #require(bench.transport.requests.last)
            #expect(foreign.url.host == "cdn.test")
            for name in ["authorization", "x-key", "cookie", "x-app"] { #expect(foreign.headers[name] == nil) }
            #expect(foreign.headers["if-none-match"] == "\"e\"")
            if method == .query("key") { #expect(foreign.url.text == "https://cdn.test/d?v=2") }
            #expect(bench.permits.acquired == 1)
            #expect(bench.permits.heads == [302])
            #expect(bench.permits.outcomes == ["ok"])
        }
    }

    @Test(arguments: [
        (401, FailureClass.retry), (403, .retry), (429, .retry), (503, .retry), (404, .notFound), (400, .permanent),
    ])
    func `another host cannot park our keys`(status: Int, effect: FailureClass) async throws {
        var bench = try Bench(ScriptedTransport(.redirect(to: "https://cdn.test/d"), .http(status)))
        bench.source.rules = [ErrorRule(statuses: [403], effect: .disableKey)]
        #expect(await bench.fetch().failure?.effect == effect)
        #expect(bench.permits.finishes.map(\.failure?.effect) == [effect])
    }

    @Test func `coming back from another host brings no credentials back`() async throws {
        var bench = try Bench(
            ScriptedTransport(
                .redirect(to: "https://evil.test/"), .redirect(to: "https://api.test/v1/x"), .http(200, "[1]")))
        bench.source.auth.method = .bearer
        #expect(await bench.fetch().text == "[1]")
        #expect(bench.transport.requests.map { $0.headers["authorization"] != nil } == [true, false, false])
        #expect(bench.permits.acquired == 2)
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `redirect troubles are failures, and every permit is finished`() async throws {
        let cases: [(TransportResult, String, Int)] = [
            (.redirect(to: "/v1/items/7"), "redirect-loop", 1), (.redirect(to: "ftp://x/"), "bad-redirect", 1),
            (.http(302), "bad-redirect", 1), (.http(305), "upstream-305", 1),
        ]
        for (result, kind, permits) in cases {
            let bench = try Bench(ScriptedTransport(result))
            #expect(await bench.fetch().word == kind)
            #expect(bench.permits.acquired == permits)
            #expect(bench.permits.misuse.isEmpty)
        }
        let endless = try Bench(ScriptedTransport { _, index in .redirect(to: "/v1/\(index)") })
        #expect(await endless.fetch().word == "too-many-redirects")
        #expect(endless.permits.acquired == 4)
        #expect(endless.permits.outcomes == ["ok", "ok", "ok", "too-many-redirects"])
    }

    @Test func `a rule may say what a redirect means`() async throws {
        var bench = try Bench(ScriptedTransport(.redirect(to: "/v1/login")))
        bench.source.rules = [ErrorRule(statuses: [302], effect: .disableKey)]
        #expect(await bench.fetch().failure?.effect == .disableKey)
        #expect(bench.permits.acquired == 1)
    }

    @Test func `permits may run out between redirects`() async throws {
        var bench = try Bench(ScriptedTransport(.redirect(to: "/v1/moved"), .http()))
        bench.permits = CheckedPermits(limit: 1)
        #expect(await bench.fetch().word == "denied")
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `a call ends at its deadline: without a head it timed out`() async throws {
        let clock = HandClock()
        let transport = ScriptedTransport { _, _ in
            clock.advance(by: .seconds(31))
            try? await HandClock().sleep(for: .seconds(1))  // nobody moves that clock: only cancelling ends it
            return .failed(TransportFailure(.cancelled, "cancelled"))
        }
        var bench = try Bench(transport)
        bench.clock = clock
        let upstream = HTTPUpstream(clock: clock, userAgent: "t", transport: transport)
        let result = await upstream.fetch(
            FetchRequest(source: bench.source, dataset: bench.dataset, key: "7"), permits: bench.permits)
        #expect(result.word == "timeout")
        #expect(result.failure?.effect == .retry)
        #expect(bench.permits.outcomes == ["timeout"])
    }

    @Test func `a cancelled refresh finishes its permit`() async throws {
        let started = Gate()
        let transport = ScriptedTransport { _, _ in
            started.open()
            try? await HandClock().sleep(for: .seconds(1))  // nobody moves that clock: only cancelling ends it
            return .failed(TransportFailure(.cancelled, "the call was cancelled"))
        }
        let bench = try Bench(transport)
        let task = Task { await bench.fetch() }
        await started.wait()
        task.cancel()
        #expect(await task.value.word == "cancelled")
        #expect(bench.permits.outcomes == ["cancelled"])
        #expect(bench.permits.misuse.isEmpty)
    }
}

@Suite struct OAuthCallTests {
    private static let tokens = "https://auth.test/token"
    private let client = Credential(id: "c", secret: Secret("my-client:my-client-secret"))

    private func bench(_ script: @escaping ScriptedTransport.Script) throws -> Bench {
        var bench = try Bench(ScriptedTransport(script))
        bench.source.auth.method = .oauth2(tokenURL: OAuthCallTests.tokens, scope: "read")
        bench.permits = CheckedPermits([client])
        return bench
    }

    private static func token(_ value: String, lifetime: Int = 1_000) -> TransportResult {
        .http(200, #"{"access_token":"\#(value)","expires_in":\#(lifetime)}"#)
    }

    @Test func `a token is fetched once and used until it ends`() async throws {
        let count = Counter()
        let bench = try bench { request, _ in
            guard request.url.text == OAuthCallTests.tokens else { return .http(200, "[]") }
            count.add()
            return OAuthCallTests.token("token-number-\(count.value)")
        }
        for _ in 0..<3 { #expect(await bench.fetch().word == "content") }
        bench.clock.advance(by: .seconds(941))
        #expect(await bench.fetch().word == "content")
        #expect(count.value == 2)
        #expect(bench.permits.acquired == 4)
        #expect(bench.transport.requests.last?.headers["authorization"] == "Bearer token-number-2")
    }

    @Test func `a refused token is replaced once`() async throws {
        let count = Counter()
        let bench = try bench { request, _ in
            if request.url.text == OAuthCallTests.tokens {
                count.add()
                return OAuthCallTests.token("token-number-\(count.value)")
            }
            return request.headers["authorization"] == "Bearer token-number-2" || count.value == 0
                ? .http(200, "[]") : .http(401, #"{"message":"expired token-number-1"}"#)
        }
        // The first token is new, so that a refusal says something of the key and not of the token's age.
        let refused = try #require(await bench.fetch().failure)
        #expect(refused.effect == .parkKey)
        #expect(!refused.message.contains("token-number"))
        #expect(count.value == 1)
        // By now it is an old one.
        #expect(await bench.fetch().word == "content")
        #expect(count.value == 2)
        #expect(bench.permits.outcomes == ["upstream-401", "ok", "ok"])
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `a token that is refused again parks the key`() async throws {
        let count = Counter()
        let bench = try bench { request, _ in
            if request.url.text == OAuthCallTests.tokens { return OAuthCallTests.token("token-abcdefgh") }
            count.add()
            return count.value == 1 ? .http(200, "[]") : .http(401)
        }
        #expect(await bench.fetch().word == "content")
        #expect(await bench.fetch().failure?.effect == .parkKey)
        #expect(bench.permits.outcomes == ["ok", "ok", "upstream-401"])
    }

    @Test func `a token endpoint that refuses disables the key without a data call`() async throws {
        let bench = try bench { _, _ in
            .http(401, #"{"error":"invalid_client","error_description":"my-client-secret"}"#)
        }
        let failure = try #require(await bench.fetch().failure)
        #expect(failure.effect == .disableKey)
        #expect(failure.kind == "token-refused")
        #expect(!failure.message.contains("my-client-secret"))
        #expect(bench.transport.urls == [OAuthCallTests.tokens])
        #expect(bench.permits.outcomes == ["token-refused"])
        #expect(bench.permits.heads.isEmpty)
    }

    @Test func `a key that is no pair cannot fetch a token`() async throws {
        var bench = try bench { _, _ in .http() }
        bench.permits = CheckedPermits([Credential(id: "x", secret: Secret("nocolon"))])
        #expect(await bench.fetch().word == "token-configuration")
        #expect(bench.transport.requests.isEmpty)
    }
}
