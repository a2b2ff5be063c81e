import FreshetCore
import Testing

/// Requests of every kind, sent to a server with the fast lane and to one without: not one byte may differ.
@Suite struct CorpusTests {
    static let plain = "GET /v1/clash/clan/UV0YR2Q8 HTTP/1.1\r\nHost: h\r\n\r\n"
    static let browser =
        "GET /v1/clash/clan/UV0YR2Q8 HTTP/1.1\r\nHost: h\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
        + "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-US,en;q=0.5\r\n"
        + "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n"
        + "Sec-Fetch-Mode: navigate\r\nCache-Control: max-age=0\r\n\r\n"

    static func get(_ target: String, _ fields: String...) -> String {
        "GET \(target) HTTP/1.1\r\nHost: h\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static let small = "/v1/clash/clan/UV0YR2Q8"
    static let large = "/v1/clash/repo/apple/swift"

    /// Each is sent on a connection of its own, in this order.
    static let corpus: [String] = [
        plain, plain + plain, plain + browser + plain, browser,
        get("/v1/clash/clan/%23UV0YR2Q8"), get("/proxy/clash/clans/%23UV0YR2Q8"), get(small), get(large),
        get(large, "Accept-Encoding: gzip"), get(large, "accept-encoding: GZIP;q=0"), get(large, "ACCEPT-ENCODING: *"),
        get(large, "Accept-Encoding: gzip;q=0.5, *;q=0"), get(large, "Accept-Encoding: gzip", "Accept-Encoding: br"),
        get(large, "Accept-Encoding: gzip", "Cache-Control: no-transform"),
        get("/proxy/clash/repos/apple/swift"), get("/proxy/clash/repos/apple/swift", "authorization: Bearer abc"),
        get(small, "If-None-Match: \"v1-0101010101010101\""),
        get(small, "if-none-match: W/\"v1-0101010101010101\" , \"x\""),
        get(small, "If-None-Match: *"), get(small, "If-None-Match: \"other\""), get(small, "If-None-Match: "),
        get(small, "If-None-Match: \"a\"", "If-None-Match: \"v1-0101010101010101\""),
        get(large, "Accept-Encoding: gzip", "If-None-Match: \"v1-0101010101010101-gzip\""),
        get(large, "Accept-Encoding: gzip", "If-None-Match: \"v1-0101010101010101\""),
        get(small, "If-Modified-Since: Fri, 15 Jan 2100 00:00:00 GMT"), get(small, "If-Modified-Since: yesterday"),
        get(small, "If-Match: \"x\""), get(small, "Range: bytes=0-1"), get(small, "If-Range: \"x\""),
        get(small, "Cache-Control: no-cache"), get(small, "Cache-Control: max-age=5"),
        get(small, "Cache-Control: max-age=x"),
        get(small, "Cache-Control: only-if-cached"), get(small, "Cache-Control: max-age=99999999999999999999"),
        get(small, "Prefer: wait=1"), get(small, "Pragma: no-cache"), get(small, "TE: trailers"),
        get(small, "Connection: Keep-Alive"), get(small, "Connection: close") + plain,
        get(small, "Connection: close, TE") + plain, get(small, "Connection: keep-alive, Close") + plain,
        get(small, "Connection: upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        get(small, "Connection: Upgrade", "Upgrade: websocket"), get(small, "Expect: 100-continue"),
        get(small, "X-Empty:"), get(small, "X-Spaces:    padded   "), get(small, "X-Tab:\ta\tb\t"),
        get(small, "x-obs: caf\u{e9}"), get(small, "X-Colon: a:b:c"), get(small, "X!#$%&'*+-.^_`|~: token"),
        "GET \(small) HTTP/1.1\r\nhost: h\r\n\r\n", "GET \(small) HTTP/1.1\r\nHOST: h\r\n\r\n",
        "GET \(small) HTTP/1.1\r\n\r\n", "GET \(small) HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET \(small) HTTP/1.1\r\nHost:\r\n\r\n",
        "GET \(small) HTTP/1.0\r\n\r\n", "GET \(small) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "HEAD \(small) HTTP/1.1\r\nHost: h\r\n\r\n" + plain,
        "HEAD \(large) HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n",
        "HEAD /v1/clash/clan/UNKNOWN HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://h\(small) HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://h\(small)?envelope=1 HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS \(small) HTTP/1.1\r\nHost: h\r\n\r\n",
        "DELETE \(small) HTTP/1.1\r\nHost: h\r\n\r\n" + plain, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT \(small) HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + plain,
        "GET \(small) HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + plain,
        "GET \(small) HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n" + plain,
        "GET \(small) HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + plain,
        "GET \(small) HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        plain + "GET \(small) HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
        "POST /v1/refresh HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + plain,
        "POST /v1/refresh HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" + plain,
        "GET \(small) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" + plain,
        "GET \(small)\r\n\r\n", "GET  \(small) HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET \(small) HTTP/1.1 \r\nHost: h\r\n\r\n",
        "get \(small) HTTP/1.1\r\nHost: h\r\n\r\n", "GET \(small) HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET \(small) HTTP/9.9\r\n\r\n",
        "GET \(small) HTTP/1.1\nHost: h\n\n", "GET \(small) HTTP/1.1\r\nHost: h\r\nBad Header: x\r\n\r\n",
        "GET \(small) HTTP/1.1\r\nHost: h\r\nBad : x\r\n\r\n", "GET \(small) HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n",
        "GET \(small) HTTP/1.1\r\nHost: h\r\nFolded: a\r\n b\r\n\r\n",
        "GET \(small) HTTP/1.1\r\nHost: h\r\nNul: a\u{0}b\r\n\r\n",
        "GET \(small) HTTP/1.1\r\nHost: h\r\nDel: a\u{7f}b\r\n\r\n",
        "GET \(small) HTTP/1.1\r\nHost: h\r\nCR: a\rb\r\n\r\n",
        plain + "garbage\r\n\r\n", plain + plain + "\u{16}\u{3}\u{1}", "\r\n\r\n" + plain,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        plain + "\r\n" + plain, "GET", "GET \(small) HTTP/1.1\r\nHost: h", "G", plain + "GET /v1/cl",
        get("/v1/clash/clan/uv0yr2q8"), get("/v1/clash/clan/UVO1"), get("/v1/clash/clan/%zz"), get("/v1/clash/clan/%"),
        get("/v1/clash/clan/!"), get("/v1/clash/nope/1"), get("/v1/nope/clan/1"), get("/nowhere"),
        get("/home/home.css"), get("//"),
        get("/v1/clash/clan/UV0YR2Q8/"), get("/v1/clash/clan//UV0YR2Q8"), get("/v1/clash/clan/UV0YR2Q8?"),
        get("/v1/clash/clan/UV0YR2Q8?x=1"), get("/v1/clash/clan/UV0YR2Q8?envelope=1"),
        get("/v1/clash/clan/UV0YR2Q8?envelope=2"),
        get("/v1/clash/clan/UV0YR2Q8#frag"), get("/v1/clash/clan/UV0YR2Q8/history"), get("/v1/clash/leagues/_"),
        get("/v1/clash/leagues"), get("/v1/clash/clan?limit=2"), get("/v1/clash/clan?limit=0"),
        get("/v1/clash/clan?cursor=%zz"),
        get("/v1/clash/clan/MISSING1"), get("/v1/clash/clan/G0NE1"), get("/v1/clash/clan/STALE1") + plain,
        get("/proxy/clash/clans/%23MISSING1"), get("/proxy/nope/x"), get("/v1/jobs/1"), get("/v1/jobs/x"),
        get("/v1/why/clash/clan/UV0YR2Q8"), get("/livez"), get("/readyz"), get("/health"), get("/version"),
        get("/v1/clash/clan/COLD1") + plain, get("/v1/clash/clan/COLD1", "Cache-Control: only-if-cached"),
        get("/" + String(repeating: "a", count: 5000)),
        get(small, "X-Long: " + String(repeating: "b", count: 20_000)) + plain,
        get(small, "X-Huge: " + String(repeating: "b", count: 100_000)) + plain,
        get("/" + String(repeating: "c", count: 90_000)),
        "GET \(small) HTTP/1.1\r\nHost: h\r\n" + (0..<99).map { "X-\($0): \($0)\r\n" }.joined() + "\r\n" + plain,
        "GET \(small) HTTP/1.1\r\nHost: h\r\n" + (0..<150).map { "X-\($0): \($0)\r\n" }.joined() + "\r\n" + plain,
        String(repeating: plain, count: 50), String(repeating: get(large), count: 20),
        String(repeating: plain + get("/livez") + get(large, "Accept-Encoding: gzip"), count: 20),
    ]

    static func fill(_ world: World) {
        world.publish("UV0YR2Q8", body: ##"{"tag":"#UV0YR2Q8","name":"a"}"##)
        world.publish(
            "apple/swift", dataset: "repo", body: "[" + String(repeating: "\"same text\",", count: 2000) + "1]")
        world.publish("STALE1", age: .seconds(700)) { state in
            state.failure = FailureNote(kind: "upstream-503", message: "503", at: Timestamp(seconds: 0))
        }
        world.publish("_", dataset: "leagues", body: "[]")
        world.publish("MISSING1", body: "", version: 0) { $0.presence = .missing }
        world.publish("G0NE1") { $0.presence = .gone }
    }

    /// Runs every request twice, so that the second time the lane knows what it can know.
    private static func answers(lane: Bool, _ send: @Sendable @escaping (World, [UInt8]) async throws -> [UInt8])
        async throws
        -> [[UInt8]]
    {
        let box = Box()
        try await World.run(lane: lane) { (world: World) async throws in
            fill(world)
            for _ in 0..<2 {
                for request in corpus { await box.add(try await send(world, Array(request.utf8))) }
            }
        }
        return await box.answers
    }

    private actor Box {
        var answers: [[UInt8]] = []
        func add(_ answer: [UInt8]) { answers.append(answer) }
    }

    private func compare(_ fast: [[UInt8]], _ slow: [[UInt8]]) {
        #expect(fast.count == slow.count && fast.count == Self.corpus.count * 2)
        for (index, pair) in zip(fast, slow).enumerated() where pair.0 != pair.1 {
            let request = Self.corpus[index % Self.corpus.count].prefix(300)
            Issue.record(
                """
                request: \(request.debugDescription)
                fast: \(String(decoding: pair.0.prefix(1500), as: UTF8.self).debugDescription)
                slow: \(String(decoding: pair.1.prefix(1500), as: UTF8.self).debugDescription)
                """)
        }
    }

    @Test func `both lanes answer every request alike`() async throws {
        let send: @Sendable (World, [UInt8]) async throws -> [UInt8] = { world, bytes in
            try await RawClient.exchange(port: world.port, [bytes])
        }
        let fast = try await Self.answers(lane: true, send)
        compare(fast, try await Self.answers(lane: false, send))
        // The lane must have had its part, or the comparison says nothing.
        #expect(String(decoding: fast[Self.corpus.count], as: UTF8.self).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `both lanes answer alike when requests come in two pieces`() async throws {
        let send: @Sendable (World, [UInt8]) async throws -> [UInt8] = { world, bytes in
            let cut = bytes.count / 2
            return try await RawClient.exchange(port: world.port, [Array(bytes[..<cut]), Array(bytes[cut...])]) {
                // On the one event loop, an answer here means that the first piece was read.
                _ = try await world.get("/livez")
            }
        }
        let fast = try await Self.answers(lane: true, send)
        compare(fast, try await Self.answers(lane: false, send))
    }

    @Test(arguments: [
        plain + browser + get("/livez") + plain,
        "POST /v1/refresh HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + plain,
    ])
    func `a cut at any byte changes nothing`(request: String) async throws {
        let bytes = Array(request.utf8)
        try await World.run { (world: World) async throws in
            Self.fill(world)
            // The first answers teach the lane its paths and decide the compressed form.
            _ = try await RawClient.exchange(port: world.port, [bytes])
            let whole = try await RawClient.exchange(port: world.port, [bytes])
            for cut in 1..<bytes.count {
                let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
                let answer = try await RawClient.exchange(port: world.port, pieces) {
                    _ = try await world.get("/livez")
                }
                #expect(answer == whole, "cut at \(cut)")
            }
            let single = try await RawClient.exchange(port: world.port, bytes.map { [$0] })
            #expect(single == whole)
        }
    }

    @Test func `answers before a bad request still come, then a 400 and the end`() async throws {
        try await World.run { (world: World) async throws in
            Self.fill(world)
            _ = try await world.get(Self.small)
            let bytes = try await RawClient.exchange(
                port: world.port, [Array((Self.plain + Self.plain + "nonsense\r\n\r\n" + Self.plain).utf8)],
                halfCloses: false)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.ranges(of: "HTTP/1.1 200 OK").count == 2)
            #expect(text.ranges(of: "HTTP/1.1 400 Bad Request").count == 1)
            #expect(text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) } == ["200", "200", "400"])
        }
    }
}
