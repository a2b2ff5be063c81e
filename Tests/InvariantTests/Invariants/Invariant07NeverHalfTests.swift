import FreshetDocument
import FreshetMock
import NIOHTTP1
import Synchronization
import Testing

/// Readers never see half of a replace.
@Suite(.serialized) struct Invariant07NeverHalf {
    private static let pages = 5
    private static let size = 20

    /// A list in pages that changes as a whole each time its first page is asked for; the `Link` carries the generation.
    private static func upstream() -> ScriptedUpstream {
        let generation = Counter()
        return ScriptedUpstream { request in
            let page = request.integer("page") ?? 1
            let number = page == 1 ? generation.add() : request.integer("generation") ?? 0
            // The length changes too, so that a mixture of two would show in the count.
            let items = (0..<size).map { #"{"g":\#(number),"page":\#(page),"item":\#($0),"of":\#(pages * size)}"# }
            var response = MockResponse.json("[\(items.joined(separator: ","))]")
            if page < pages {
                let next = "\(request.origin)\(request.path)?page=\(page + 1)&generation=\(number)"
                response.headers.add(name: "link", value: "<\(next)>; rel=\"next\"")
            }
            return response
        }
    }

    /// The generation of a body that is whole; a recorded failure when it is not.
    private static func generation(_ items: [JSONValue], _ note: String) -> Int? {
        let generations = Set(items.map { $0.integer("g") })
        #expect(items.count == pages * size, "\(note): \(items.count) items")
        #expect(generations.count == 1, "\(note): a mixture of \(generations)")
        return generations.first ?? nil
    }

    @Test func `a paginated document is of one generation for every reader at every moment`() async throws {
        try await withMock(Self.upstream(), { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(
                """
                logs: { level: warning }
                sources: { up: { base_url: "\(url)" } }
                datasets:
                  up.list:
                    get: /lists/{id}
                    max_age: 1ms
                    history: { keep: P1D }
                    pagination: { style: link, items: "$" }
                """)
            try await mirror.start()
            try await mirror.warm("/v1/up/list/a")
            let seen = Mutex(Set<Int>())
            _ = try await onConnections(6, to: mirror.url) { reader, connection in
                var last = 0
                for turn in 0..<150 {
                    if reader == 0, turn % 5 == 0 {
                        _ = try await connection.send("POST", "/v1/refresh", body: Mirror.wish("up.list", "a"))
                        continue
                    }
                    let asksForAll = turn % 3 == 0
                    let path = "/v1/up/list/a" + (asksForAll ? "?envelope=1" : "")
                    let answer = try await connection.send("GET", path, headers: [("accept-encoding", "identity")])
                    let json = try answer.json
                    let items = asksForAll ? json.list("data") : Array(json.elements)
                    let number = Invariant07NeverHalf.generation(items, path) ?? 0
                    #expect(number >= last, "generation \(number) after \(last)")
                    last = number
                    seen.withLock { _ = $0.insert(number) }
                }
            }
            #expect(seen.withLock { $0.count } > 3, "the document changed under the readers")
            for version in try await mirror.get("/v1/up/list/a/history?bodies=1&limit=1000").json.list("versions") {
                _ = Self.generation(version.list("data"), "version \(version.integer("version") ?? 0)")
            }
            try await mirror.stop()
            #expect(try await mirror.storeProblems() == [])
        }
    }

    @Test func `pages that break in the middle replace nothing`() async throws {
        let upstream = Self.upstream()
        try await withMock(upstream, { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(
                """
                sources:
                  up:
                    base_url: \(url)
                    breaker: { failures: 0 }
                    retry: { attempts: 1 }
                datasets:
                  up.list: { get: "/lists/{id}", max_age: PT1H, pagination: { style: link, items: "$" } }
                """)
            try await mirror.start()
            let good = try await mirror.warm("/v1/up/list/a")
            for fault in ["status=500", "truncate", "null", "html", "reset", "invalid-json"] {
                // The third call of each attempt is the third page.
                try mock.setFaults("\(fault),skip=2,first=1")
                #expect(try await mirror.refreshNow("up.list", "a") == "dead", "\(fault)")
                #expect(try await mirror.get("/v1/up/list/a").body == good.body)
            }
            try await mirror.stop()
        }
    }
}
