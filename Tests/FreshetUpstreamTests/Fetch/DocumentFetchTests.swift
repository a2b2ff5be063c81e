import FreshetCore
import FreshetDocument
import Testing

@testable import FreshetUpstream

@Suite struct DocumentFetchTests {
    @Test func `a good document comes with its exact bytes, hashes and validators`() async throws {
        let body = #" {"b":1.0,"a":12345678901234567890,"c":1e-09} "#
        let headers: HeaderFields = [
            "ETag": "W/\"x\"", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT", "Cache-Control": "max-age=900",
            "Content-Type": "application/json; charset=utf-8",
        ]
        var bench = try Bench(ScriptedTransport(.http(200, body, headers)))
        bench.dataset.ignoreChanges = ["$.c"]
        let content = try #require(await bench.fetch("a/b c").content)
        #expect(content.body == Array(body.utf8))
        let twin = try JSONTape(text: #"{"a":12345678901234567890,"b":1.0}"#)
        #expect(content.contentHash == Fingerprint(of: twin.root).sixteenBytes)
        #expect(content.bodyHash == Fingerprint(ofBytes: Array(body.utf8)).sixteenBytes)
        #expect(content.contentHash.count == 16)
        #expect(content.validators == Validators(etag: "W/\"x\"", lastModified: "Sun, 06 Nov 1994 08:49:37 GMT"))
        #expect(content.freshFor == .seconds(900))
        #expect(content.contentType == "application/json; charset=utf-8")
        #expect(bench.permits.outcomes == ["ok"])
        #expect(bench.permits.heads == [200])
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `the request says who we are and what we take`() async throws {
        var bench = try Bench(ScriptedTransport(.http()))
        bench.source.headers = [("x-api-version", "3"), ("accept", "application/vnd.x+json")]
        bench.source.auth.method = .bearer
        _ = await bench.fetch("%23UV")
        let request = try #require(bench.transport.requests.first)
        #expect(request.method == "GET")
        #expect(request.url.text == "https://api.test/v1/items/%23UV")
        #expect(request.headers["user-agent"] == "freshet/test")
        #expect(request.headers.all("accept") == ["application/vnd.x+json"])
        #expect(request.headers["accept-encoding"] == "gzip, deflate")
        #expect(request.headers["x-api-version"] == "3")
        #expect(request.headers["authorization"] == "Bearer " + Samples.secret)
        #expect(request.headers["if-none-match"] == nil)
    }

    @Test func `a kept document is asked for conditionally, and 304 confirms it`() async throws {
        let bench = try Bench(ScriptedTransport(.http(304, "", ["ETag": "\"n\"", "Cache-Control": "max-age=1200"])))
        let result = await bench.fetch(validators: Validators(etag: "\"o\"", lastModified: "yesterday"))
        guard case .notModified(let validators, let freshFor) = result else {
            Issue.record("not a 304: \(result.word)")
            return
        }
        #expect(validators.etag == "\"n\"")
        #expect(freshFor == .seconds(1_200))
        let request = try #require(bench.transport.requests.first)
        #expect(request.headers["if-none-match"] == "\"o\"")
        #expect(request.headers["if-modified-since"] == "yesterday")
        #expect(bench.permits.outcomes == ["ok"])
    }

    @Test func `a 304 that nobody asked for is a failure`() async throws {
        let bench = try Bench(ScriptedTransport(.http(304, "")))
        #expect(await bench.fetch().word == "unexpected-304")
    }

    @Test(
        arguments: [
            (.http(200, ""), "empty", FailureClass.retry), (.http(200, " \n"), "empty", .retry),
            (.http(204, ""), "empty", .retry),
            (.http(200, "null"), "null", .retry), (.http(200, "<!DOCTYPE html><html></html>"), "html", .retry),
            (.http(200, "<html><body>Sorry</body>", ["Content-Type": "text/html"]), "html", .retry),
            (.http(200, "{}", ["Content-Type": "text/html"]), "wrong-content-type", .retry),
            (.http(200, "{}", ["Content-Type": "image/png"]), "wrong-content-type", .retry),
            (.http(200, "<a/>", ["Content-Type": "application/xml"]), "wrong-content-type", .retry),
            (.http(200, #"{"a":[1,2"#), "truncated", .retry), (.http(206, "{}"), "truncated", .retry),
            (.http(200, "{a:1}"), "invalid-json", .retry), (.http(200, #"{"a":1}{"#), "invalid-json", .retry),
            (.http(200, "hello", ["Content-Type": "text/plain"]), "invalid-json", .retry),
            (.http(200, String(repeating: "[", count: 600) + String(repeating: "]", count: 600)), "depth", .permanent),
            (.http(200, "[" + String(repeating: "1,", count: 3_000) + "1]"), "too-large", .permanent),
            (.http(200, "{}", ["Content-Length": "5000"]), "too-large", .permanent),
            (.http(200, "{}", ["Content-Encoding": "br"]), "bad-encoding", .permanent),
            (.http(202), "not-ready", .retry),
            (.http(200, #"{"b":1}"#), "missing-field", .retry), (.http(429), "upstream-429", .wait),
            (.http(503), "upstream-503", .maintenance), (.http(500), "upstream-500", .retry),
            (.http(401), "upstream-401", .parkKey), (.http(403), "upstream-403", .parkKey),
            (.http(418), "upstream-418", .permanent),
            (.failed(TransportFailure(.reset, "gone")), "reset", .retry),
            (.failed(TransportFailure(.dns, "gone")), "dns", .retry),
            (.failed(TransportFailure(.tls, "bad")), "tls", .retry),
            (.failed(TransportFailure(.badRequest, "bad")), "bad-request", .permanent),
        ] as [(TransportResult, String, FailureClass)])
    func `what is no whole JSON document is a typed failure`(
        result: TransportResult, kind: String, effect: FailureClass
    ) async throws {
        var bench = try Bench(ScriptedTransport(result))
        (bench.dataset.maxBody, bench.dataset.require) = (4_000, ["$.a"])
        let failure = try #require(await bench.fetch().failure)
        #expect(failure.kind == kind)
        #expect(failure.effect == effect)
        #expect(failure.message.hasPrefix("demo ") && failure.message.hasSuffix("."))
        #expect(bench.permits.outcomes == [kind])
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `JSON without a type, as text, or after a byte order mark is JSON`() async throws {
        for type in ["", "text/plain", "application/vnd.api+json"] {
            let bench = try Bench(ScriptedTransport(.http(200, "{}", ["Content-Type": type])))
            #expect(await bench.fetch().word == "content")
        }
        let bench = try Bench(ScriptedTransport(.http(200, "\u{FEFF}{}")))
        #expect(await bench.fetch().text == "{}")
    }

    @Test func `404 and 410 say that the document does not exist`() async throws {
        for status in [404, 410] {
            let bench = try Bench(ScriptedTransport(.http(status, #"{"reason":"notFound"}"#)))
            let result = await bench.fetch()
            #expect(result.word == "not-found")
            #expect(
                result.failure?.message == "demo answered \(status): \"notFound\". The document does not exist there.")
        }
    }

    @Test func `rules come before everything else`() async throws {
        let torn = #"{"error":{"code":5,"error":"Too many requests"}}"#
        var bench = try Bench(ScriptedTransport(.http(200, torn)))
        bench.source.rules = [
            ErrorRule(path: "$.error.code", equals: ["5"], effect: .wait, duration: .seconds(60)),
            ErrorRule(path: "$", equals: ["null"], effect: .notFound), ErrorRule(statuses: [404], effect: .permanent),
        ]
        let failure = try #require(await bench.fetch().failure)
        #expect(failure.effect == .wait)
        #expect(failure.kind == "upstream-error")
        #expect(failure.retryAfter == .seconds(60))
        #expect(failure.message.contains("Too many requests"))

        var other = try Bench(ScriptedTransport(.http(200, "null"), .http(404)))
        other.source.rules = bench.source.rules
        #expect(await other.fetch().word == "not-found")
        #expect(await other.fetch().word == "upstream-404")
    }

    @Test func `Retry-After as a date is counted from now`() async throws {
        let bench = try Bench(ScriptedTransport(.http(429, "{}", ["Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT"])))
        #expect(await bench.fetch().failure?.retryAfter == .seconds(30))
    }

    @Test func `a broken error body does not hide the status`() async throws {
        let head = TransportHead(status: 503, headers: [:])
        let bench = try Bench(ScriptedTransport(.failed(TransportFailure(.truncated, "cut", head: head))))
        #expect(await bench.fetch().failure?.effect == .maintenance)
    }

    @Test func `of an error body only the beginning is read`() async throws {
        let bench = try Bench(ScriptedTransport(.http(500, "{\"message\":\"" + String(repeating: "x", count: 1 << 20))))
        let failure = try #require(await bench.fetch().failure)
        #expect(failure.kind == "upstream-500")
        #expect(failure.message == "demo answered 500.")
    }

    @Test func `a key that climbs out of the base is never sent`() async throws {
        let bench = try Bench(ScriptedTransport(.http()))
        #expect(await bench.fetch("..").word == "bad-path")
        #expect(bench.transport.requests.isEmpty)
        #expect(bench.permits.acquired == 0)
    }

    @Test func `a configuration that cannot be used says so and sends nothing`() async throws {
        var bench = try Bench(ScriptedTransport(.http()))
        bench.dataset.require = ["$.["]
        #expect(await bench.fetch().word == "configuration")
        bench.dataset.require = []
        bench.source.baseURL = "ftp://x"
        #expect(await bench.fetch().word == "configuration")
        #expect(bench.transport.requests.isEmpty)
    }

    @Test func `no permit means nothing is sent`() async throws {
        var bench = try Bench(ScriptedTransport(.http()))
        bench.permits = CheckedPermits(limit: 0)
        guard case .denied(let denial) = await bench.fetch() else {
            Issue.record("not denied")
            return
        }
        #expect(denial.kind == "quota")
        #expect(bench.transport.requests.isEmpty)
    }
}
