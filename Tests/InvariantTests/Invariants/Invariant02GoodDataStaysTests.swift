import FreshetMock
import FreshetTesting
import NIOHTTP1
import Testing

/// Good data is never displaced.
@Suite(.serialized) struct Invariant02GoodDataStays {
    /// A fault, and what readers are told about it.
    struct Fault: Sendable {
        let text: String
        let reasons: Set<String>
        /// It stops the source or its key, so that perhaps only the first dataset meets it.
        let stopsSource: Bool

        init(_ text: String, _ reasons: String..., stopsSource: Bool = false) {
            (self.text, self.reasons, self.stopsSource) = (text, Set(reasons), stopsSource)
        }
    }

    /// Every kind of the mock; each gets a source of its own, so that none stands in another's way.
    static let faults: [Fault] = [
        Fault("status=500", "upstream-500"), Fault("status=400", "upstream-400"), Fault("502", "upstream-502"),
        Fault("status=401", "upstream-401", stopsSource: true), Fault("status=403", "forbidden"),
        Fault("429", "upstream-429", stopsSource: true), Fault("429:retry-after=30", "upstream-429", stopsSource: true),
        Fault("429:retry-after=date+30", "upstream-429", stopsSource: true),
        Fault("maintenance", "upstream-503", stopsSource: true),
        Fault("reset", "reset"), Fault("truncate", "truncated"), Fault("truncate=10B", "truncated"),
        Fault("truncate:chunked", "truncated"), Fault("garbage", "invalid-json"),
        Fault("garbage:raw", "protocol", "reset"), Fault("html", "html"), Fault("html=502", "upstream-502"),
        Fault("oversize=8MB", "too-large"), Fault("oversize=8MB:chunked", "too-large"),
        Fault("gzip-bomb=64MB", "too-large"), Fault("slow-body=1B/s", "slow-body"), Fault("slow-head=1B/s", "timeout"),
        Fault("empty", "empty"), Fault("null", "null"), Fault("changed-fields", "missing-field"),
        Fault("depth-bomb=2000", "depth"), Fault("wrong-type=image/png", "wrong-content-type"),
        Fault("invalid-json", "invalid-json"), Fault("no-response", "timeout"), Fault("latency=5s", "timeout"),
        Fault(#"error-200={"error":{"code":5}}"#, "upstream-error", stopsSource: true),
        Fault(#"error-200={"error":{"code":9}}"#, "upstream-error"),
    ]

    static let datasets = ["plain", "kept", "pages"]

    /// One source a fault, each with a plain dataset, one with history and one in pages.
    private static func config(_ url: String) -> String {
        var sources = "sources:\n"
        var sets = "datasets:\n"
        for index in faults.indices {
            sources += """
                  f\(index):
                    base_url: \(url)/f\(index)
                    timeout: 1500ms
                    max_body: 1MiB
                    breaker: { failures: 0 }
                    retry: { attempts: 2, initial: 50ms, max: 100ms, jitter: none }
                    maintenance: { status: [503], probe_every: PT1M }
                    errors:
                      - { path: "$.error.code", equals: [5], then: wait, for: PT1M }
                      - { path: "$.error.code", equals: [9], then: permanent }

                """
            let need = "[\"$.a\", \"$.b\", \"$.c\", \"$.d\", \"$.e\", \"$.f\", \"$.g\", \"$.h\"]"
            sets += """
                  f\(index).plain: { get: "/plain/{id}", max_age: 100ms, require: \(need) }
                  f\(index).kept: { get: "/kept/{id}", max_age: 100ms, require: \(need), history: { keep: P1D } }
                  f\(index).pages:
                    get: /pages/{id}
                    max_age: 100ms
                    pagination: { style: link, items: "$" }
                    require: ["$[*].a", "$[*].b", "$[*].c", "$[*].d", "$[*].e", "$[*].g", "$[*].h"]

                """
        }
        return sources + sets
    }

    /// Documents below `/fN/…`: an object with many fields, or three pages.
    private static func upstream() -> ScriptedUpstream {
        ScriptedUpstream { request in
            let item = #"{"a":1,"b":"two","c":3.0,"d":[4],"e":{"five":5},"f":6,"g":true,"h":"\#(request.target)"}"#
            guard request.path.contains("/pages/") else { return .json(item) }
            var response = MockResponse.json("[\(item),\(item)]")
            let page = request.integer("page") ?? 1
            if page < 3 {
                response.headers.add(
                    name: "link", value: "<\(request.origin)\(request.path)?page=\(page + 1)>; rel=\"next\"")
            }
            return response
        }
    }

    private static var paths: [(index: Int, dataset: String, path: String)] {
        faults.indices.flatMap { index in datasets.map { (index, "f\(index).\($0)", "/v1/f\(index)/\($0)/x") } }
    }

    private func warmAll(_ mirror: Mirror) async throws -> [String: [UInt8]] {
        let connection = try await WireConnection.open(mirror.url)
        var good: [String: [UInt8]] = [:]
        for (_, _, path) in Self.paths {
            let answer = try await connection.send("GET", path, headers: [("prefer", "wait=20")], limit: .seconds(40))
            #expect(answer.status == 200, "\(path): \(answer.text)")
            good[path] = answer.body
        }
        await connection.close()
        return good
    }

    private func expectAll(_ good: [String: [UInt8]], _ mirror: Mirror, _ note: String) async throws {
        let connection = try await WireConnection.open(mirror.url)
        for (index, _, path) in Self.paths {
            let answer = try await connection.send("GET", path)
            #expect(answer.status == 200, "\(note): \(Self.faults[index].text) \(path)")
            #expect(answer.body == good[path], "\(note): \(Self.faults[index].text) \(path) lost its body")
        }
        await connection.close()
    }

    /// Each document is stale with the reason that fits the fault, or, where that stopped the source, with another.
    private func expectReasons(_ mirror: Mirror) async throws {
        for (index, fault) in Self.faults.enumerated() {
            var seen: [String: String] = [:]
            let paths = Self.paths.filter { $0.index == index }
            try await eventually("the documents name \(fault.text)", within: .seconds(30)) {
                for (_, dataset, path) in paths {
                    seen[path] = try await mirror.document(dataset, "x")?.text("last_error.kind")
                }
                return fault.stopsSource ? !seen.isEmpty : seen.count == paths.count
            }
            #expect(seen.values.allSatisfy(fault.reasons.contains), "\(fault.text): \(seen)")
            for (_, _, path) in paths {
                // An attempt that fails within `max_age` leaves a fresh document.
                var answer = try await mirror.get(path)
                try await eventually("\(fault.text) \(path) is stale") {
                    answer = try await mirror.get(path)
                    return answer.header("Freshet-Stale-Reason") != nil
                }
                let reason = answer.header("Freshet-Stale-Reason")
                if seen[path] != nil {
                    #expect(reason.map(fault.reasons.contains) == true, "\(fault.text): \(reason ?? "")")
                }
                #expect(answer.header("Cache-Status")?.contains("ttl=-") == true, "\(fault.text)")
            }
        }
    }

    @Test func `whatever upstream sends, the last good document is served byte for byte with the reason`() async throws
    {
        try await withMock(Self.upstream(), { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(Self.config(url), server: "unknown_keys_per_minute: 100000")
            try await mirror.start()
            let good = try await warmAll(mirror)
            mock.setFaults(try Self.faults.enumerated().map { try FaultSpec(parsing: "\($1.text),path=/f\($0)/**") })
            for (_, dataset, _) in Self.paths { try await mirror.refresh(dataset, "x") }
            try await expectReasons(mirror)
            try await expectAll(good, mirror, "after the faults")
            let history = try await mirror.get("/v1/f0/kept/x/history").json
            #expect(history.list("versions").count == 1, "a failure is no version")
            try await mirror.stop()
            #expect(try await mirror.storeProblems() == [])
        }
    }

    @Test func `a crash while upstream misbehaves changes no document`() async throws {
        try await withMock(Self.upstream(), { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(Self.config(url), server: "unknown_keys_per_minute: 100000")
            try await mirror.start()
            let good = try await warmAll(mirror)
            mock.setFaults(try Self.faults.enumerated().map { try FaultSpec(parsing: "\($1.text),path=/f\($0)/**") })
            var random = SeededGenerator(seed: 2)
            for round in 0..<4 {
                let connection = try await WireConnection.open(mirror.url)
                for (_, dataset, _) in Self.paths.shuffled(using: &random) {
                    let answer = try await connection.send("POST", "/v1/refresh", body: Mirror.wish(dataset, "x"))
                    #expect(answer.status == 202)
                }
                await connection.close()
                try await mirror.lets(pass: Int.random(in: 0...600, using: &random))
                try await mirror.kill9()
                #expect(try await mirror.storeProblems() == [])
                try await mirror.start()
                try await expectAll(good, mirror, "after crash \(round)")
            }
            try await mirror.kill9()
        }
    }

    @Test func `a 404 of a known key is served stale as gone, and only the third hides it`() async throws {
        let upstream = ScriptedUpstream()
        try await withMock(upstream, { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(
                """
                sources: { up: { base_url: "\(url)", not_found_for: PT1H } }
                datasets:
                  up.item: { get: "/items/{id}", max_age: PT1H, history: { keep: P1D } }
                """)
            try await mirror.start()
            upstream.set("/items/a", #"{"v":1}"#)
            try await mirror.warm("/v1/up/item/a")
            upstream.set("/items/a", #"{"v":2}"#)
            try await mirror.refreshNow("up.item", "a")
            upstream.set("/items/a", #"{"error":"no such thing"}"#, status: 404)
            for turn in 1...2 {
                try await mirror.refreshNow("up.item", "a")
                let calls = mock.counters().total
                // Readers do not use up the patience: a 404 is remembered, for known keys too.
                for _ in 0..<20 {
                    let answer = try await mirror.get("/v1/up/item/a")
                    #expect(answer.status == 200, "after \(turn)")
                    #expect(answer.text == #"{"v":2}"#)
                    #expect(answer.header("Freshet-Stale-Reason") == "gone")
                }
                #expect(mock.counters().total == calls, "a remembered 404 is not asked for again by readers")
            }
            try await mirror.refreshNow("up.item", "a")
            #expect(try await mirror.get("/v1/up/item/a").status == 404)
            #expect(try await mirror.get("/proxy/up/items/a").status == 404)
            try await mirror.kill9()
            try await mirror.start()
            let calls = mock.counters().total
            for _ in 0..<20 { #expect(try await mirror.get("/v1/up/item/a").status == 404) }
            _ = try await mirror.get("/v1/up/item/a", [("prefer", "wait=1")])
            #expect(mock.counters().total == calls, "a document that is gone is not asked for again by readers")
            let history = try await mirror.get("/v1/up/item/a/history?bodies=1").json
            #expect(history.list("versions").map { $0.integer("data.v") } == [2, 1])
            upstream.set("/items/a", #"{"v":3}"#)
            try await mirror.refreshNow("up.item", "a")
            #expect(try await mirror.get("/v1/up/item/a").text == #"{"v":3}"#)
            try await mirror.stop()
        }
    }

    @Test func `a key that upstream never had is remembered as missing, without a storm`() async throws {
        let upstream = ScriptedUpstream { _ in .json(#"{"reason":"notFound"}"#, status: 404) }
        try await withMock(upstream) { mock, url in
            let mirror = try Mirror(
                """
                sources: { up: { base_url: "\(url)", not_found_for: PT1H } }
                datasets: { up.item: { get: "/items/{id}" } }
                """)
            try await mirror.start()
            #expect(try await mirror.get("/v1/up/item/a", [("prefer", "wait=10")]).status == 404)
            for restart in 0..<2 {
                if restart == 1 {
                    try await mirror.stop()
                    try await mirror.start()
                }
                for path in ["/v1/up/item/a", "/proxy/up/items/a"] {
                    for _ in 0..<50 { #expect(try await mirror.get(path).status == 404) }
                }
                // What the reads had asked for would have had its turn before this one.
                #expect(try await mirror.get("/v1/up/item/b\(restart)", [("prefer", "wait=10")]).status == 404)
            }
            #expect(mock.counters().total == 3, "the 404 is remembered: \(mock.requests().map(\.target))")
            try await mirror.stop()
        }
    }
}
