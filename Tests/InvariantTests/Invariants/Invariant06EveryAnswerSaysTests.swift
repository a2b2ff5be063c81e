import FreshetCore
import FreshetDocument
import FreshetMock
import FreshetSQLite
import Testing

/// Every answer says how old it is, whether it is stale and why, where it came from, and when the next refresh is due.
@Suite(.serialized) struct Invariant06EveryAnswerSays {
    private static func config(_ url: String) -> String {
        """
        sources:
          up:
            base_url: \(url)
            breaker: { failures: 0, probe_every: PT1S }
            retry: { attempts: 2, initial: 50ms, max: 100ms, jitter: none }
        datasets:
          up.item: { get: "/items/{id}", max_age: PT10M, refresh: { every: PT30M, for: all }, history: { keep: P1D } }
          up.brief: { get: "/briefs/{id}", max_age: 200ms }
        """
    }

    /// What each answer about a document must carry, whatever its status.
    private func expectMetadata(_ answer: Answer, isStale: Bool, _ note: String) {
        #expect(answer.header("Age").flatMap { Int($0) }.map { $0 >= 0 } == true, "\(note): Age")
        #expect(answer.header("Freshet-Origin") == "upstream", "\(note): Freshet-Origin")
        #expect(answer.header("Cache-Control")?.contains("max-age=") == true, "\(note): Cache-Control")
        let status = answer.header("Cache-Status") ?? ""
        #expect(status.hasPrefix("freshet; hit; ttl="), "\(note): \(status)")
        #expect(status.contains("ttl=-") == isStale, "\(note): \(status)")
        #expect((answer.header("Freshet-Stale-Reason") != nil) == isStale, "\(note): Freshet-Stale-Reason")
        let next = answer.header("Freshet-Next-Refresh") ?? ""
        #expect(next.hasSuffix("Z") && next.contains("T"), "\(note): Freshet-Next-Refresh \"\(next)\"")
    }

    @Test func `fresh answers say so on every surface`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            for path in ["/v1/up/item/a", "/proxy/up/items/a"] {
                // Twice: the first goes through the router, the second through the fast lane.
                for turn in 1...2 {
                    let answer = try await mirror.get(path)
                    #expect(answer.status == 200)
                    expectMetadata(answer, isStale: false, "\(path) \(turn)")
                    #expect(answer.header("Last-Modified") != nil)
                    let tag = try #require(answer.header("ETag"))
                    let head = try await mirror.send("HEAD", path)
                    #expect(head.status == 200)
                    #expect(head.body.isEmpty)
                    #expect(head.header("Content-Length") == String(answer.body.count))
                    expectMetadata(head, isStale: false, "HEAD \(path) \(turn)")
                    let same = try await mirror.get(path, [("if-none-match", tag)])
                    #expect(same.status == 304)
                    #expect(same.body.isEmpty)
                    #expect(same.header("ETag") == tag)
                    expectMetadata(same, isStale: false, "304 \(path) \(turn)")
                    #expect(try await mirror.get(path, [("if-none-match", "\"other\"")]).status == 200)
                }
            }
            try await mirror.stop()
        }
    }

    @Test func `stale answers name the reason on every surface`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/brief/a")
            try mock.setFaults("status=500")
            try await mirror.refreshNow("up.brief", "a")
            try await eventually("it expires") {
                try await mirror.get("/v1/up/brief/a").header("Freshet-Stale-Reason") == "upstream-500"
            }
            for path in ["/v1/up/brief/a", "/proxy/up/briefs/a"] {
                for turn in 1...2 {
                    let answer = try await mirror.get(path)
                    #expect(answer.status == 200)
                    expectMetadata(answer, isStale: true, "\(path) \(turn)")
                    #expect(answer.header("Freshet-Stale-Reason") == "upstream-500")
                    #expect(answer.header("Cache-Status")?.contains("detail=\"upstream-500\"") == true)
                    let tag = try #require(answer.header("ETag"))
                    expectMetadata(
                        try await mirror.get(path, [("if-none-match", tag)]), isStale: true, "304 \(path)")
                }
            }
            let meta = try #require(try await mirror.get("/v1/up/brief/a?envelope=1").json["meta"])
            #expect(meta.text("stale_reason") == "upstream-500")
            #expect(meta.at("is_stale")?.rawText == "true")
            try await mirror.stop()
        }
    }

    @Test func `the envelope holds all of it, and the document unchanged`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            let plain = try await mirror.warm("/v1/up/item/a")
            let answer = try await mirror.get("/v1/up/item/a?envelope=1")
            let meta = try #require(try answer.json["meta"])
            #expect(
                meta.members.map { $0.key.string ?? "" } == [
                    "source", "dataset", "key", "last_updated", "checked_at", "changed_at", "age_seconds", "is_stale",
                    "stale_reason", "next_refresh_at", "origin", "version",
                ])
            #expect(meta.text("source") == "up" && meta.text("dataset") == "item" && meta.text("key") == "a")
            #expect(meta.text("origin") == "upstream")
            #expect(meta.integer("version") == 1)
            #expect(meta.at("is_stale")?.rawText == "false" && meta.at("stale_reason")?.isNull == true)
            for name in ["last_updated", "checked_at", "changed_at", "next_refresh_at"] {
                #expect(meta.text(name)?.hasSuffix("Z") == true, "\(name)")
            }
            #expect(Array(try #require(try answer.json["data"]).rawBytes) == plain.body)
            expectMetadata(answer, isStale: false, "envelope")
            try await mirror.stop()
        }
    }

    @Test func `a remembered 404 and an answer to come say what they are`() async throws {
        let upstream = ScriptedUpstream()
        try await withMock(upstream) { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            upstream.set("/items/none", #"{"reason":"notFound"}"#, status: 404)
            let first = try await mirror.get("/v1/up/item/none")
            #expect(first.status == 202)
            #expect(first.header("Cache-Status") == "freshet; fwd=miss")
            #expect(first.header("Cache-Control") == "no-store")
            try await eventually("the 404 is known") { try await mirror.get("/v1/up/item/none").status == 404 }
            for path in ["/v1/up/item/none", "/proxy/up/items/none"] {
                let answer = try await mirror.get(path)
                #expect(answer.status == 404)
                expectMetadata(answer, isStale: false, path)
                #expect(answer.header("Cache-Status")?.contains("detail=\"upstream-404\"") == true)
            }
            let problem = try await mirror.get("/v1/up/item/none")
            #expect(problem.header("Content-Type") == "application/problem+json")
            #expect(try problem.json.integer("status") == 404)
            try await mirror.stop()
        }
    }

    @Test func `lists, history and the past say when and where from`() async throws {
        let upstream = ScriptedUpstream()
        try await withMock(upstream) { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            for number in 1...3 {
                upstream.set("/items/a", #"{"n":\#(number)}"#)
                _ = number == 1 ? "" : try await mirror.refreshNow("up.item", "a")
                try await mirror.warm("/v1/up/item/a")
            }
            let key = try #require(try await mirror.get("/v1/up/item").json.list("keys").first)
            #expect(key.text("key") == "a" && key.text("state") == "live" && key.text("origin") == "upstream")
            #expect(key.integer("age_seconds") != nil && key.text("last_updated") != nil)
            let versions = try await mirror.get("/v1/up/item/a/history").json.list("versions")
            #expect(versions.map { $0.integer("version") } == [3, 2, 1])
            #expect(versions.allSatisfy { $0.text("origin") == "upstream" && $0.text("changed_at") != nil })
            let moment = try #require(versions[1].text("changed_at"))
            let past = try await mirror.get("/v1/up/item/a?as_of=\(moment)")
            #expect(past.text == #"{"n":2}"#)
            #expect(past.header("Freshet-Origin") == "upstream")
            #expect(past.header("Last-Modified") != nil && past.header("Freshet-Ended") != nil)
            try await mirror.stop()
        }
    }

    /// The reasons told of a key, in order.
    private func told(_ mirror: Mirror, _ key: String) async throws -> [String?] {
        try await mirror.withStoreCopy { store in
            try await store.events(after: 0, limit: 1000).events
                .filter { $0.type == "dataset.stale" && $0.document?.key == key }
                .map { try JSONTape($0.payload).root.text("reason") }
        }
    }

    @Test func `going stale is told once, until upstream confirms the document again`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/brief/a")
            try await eventually("a is told of") { try await told(mirror, "a") == ["expired"] }
            // Neither a failure nor a restart is news of it.
            try mock.setFaults("status=500")
            try await mirror.refreshNow("up.brief", "a")
            try await mirror.kill9()
            try await mirror.start()
            try mock.setFaults()
            #expect(try await mirror.refreshNow("up.brief", "a") == "done")
            try await eventually("a is told of again") { try await told(mirror, "a") == ["expired", "expired"] }
            // A 404 for a known key ends its freshness at once.
            try await mirror.warm("/v1/up/item/b")
            try mock.setFaults("status=404")
            try await mirror.refreshNow("up.item", "b")
            try await eventually("b is told of") { try await told(mirror, "b") == ["gone"] }
            #expect(try await mirror.get("/v1/up/item/b").header("Freshet-Stale-Reason") == "gone")
            #expect(try await told(mirror, "a").count == 2)
            try await mirror.stop()
        }
    }
}
