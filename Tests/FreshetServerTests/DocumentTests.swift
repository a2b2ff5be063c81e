import FreshetCore
import FreshetEngine
import FreshetTesting
import Synchronization
import Testing

@Suite struct DocumentTests {
    private let path = "/v1/clash/clan/UV0YR2Q8"

    @Test func `a fresh document carries its age and origin`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: #"{"a":1}"#)
            let bytes = try await RawClient.exchange(port: world.port, [Array(CorpusTests.plain.utf8)])
            #expect(
                String(decoding: bytes, as: UTF8.self) == """
                    HTTP/1.1 200 OK\r
                    Content-Type: application/json\r
                    Content-Length: 7\r
                    ETag: "v1-0101010101010101"\r
                    Last-Modified: Fri, 15 Jan 2027 07:59:50 GMT\r
                    Date: Fri, 15 Jan 2027 08:00:00 GMT\r
                    Age: 10\r
                    Cache-Control: max-age=590, stale-while-revalidate=600, stale-if-error=86400\r
                    Cache-Status: freshet; hit; ttl=590\r
                    Freshet-Origin: upstream\r
                    \r
                    {"a":1}
                    """)
        }
    }

    @Test func `a stale document says since when and why`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", age: .seconds(642))
            let plain = try await world.get(path)
            #expect(plain.status == 200 && plain["Age"] == "642")
            #expect(plain["Cache-Status"] == "freshet; hit; ttl=-42; detail=\"expired\"")
            #expect(plain["Freshet-Stale-Reason"] == "expired")
            #expect(plain["Cache-Control"]?.hasPrefix("max-age=0,") == true)
            #expect(plain["Freshet-Next-Refresh"] == "2027-01-15T08:00:00Z")

            let until = world.clock.now() + .seconds(20)
            world.mirror.catalog.setSourceCondition("clash", SourceCondition(reason: "breaker-open", until: until))
            let blocked = try await world.get(path)
            #expect(blocked["Freshet-Stale-Reason"] == "breaker-open")
            #expect(blocked["Freshet-Next-Refresh"] == "2027-01-15T08:00:20Z")

            world.publish("UV0YR2Q8", age: .seconds(640)) { state in
                state.failure = FailureNote(kind: "upstream-503", message: "m", at: Timestamp(seconds: 1))
                state.checkedAt = world.clock.now()
            }
            #expect(try await world.get(path)["Freshet-Stale-Reason"] == "upstream-503")
        }
    }

    @Test func `a known document that upstream calls unknown is served stale as gone`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8") { $0.consecutiveNotFound = 1 }
            let answer = try await world.get(path)
            #expect(answer.status == 200 && answer["Freshet-Stale-Reason"] == "gone")
            #expect(answer["Cache-Status"] == "freshet; hit; ttl=-1; detail=\"gone\"")
        }
    }

    @Test func `the envelope holds the metadata and the bytes unchanged`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "{ \"n\" : 1.0e+400 }")
            let answer = try await world.get(path + "?envelope=1")
            #expect(
                answer.text == #"{"meta":{"source":"clash","dataset":"clan","key":"UV0YR2Q8","#
                    + #""last_updated":"2027-01-15T07:59:50Z","checked_at":"2027-01-15T07:59:50Z","#
                    + #""changed_at":"2027-01-15T07:59:50Z","age_seconds":10,"is_stale":false,"stale_reason":null,"#
                    + #""next_refresh_at":null,"origin":"upstream","version":1},"data":{ "n" : 1.0e+400 }}"#)
            #expect(answer["Content-Length"] == String(answer.body.count))
            #expect(answer["ETag"] == nil)
        }
    }

    @Test func `conditions are heeded`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            for _ in 0..<2 {
                let same = try await world.get(path, ["If-None-Match: \"v1-0101010101010101\""])
                #expect(same.status == 304 && same.body.isEmpty && same["Content-Length"] == nil)
                #expect(same["ETag"] == "\"v1-0101010101010101\"" && same["Age"] == "10")
            }
            #expect(try await world.get(path, ["If-Modified-Since: Fri, 15 Jan 2027 07:59:50 GMT"]).status == 304)
            #expect(try await world.get(path, ["If-Modified-Since: Fri, 15 Jan 2027 07:59:49 GMT"]).status == 200)
            let both = ["If-None-Match: \"x\"", "If-Modified-Since: Fri, 15 Jan 2027 07:59:50 GMT"]
            #expect(try await world.get(path, both).status == 200)
        }
    }

    @Test func `HEAD is GET without the body`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            let get = try await world.get(path)
            let head = try await world.get(path, method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.fields.map(\.value) == get.fields.map(\.value))
        }
    }

    @Test func `gzip goes to those who take it, when it pays`() async throws {
        try await World.run { (world: World) async throws in
            let long = "[" + String(repeating: "\"text\",", count: 500) + "1]"
            world.publish("L0NG1", body: long)
            world.publish("SHORT1", body: String(repeating: "1", count: 511))
            let packed = try await world.get("/v1/clash/clan/L0NG1", ["Accept-Encoding: gzip"])
            #expect(packed["Content-Encoding"] == "gzip" && packed["Vary"] == "Accept-Encoding")
            #expect(packed["ETag"] == "\"v1-0101010101010101-gzip\"" && packed.body.count < long.utf8.count / 10)
            #expect(packed.body.prefix(3) == [0x1F, 0x8B, 8])
            let plain = try await world.get("/v1/clash/clan/L0NG1")
            #expect(plain["Content-Encoding"] == nil && plain.text == long && plain["Vary"] == "Accept-Encoding")
            let short = try await world.get("/v1/clash/clan/SHORT1", ["Accept-Encoding: gzip"])
            #expect(short["Content-Encoding"] == nil && short["Vary"] == nil)
            var noise = SeededGenerator(seed: 7)
            world.publish(
                "N01SE1", body: (0..<900).map { _ in String(UInt8.random(in: 33...126, using: &noise)) }.joined())
        }
    }

    @Test func `a reader who wants it younger gets it at once, and a refresh is asked for`() async throws {
        try await World.run { (world: World) async throws in
            let id = world.publish("UV0YR2Q8")
            #expect(try await world.get(path, ["Cache-Control: max-age=10"]).status == 200)
            #expect(world.mirror.script.withLock { $0.demands }.isEmpty)
            #expect(try await world.get(path, ["Cache-Control: max-age=9"])["Age"] == "10")
            #expect(world.mirror.script.withLock { $0.demands } == [id])
        }
    }

    // MARK: Not there

    @Test func `an unknown key is accepted at once with a critical job`() async throws {
        try await World.run { (world: World) async throws in
            let answer = try await world.get(path)
            #expect(answer.status == 202 && answer["Location"] == "/v1/jobs/1" && answer["Retry-After"] == "1")
            let asked = world.mirror.script.withLock { $0.refreshes }
            #expect(asked.map(\.priority) == [.critical] && asked.map(\.cause) == ["cold"])
            let job = try await world.get("/v1/jobs/1")
            #expect(job.status == 200 && job.text.contains(#""priority":"critical""#))
            #expect(try await world.get(path, ["Cache-Control: only-if-cached"]).status == 504)
        }
    }

    @Test func `a thousand connections on one cold key make one job`() async throws {
        try await World.run { (world: World) async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<1000 { group.addTask { try await world.get(self.path).status } }
                for try await status in group { #expect(status == 202) }
            }
            #expect(world.mirror.script.withLock { $0.refreshes }.count == 1)
            #expect(world.mirror.script.withLock { $0.loads } < 20)
        }
    }

    @Test func `a scan of unknown keys is bounded, known keys are not`() async throws {
        try await World.run(configure: { $0.server.unknownKeysPerMinute = 3 }) { (world: World) async throws in
            world.publish("UV0YR2Q8")
            var statuses: [Int] = []
            for index in 0..<5 { statuses.append(try await world.get("/v1/clash/clan/SCAN\(index)").status) }
            #expect(statuses == [202, 202, 202, 429, 429])
            #expect(try await world.get(self.path).status == 200)
            #expect(try await world.get("/v1/clash/clan/SCAN0").status == 202)
            #expect(try await world.get("/v1/clash/clan/SCAN9")["Retry-After"] == "20")
            world.clock.advance(by: .seconds(20))
            #expect(try await world.get("/v1/clash/clan/SCAN9").status == 202)
        }
    }

    @Test func `with no unknown keys allowed none is queued, and the problem says so`() async throws {
        try await World.run(configure: { $0.server.unknownKeysPerMinute = 0 }) { (world: World) async throws in
            world.publish("UV0YR2Q8")
            #expect(try await world.get(self.path).status == 200)
            let refused = try await world.get("/v1/clash/clan/SCAN0", ["Prefer: wait=5"])
            #expect(refused.status == 403 && refused["Retry-After"] == nil)
            #expect(refused.text.contains("urn:freshet:problem:unknown-keys-closed"))
            #expect(refused.text.contains("unknown_keys_per_minute: 0"))
            #expect(try await world.get("/proxy/clash/clans/%23SCAN1").status == 403)
            #expect(world.mirror.script.withLock { $0.refreshes }.isEmpty)
        }
    }

    @Test func `a client that asks to wait gets the document when it comes`() async throws {
        try await World.run { (world: World) async throws in
            let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "UV0YR2Q8")
            let document = World.document(id, body: "[7]", at: world.clock.now())
            world.mirror.script.withLock { $0.attempt = document }
            let answer = try await world.get(path, ["Prefer: wait=5"])
            #expect(answer.status == 200 && answer.text == "[7]" && answer["Preference-Applied"] == "wait=5")
        }
    }

    @Test func `it waits no longer than asked`() async throws {
        try await World.run { (world: World) async throws in
            let began = world.clock.monotonic()
            let answer = try await world.get(path, ["Prefer: respond-async, wait=2"])
            #expect(answer.status == 202 && answer["Preference-Applied"] == "wait=2")
            #expect(world.clock.monotonic() - began == .seconds(2))
            world.publish("UV0YR2Q8", age: .seconds(700))
            let stale = try await world.get(path, ["Prefer: wait=3600"])
            #expect(stale.status == 200 && stale["Freshet-Stale-Reason"] == "expired")
            #expect(world.clock.monotonic() - began == .seconds(62))
        }
    }

    @Test func `nobody waits for a document whose refresh was given up on`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", age: .seconds(700))
            let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "UV0YR2Q8")
            let (store, now) = (world.mirror.store, world.clock.now())
            _ = try await store.enqueue([EnqueueRequest(document: id, priority: .high, cause: "read")], now: now)
            let leases = try await store.lease(
                LeaseRequest(admitted: [id.dataset: .low], count: 1, leaseFor: .seconds(9)), now: now)
            let note = FailureNote(kind: "timeout", message: "too slow", at: now)
            _ = try await store.end(leases.map { ($0, .dead(note)) }, now: now)
            let began = world.clock.monotonic()
            let answer = try await world.get(path, ["Prefer: wait=30"])
            #expect(answer.status == 200 && world.clock.monotonic() - began == .milliseconds(500))
        }
    }

    @Test func `what upstream does not have is remembered`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "", version: 0) { $0.presence = .missing }
            world.publish("G0NE1") { $0.presence = .gone }
            for key in ["UV0YR2Q8", "G0NE1"] {
                let answer = try await world.get("/v1/clash/clan/\(key)")
                #expect(answer.status == 404 && answer["Content-Type"] == "application/problem+json")
                #expect(answer["Cache-Control"] == "max-age=590" && answer["Age"] == "10")
            }
            #expect(world.mirror.script.withLock { $0.refreshes }.isEmpty)
        }
    }

    @Test func `a document in the store is loaded by its first read`() async throws {
        try await World.run { (world: World) async throws in
            let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "UV0YR2Q8")
            var content = FetchedContent(
                body: Array("[1]".utf8), contentHash: Array(repeating: 1, count: 16),
                bodyHash: Array(repeating: 1, count: 16), freshFor: .seconds(60))
            content.contentType = "application/json; charset=utf-8"
            _ = try await world.mirror.store.commit(
                RefreshCommit(id: id, outcome: .content(content), at: world.clock.now(), keepsHistory: true))
            let answer = try await world.get(self.path)
            #expect(answer.text == "[1]" && answer["Content-Type"] == "application/json; charset=utf-8")
            _ = try await world.get(self.path)
            #expect(world.mirror.script.withLock { $0.loads } == 1)

            let list = try await world.get("/v1/clash/clan")
            #expect(list.text.contains(#""key":"UV0YR2Q8","path":"/v1/clash/clan/UV0YR2Q8","state":"live""#))
            let history = try await world.get(self.path + "/history?bodies=1")
            #expect(history.text.contains(#""version":1"#) && history.text.contains(#""data":[1]"#))
            let then = try await world.get(self.path + "?as_of=2027-01-15T08:00:00Z")
            #expect(then.status == 200 && then.text == "[1]" && then["Freshet-Version"] == "1")
            #expect(try await world.get(self.path + "?as_of=2026-01-01").status == 404)
            #expect(try await world.get(self.path + "?as_of=now").status == 400)
        }
    }

    @Test func `lists go on by their cursor`() async throws {
        try await World.run { (world: World) async throws in
            for key in ["AAA", "BBB", "CCC"] {
                let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: key)
                let note = FailureNote(kind: "upstream-404", message: "404", at: world.clock.now())
                _ = try await world.mirror.store.commit(
                    RefreshCommit(
                        id: id, outcome: .notFound(rememberFor: .seconds(60), goneAfter: 3, note: note),
                        at: world.clock.now()))
            }
            let first = try await world.get("/v1/clash/clan?limit=2")
            #expect(first.text.contains(#""next_cursor":"BBB""#))
            #expect(first["Link"] == "</v1/clash/clan?cursor=BBB&limit=2>; rel=\"next\"")
            let second = try await world.get("/v1/clash/clan?limit=2&cursor=BBB")
            #expect(second.text.contains("CCC") && second.text.contains(#""next_cursor":null"#))
        }
    }

    @Test(arguments: [
        ("/v1/clash/clan/!!", 400, "bad-key"), ("/v1/clash/clan/a/b", 400, "bad-key"),
        ("/v1/clash/nope/1", 404, "unknown-dataset"), ("/v1/nope/clan/1", 404, "unknown-source"),
        ("/v1/clash/clan/UV0YR2Q8?foo=1", 400, "unknown-parameter"), ("/nowhere", 404, "no-such-path"),
    ])
    func `mistakes get a problem that says which`(target: String, status: Int, kind: String) async throws {
        try await World.run { (world: World) async throws in
            let answer = try await world.get(target)
            #expect(answer.status == status && answer.text.contains("urn:freshet:problem:\(kind)"))
            #expect(answer["Content-Type"] == "application/problem+json")
        }
    }

    @Test func `a wrong method is told the right ones`() async throws {
        try await World.run { (world: World) async throws in
            let answer = try await world.get(path, method: "DELETE")
            #expect(answer.status == 405 && answer["Allow"] == "GET, HEAD")
        }
    }
}
