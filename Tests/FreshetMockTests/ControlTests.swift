import Testing

@testable import FreshetMock

@Suite struct `The control routes` {
    @Test func `tell what arrived and are not counted themselves`() async throws {
        var options = MockOptions()
        options.limits = [try LimitRule(parsing: "key:2/1m")]
        options.keys = ["alpha", "beta"]
        try await withMock(FixedHandler(.json("{}")), options) { _, bound async throws in
            for _ in 0..<3 { _ = try await bound.call("/things/1?x=1&key=beta") }
            let counters = try await bound.call("/__mock/counters").json()
            #expect(counters["total"] == 3)
            #expect(counters["violations"] == 1)
            #expect(counters["keys"]?.arrayValue?.first?["name"] == "key2")
            #expect(counters["endpoints"]?.arrayValue?.first?["endpoint"] == "GET /things/{}")
            let limits = try await bound.call("/__mock/limits").json()
            #expect(limits.arrayValue?.first?["max_in_window"] == 3)
            let requests = try await bound.call("/__mock/requests?limit=2").json()
            #expect(requests.arrayValue?.count == 2)
            #expect(requests.arrayValue?.first?["path"] == "/things/1?x=1&key=<redacted>")
            #expect(try await bound.call("/__mock/reset", method: "POST").status == 204)
            #expect(try await bound.call("/__mock/counters").json()["total"] == 0)
        }
    }

    @Test func `change the faults`() async throws {
        try await withMock { _, bound async throws in
            let set = try await bound.call("/__mock/faults", method: "POST", body: #"["503,first=1","html,skip=1"]"#)
            #expect(set.status == 200)
            #expect(try await bound.call("/x").status == 503)
            #expect(try await bound.call("/x").header("content-type") == "text/html; charset=utf-8")
            let report = try await bound.call("/__mock/faults").json()
            #expect(report.arrayValue?.map { $0["fired"] } == [1, 1])
            #expect(try await bound.call("/__mock/faults", method: "DELETE").status == 204)
            #expect(try await bound.call("/x").status == 200)
            for bad in ["", "{}", "[1]", #"["nonsense"]"#] {
                #expect(try await bound.call("/__mock/faults", method: "POST", body: bad).status == 400)
            }
            #expect(try await bound.call("/__mock/nothing").status == 404)
        }
    }

    @Test func `take it down and up`() async throws {
        try await withMock { mock, bound async throws in
            let open = try await RawConnection(bound)
            try await open.send(bound.request("/x"))
            _ = try await open.answer()
            #expect(try await bound.call("/__mock/down", method: "POST").status == 204)
            await open.waitForEnd()
            let new = try await RawConnection(bound)
            try await new.send(bound.request("/x"))
            await new.waitForEnd()
            #expect(new.wasReset)
            #expect(try await bound.call("/__mock/up", method: "POST").status == 204)
            #expect(try await bound.call("/x").status == 200)
        }
    }

    @Test func `refuse connections until told otherwise`() async throws {
        try await withMock { mock, bound async throws in
            #expect(try await bound.call("/__mock/down?for=1h", method: "POST").status == 204)
            await #expect(throws: (any Error).self) { try await RawConnection(bound) }
            try await mock.comeUp()
            #expect(try await bound.call("/x").status == 200)
            #expect(try await bound.call("/__mock/down?for=soon", method: "POST").status == 400)
        }
    }

    @Test func `refuse connections for a while, then listen by themselves`() async throws {
        try await withMock { _, bound async throws in
            #expect(try await bound.call("/__mock/down?for=5ms", method: "POST").status == 204)
            while (try? await bound.call("/x").status) != 200 {}
        }
    }
}

@Suite struct `Keys and limits on the wire` {
    @Test(arguments: [
        ["authorization": "Bearer good"], ["authorization": "token good"], ["authorization": "Basic Z29vZDpwdw=="],
        ["x-api-key": "good"],
    ])
    func `a key is found wherever it is`(headers: [String: String]) async throws {
        var options = MockOptions()
        options.keys = ["good"]
        try await withMock(FixedHandler(.json("{}")), options) { mock, bound async throws in
            #expect(try await bound.call("/x", headers: headers).status == 200)
            #expect(try await bound.call("/x?api_key=good").status == 200)
            #expect(try await bound.call("/x?api_key=wrong").status == 403)
            #expect(try await bound.call("/x").status == 403)
            #expect(mock.counters().key("key1")?.total == 2)
            #expect(mock.counters().key("none")?.statuses == [403: 1])
        }
    }

    @Test func `an enforced limit answers 429 and says when to come back`() async throws {
        var options = MockOptions()
        options.limits = [try LimitRule(parsing: "key:2/1h")]
        options.enforcesLimits = true
        options.quotaHeaders = .xRateLimit
        options.clock.unix = { .seconds(1_000) }
        try await withMock(FixedHandler(.json("{}")), options) { _, bound async throws in
            let first = try await bound.call("/x?key=a")
            #expect(first.header("x-ratelimit-limit") == "2")
            #expect(first.header("x-ratelimit-remaining") == "1")
            _ = try await bound.call("/x?key=a")
            let third = try await bound.call("/x?key=a")
            #expect(third.status == 429)
            #expect(third.header("x-ratelimit-remaining") == "0")
            let wait = try #require(third.header("retry-after").flatMap { Int($0) })
            #expect((3_500...3_600).contains(wait))
            #expect(try await bound.call("/x?key=b").status == 200)
        }
    }

    @Test func `the draft headers are told apart`() async throws {
        var options = MockOptions()
        options.limits = [try LimitRule(parsing: "account:5/10s")]
        options.quotaHeaders = .draft
        try await withMock(FixedHandler(.json("{}")), options) { _, bound async throws in
            let answer = try await bound.call("/x")
            #expect(answer.header("ratelimit-policy") == "\"default\";q=5;w=10")
            #expect(answer.header("ratelimit") == "\"default\";r=4;t=10")
        }
    }
}

@Suite struct `OAuth2` {
    private func options(rotates: Bool = false) -> MockOptions {
        var options = MockOptions()
        options.oauth = .init(clients: ["app": "s3cret"], lifetime: .seconds(60), rotates: rotates)
        return options
    }

    private let form = "grant_type=client_credentials&client_id=app&client_secret=s3cret"

    private func token(_ bound: BoundMock) async throws -> String {
        let answer = try await bound.call("/__oauth/token", method: "POST", body: form)
        #expect(answer.status == 200)
        #expect(try answer.json()["expires_in"] == 60)
        return try #require(try answer.json()["access_token"]?.stringValue)
    }

    @Test func `a token opens the door until it is revoked`() async throws {
        try await withMock(FixedHandler(.json("{}")), options()) { mock, bound async throws in
            #expect(try await bound.call("/x").status == 401)
            let token = try await token(bound)
            let headers = ["authorization": "Bearer \(token)"]
            #expect(try await bound.call("/x", headers: headers).status == 200)
            #expect(mock.counters().key("app")?.total == 1)
            mock.revokeTokens()
            let refused = try await bound.call("/x", headers: headers)
            #expect(refused.status == 401)
            #expect(refused.header("www-authenticate") == "Bearer error=\"invalid_token\"")
            #expect(!mock.counters().json.text.contains(token))
        }
    }

    @Test func `basic credentials work, wrong ones do not`() async throws {
        try await withMock(FixedHandler(.json("{}")), options()) { _, bound async throws in
            let basic = try await bound.call(
                "/__oauth/token", method: "POST", headers: ["authorization": "Basic YXBwOnMzY3JldA=="],
                body: "grant_type=client_credentials")
            #expect(basic.status == 200)
            #expect(try await bound.call("/__oauth/token", method: "POST", body: form + "x").status == 401)
            #expect(try await bound.call("/__oauth/token", method: "POST", body: "grant_type=password").status == 400)
            #expect(try await bound.call("/__oauth/token").status == 405)
        }
    }

    @Test func `tokens expire with time, and rotate`() throws {
        var issuer = TokenIssuer(.init(clients: ["a": "b"], lifetime: .seconds(10), rotates: true), seed: 1)
        let first = try issuer.issue(grant: "client_credentials", client: "a", secret: "b", now: .zero).0
        #expect(issuer.client(of: first, now: .seconds(9)) == "a")
        #expect(issuer.client(of: first, now: .seconds(10)) == nil)
        let second = try issuer.issue(grant: "client_credentials", client: "a", secret: "b", now: .seconds(1)).0
        #expect(issuer.client(of: first, now: .seconds(2)) == nil)
        #expect(issuer.client(of: second, now: .seconds(2)) == "a")
    }
}
