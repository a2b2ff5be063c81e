import FreshetCore
import Testing

@testable import FreshetUpstream

@Suite struct AuthTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ])
    func `base64 follows RFC 4648`(text: String, expected: String) {
        #expect(Base64.encode(Array(text.utf8)) == expected)
    }

    @Test func `each method puts the key where it belongs, over what stood there`() throws {
        let url = try #require(HTTPURL("https://h/a?key=old&x=1"))
        let original = TransportRequest(url: url, headers: ["authorization": "old", "X-Key": "old"])
        func applied(_ method: AuthConfig.Method) -> TransportRequest {
            var request = original
            CredentialForm(method: method).apply(Secret("u:p"), to: &request)
            return request
        }
        #expect(applied(.bearer).headers.all("Authorization") == ["Bearer u:p"])
        #expect(applied(.basic).headers.all("Authorization") == ["Basic dTpw"])
        #expect(applied(.header("x-key")).headers.all("X-Key") == ["u:p"])
        #expect(applied(.query("key")).url.text == "https://h/a?x=1&key=u%3Ap")
        #expect(applied(.none).url.text == url.text)
        var stripped = original
        CredentialForm(method: .query("key")).strip(&stripped)
        CredentialForm(method: .header("X-Key")).strip(&stripped)
        #expect(stripped.url.text == "https://h/a?x=1")
        #expect(stripped.headers["x-key"] == nil)
    }

    @Test func `secrets are taken out in every form they are echoed in`() {
        let scrubber = SecretScrubber([Secret("pass/word=1")])
        let body = #"{"a":"pass/word=1","b":"x?k=pass%2Fword%3D1","c":"pass\/word=1","d":"pass/word=2"}"#
        let clean = #"{"a":"<redacted>","b":"x?k=<redacted>","c":"<redacted>","d":"pass/word=2"}"#
        #expect(String(decoding: scrubber.scrub(Array(body.utf8)), as: UTF8.self) == clean)
        #expect(scrubber.scrub("pass/word=1pass/word=1") == "<redacted><redacted>")
    }

    @Test func `a key behind its scheme is taken out when it is echoed alone`() {
        let credential = Credential(id: "k", secret: Secret("ApiKey AAAABBBBCCCCDDDD"))
        let scrubber = SecretScrubber(SecretScrubber.parts(of: credential, method: .header("Authorization")))
        #expect(scrubber.scrub("no such key: AAAABBBBCCCCDDDD") == "no such key: <redacted>")
        #expect(scrubber.scrub("was ApiKey AAAABBBBCCCCDDDD") == "was <redacted>")
    }

    @Test func `short secrets are left in bodies and taken out of messages`() {
        let scrubber = SecretScrubber([Secret("live"), Secret("abc"), Secret("")])
        #expect(scrubber.scrub(Array("alive".utf8)) == Array("alive".utf8))
        #expect(scrubber.scrub("alive abc") == "a<redacted> abc")
    }

    @Test func `a secret across the end of a body is no secret`() {
        let scrubber = SecretScrubber([Secret("12345678")])
        for body in ["1234567", "", "x1234567", "123456781234567"] {
            let expected = body == "123456781234567" ? "<redacted>1234567" : body
            #expect(String(decoding: scrubber.scrub(Array(body.utf8)), as: UTF8.self) == expected)
        }
    }
}

@Suite struct TokenGrantTests {
    private let clock = HandClock()

    @Test func `the grant follows RFC 6749`() throws {
        let url = try #require(HTTPURL("https://auth.test/token"))
        let request = try #require(
            TokenGrant.request(to: url, scope: "read write", key: Secret("i d:s:x"), userAgent: "t"))
        #expect(request.method == "POST")
        #expect(String(decoding: request.body, as: UTF8.self) == "grant_type=client_credentials&scope=read%20write")
        #expect(request.headers["authorization"] == "Basic " + Base64.encode(Array("i%20d:s%3Ax".utf8)))
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
        #expect(TokenGrant.request(to: url, scope: nil, key: Secret("no-colon"), userAgent: "t") == nil)
    }

    @Test(arguments: [
        (#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#, 3540.0),
        (#"{"access_token":"t","expires_in":"100"}"#, 90), (#"{"access_token":"t"}"#, 540),
        (#"{"access_token":"t","expires_in":-5}"#, 0),
    ])
    func `a token counts until shortly before its end`(body: String, seconds: Double) throws {
        guard case .token(let token) = TokenGrant.read(.http(200, body), clock: clock) else {
            Issue.record("no token")
            return
        }
        #expect(token.value.reveal() == "t")
        #expect(token.usableUntil == .seconds(seconds))
    }

    @Test(
        arguments: [
            (.http(401, #"{"error":"invalid_client"}"#), FailureClass.disableKey, "token-refused"),
            (.http(400, #"{"error":"unauthorized_client"}"#), .disableKey, "token-refused"),
            (.http(400, #"{"error":"invalid_scope"}"#), .parkKey, "token-400"),
            (.http(401, "<html>"), .disableKey, "token-refused"),
            (.http(429, "{}", ["Retry-After": "5"]), .parkKey, "token-429"), (.http(503, "{}"), .retry, "token-503"),
            (.http(302, "{}"), .parkKey, "token-302"), (.http(200, "{}"), .parkKey, "token-unusable"),
            (.http(200, #"{"access_token":"t","token_type":"mac"}"#), .parkKey, "token-unusable"),
            (.failed(TransportFailure(.timeout, "late")), .retry, "token-timeout"),
        ] as [(TransportResult, FailureClass, String)])
    func `a refusal becomes a failure of its class`(result: TransportResult, effect: FailureClass, kind: String) {
        guard case .failed(let failure) = TokenGrant.read(result, clock: clock) else {
            Issue.record("a token out of nothing")
            return
        }
        #expect(failure.effect == effect)
        #expect(failure.kind == kind)
    }
}

@Suite struct TokenCacheTests {
    private let name = TokenCache.Name(source: "s", tokenURL: "u", scope: nil, key: Secret("a:b"))

    private func token(_ value: String, until seconds: Int) -> TokenGrant.Reading {
        .token(TokenGrant.Token(value: Secret(value), usableUntil: .seconds(seconds)))
    }

    @Test func `many callers cause one fetch`() async {
        let cache = TokenCache()
        let fetches = Counter()
        let gate = Gate()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    _ = await cache.token(for: name, now: .zero) {
                        fetches.add()
                        await gate.wait()
                        return token("t", until: 10)
                    }
                }
            }
            gate.open()
        }
        #expect(fetches.value == 1)
    }

    @Test func `a token is used until its end, then fetched again`() async {
        let cache = TokenCache()
        var seen: [String] = []
        for (now, value) in [(0, "a"), (9, "b"), (10, "c")] {
            let answer = await cache.token(for: name, now: .seconds(now)) { token(value, until: now + 10) }
            if case .token(let issue) = answer { seen.append(issue.token.value.reveal() + (issue.isNew ? " new" : "")) }
        }
        #expect(seen == ["a new", "a", "c new"])
    }

    @Test func `failures are not remembered, and a refused token is forgotten only while it is current`() async {
        let cache = TokenCache()
        let failure = CallFailure(effect: .retry, kind: "x", message: "x")
        guard case .failed = await cache.token(for: name, now: .zero, fetch: { .failed(failure) }) else {
            Issue.record("no failure")
            return
        }
        _ = await cache.token(for: name, now: .zero) { token("t1", until: 10) }
        await cache.forget(name, Secret("older"))
        guard case .token(let kept) = await cache.token(for: name, now: .zero, fetch: { token("t2", until: 10) }) else {
            return
        }
        #expect(kept.token.value.reveal() == "t1")
        await cache.forget(name, Secret("t1"))
        guard case .token(let fresh) = await cache.token(for: name, now: .zero, fetch: { token("t2", until: 10) })
        else { return }
        #expect(fresh.token.value.reveal() == "t2")
    }
}
