import FreshetCore
import Testing

@testable import FreshetUpstream

@Suite struct LivePassTests {
    private func pass(
        _ bench: Bench, _ method: String = "GET", _ path: String = "/x",
        _ headers: [(name: String, value: String)] = [],
        _ body: String = ""
    ) async -> PassResult {
        await bench.upstream.pass(
            PassRequest(source: bench.source, method: method, path: path, headers: headers, body: Array(body.utf8)),
            permits: bench.permits)
    }

    @Test func `the source's credentials go upstream, the client's never`() async throws {
        for method: AuthConfig.Method in [.bearer, .header("X-Key"), .query("key"), .none] {
            var bench = try Bench(ScriptedTransport(.http(201, "[1]")))
            bench.source.auth.method = method
            let headers: [(name: String, value: String)] = [
                ("Authorization", "Bearer client"), ("Cookie", "client"), ("X-Key", "client"),
                ("Content-Type", "text/x"),
                ("Connection", "X-Hop"), ("X-Hop", "1"), ("TE", "trailers"), ("Host", "me"),
                ("X-Forwarded-For", "10.0.0.1"),
                ("X-Keep", "yes"),
            ]
            guard case .answer(201, _, let body) = await pass(bench, "POST", "/x?key=client&y=1", headers, "data")
            else {
                Issue.record("no answer")
                return
            }
            #expect(body == Array("[1]".utf8))
            let request = try #require(bench.transport.requests.first)
            #expect(request.method == "POST")
            #expect(request.body == Array("data".utf8))
            for name in ["cookie", "connection", "x-hop", "te", "host", "x-forwarded-for"] {
                #expect(request.headers[name] == nil, "\(name)")
            }
            #expect(request.headers["x-keep"] == "yes")
            #expect(request.headers["content-type"] == "text/x")
            let everything = request.url.text + request.headers.fields.map(\.value).joined()
            if method == .query("key") || method == .header("X-Key") {
                #expect(everything.contains("k3y"))
            }
            #expect(request.headers["authorization"] == (method == .bearer ? "Bearer " + Samples.secret : nil))
            if method == .query("key") { #expect(!request.url.text.contains("client")) }
            if method == .header("X-Key") { #expect(request.headers.all("x-key") == [Samples.secret]) }
        }
    }

    @Test func `answers lose what concerns our connection and our session`() async throws {
        let bench = try Bench(
            ScriptedTransport(
                .http(
                    404, #"{"reason":"x"}"#,
                    [
                        "Set-Cookie": "a=b", "Connection": "close, X-Hop", "X-Hop": "1", "Transfer-Encoding": "chunked",
                        "WWW-Authenticate": "Basic", "Alt-Svc": "h3", "Content-Length": "14", "ETag": "\"e\"",
                    ])))
        guard case .answer(404, let headers, let body) = await pass(bench) else {
            Issue.record("no answer")
            return
        }
        #expect(headers.map { $0.name.lowercased() }.sorted() == ["content-type", "etag"])
        #expect(body == Array(#"{"reason":"x"}"#.utf8))
        #expect(bench.permits.finishes.map(\.failure?.effect) == [.notFound])
    }

    @Test(
        arguments: [
            (.http(200, "not json at all"), nil), (.http(204, ""), nil), (.http(401), .parkKey), (.http(429), .wait),
            (.http(503), .maintenance), (.http(302, ""), nil), (.http(200, #"{"error":{"code":5}}"#), .wait),
        ] as [(TransportResult, FailureClass?)])
    func `every answer is passed on while the budget hears what it means`(
        result: TransportResult, effect: FailureClass?
    ) async throws {
        var bench = try Bench(ScriptedTransport(result))
        bench.source.rules = [ErrorRule(path: "$.error.code", equals: ["5"], effect: .wait)]
        guard case .answer(let status, _, _) = await pass(bench, "POST") else {
            Issue.record("no answer")
            return
        }
        #expect(status == result.status)
        #expect(bench.permits.finishes.map(\.failure?.effect) == [effect])
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `redirects of GET are followed, of POST they are the client's`() async throws {
        let get = try Bench(ScriptedTransport(.redirect(to: "/v1/y"), .http(200, "[2]")))
        guard case .answer(200, _, _) = await pass(get) else {
            Issue.record("not followed")
            return
        }
        let post = try Bench(ScriptedTransport(.redirect(307, to: "/v1/y")))
        guard case .answer(307, _, _) = await pass(post, "POST") else {
            Issue.record("followed")
            return
        }
        #expect(post.transport.requests.count == 1)
    }

    @Test(arguments: [
        ("GET", "/../admin", "bad-path"), ("GET", "/a/%2e%2e/b", "bad-path"), ("GET", "x", "bad-path"),
        ("GET", "/a\r\nX: 1", "bad-path"), ("CONNECT", "/", "bad-request"), ("TRACE", "/", "bad-request"),
        ("GET /x", "/", "bad-request"), ("", "/", "bad-request"),
    ])
    func `what must not be sent is refused without a permit`(method: String, path: String, kind: String) async throws {
        let bench = try Bench(ScriptedTransport(.http()))
        guard case .failed(let failure) = await pass(bench, method, path) else {
            Issue.record("sent")
            return
        }
        #expect(failure.kind == kind)
        #expect(bench.permits.acquired == 0)
    }

    @Test func `bodies are bounded both ways, and nothing is tried twice`() async throws {
        var bench = try Bench(ScriptedTransport(.http(200, "0123456789")))
        bench.source.maxBody = 9
        guard case .failed(let large) = await pass(bench) else {
            Issue.record("passed")
            return
        }
        #expect(large.kind == "too-large")
        guard case .failed(let sent) = await pass(bench, "POST", "/x", [], "0123456789") else {
            Issue.record("sent")
            return
        }
        #expect(sent.kind == "too-large")
        #expect(bench.permits.acquired == 1)
        let broken = try Bench(ScriptedTransport(.failed(TransportFailure(.reset, "gone"))))
        guard case .failed = await pass(broken) else {
            Issue.record("passed")
            return
        }
        #expect(broken.transport.requests.count == 1)
    }

    @Test func `an answer that echoes the key is passed on without it`() async throws {
        var bench = try Bench(ScriptedTransport(.http(200, "you sent k3y/with+odd=chars")))
        bench.source.auth.method = .bearer
        guard case .answer(_, _, let body) = await pass(bench) else {
            Issue.record("no answer")
            return
        }
        #expect(String(decoding: body, as: UTF8.self) == "you sent <redacted>")
    }

    @Test func `a range is asked for without compression`() async throws {
        let bench = try Bench(ScriptedTransport(.http(206, "x")))
        _ = await pass(bench, "GET", "/x", [("Range", "bytes=0-1"), ("Accept-Encoding", "br")])
        #expect(bench.transport.requests.first?.headers.all("accept-encoding") == ["identity"])
    }
}
