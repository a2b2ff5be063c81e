import FreshetCore
import FreshetEngine
import FreshetTesting
import NIOCore
import Synchronization
import Testing

/// What the fast lane takes, and what it leaves; seen through the numbers it shows.
@Suite struct LaneTests {
    /// The lane's counters, by the name after `freshet_lane_`.
    static func counters(_ world: World) async throws -> [String: Int] {
        let page = try await world.get("/metrics").text
        var result: [String: Int] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("freshet_lane_") {
            let parts = line.dropFirst("freshet_lane_".count).split(separator: " ")
            result[String(parts[0])] = Int(parts[1])
        }
        return result
    }

    private func send(_ world: World, _ text: String) async throws -> String {
        String(decoding: try await RawClient.exchange(port: world.port, [Array(text.utf8)]), as: UTF8.self)
    }

    @Test func `a path is the lane's from its second request on, in every spelling`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            let paths = ["/v1/clash/clan/%23UV0YR2Q8", "/v1/clash/clan/UV0YR2Q8", "/proxy/clash/clans/%23UV0YR2Q8"]
            for _ in 0..<3 { for path in paths { _ = try await self.send(world, CorpusTests.get(path)) } }
            let counters = try await Self.counters(world)
            #expect(counters["reads_total{outcome=\"hit\"}"] == 6)
            #expect(counters["detours_total"] == 3)
        }
    }

    @Test func `a detour brings the connection back to the lane`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            _ = try await self.send(world, CorpusTests.plain)
            let before = try await Self.counters(world)
            let text = try await self.send(
                world,
                CorpusTests.plain + CorpusTests.get("/livez") + CorpusTests.plain
                    + "POST /v1/refresh HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + CorpusTests.plain)
            let after = try await Self.counters(world)
            #expect(text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) } == ["200", "200", "200", "403", "200"])
            #expect(after["reads_total{outcome=\"hit\"}"] == 3)
            #expect((after["detours_total"] ?? 0) - (before["detours_total"] ?? 0) == 2)
        }
    }

    @Test func `reads through the lane are counted as reads, with the moment of the last`() async throws {
        try await World.run { (world: World) async throws in
            let id = world.publish("UV0YR2Q8")
            for _ in 0..<3 { _ = try await self.send(world, CorpusTests.plain + CorpusTests.plain) }
            #expect(world.mirror.catalog.reads(of: id) == 6)
            let drained = world.mirror.catalog.drainReads()
            #expect(drained.map(\.count) == [6] && drained.first?.last == world.clock.now())
        }
    }

    @Test func `a stale hit is answered at once and asked for once`() async throws {
        try await World.run { (world: World) async throws in
            let id = world.publish("UV0YR2Q8", age: .seconds(700))
            for _ in 0..<5 { _ = try await self.send(world, CorpusTests.plain) }
            #expect(world.mirror.script.withLock { $0.demands } == [id])
            world.clock.advance(by: .seconds(31))
            _ = try await self.send(world, CorpusTests.plain)
            #expect(world.mirror.script.withLock { $0.demands } == [id, id])
        }
    }

    @Test func `an evicted or removed document is no longer the lane's`() async throws {
        try await World.run { (world: World) async throws in
            let id = world.publish("UV0YR2Q8")
            _ = try await self.send(world, CorpusTests.plain)
            world.mirror.catalog.remove(id)
            let text = try await self.send(world, CorpusTests.plain)
            #expect(text.hasPrefix("HTTP/1.1 202"))
        }
    }

    @Test func `a new version is answered from the next request on`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "1")
            _ = try await self.send(world, CorpusTests.plain)
            world.publish("UV0YR2Q8", body: "2", version: 2, age: .zero)
            let text = try await self.send(world, CorpusTests.plain)
            #expect(text.hasSuffix("\r\n\r\n2") && text.contains("\"v2-0202020202020202\""))
        }
    }

    @Test func `closed reads need a token in the lane as in the router`() async throws {
        try await World.run(configure: { $0.server.readsNeedToken = true }) { (world: World) async throws in
            world.publish("UV0YR2Q8")
            let made = try await world.post("/admin/tokens", #"{"name":"r","role":"reader"}"#)
            let token = made.text.split(separator: "\"").first { $0.hasPrefix("fr_") } ?? ""
            let path = "/v1/clash/clan/UV0YR2Q8"
            for _ in 0..<2 {
                let good = try await self.send(world, CorpusTests.get(path, "Authorization: Bearer \(token)"))
                #expect(good.hasPrefix("HTTP/1.1 200"))
                #expect(try await self.send(world, CorpusTests.plain).hasPrefix("HTTP/1.1 401"))
                let bad = try await self.send(world, CorpusTests.get(path, "Authorization: Bearer fr_wrong"))
                #expect(bad.hasPrefix("HTTP/1.1 401"))
            }
            #expect(try await Self.counters(world)["reads_total{outcome=\"hit\"}"] == 1)
        }
    }

    /// Sizes that are copied, sent as files, and sent beside their head.
    @Test(arguments: [(300, 20_000), (9_000, 2_000), (20_000, 1_000), (60_000, 300), (200_000, 100)])
    func `a client that reads slowly gets everything`(size: Int, count: Int) async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "[\"" + String(repeating: "x", count: size) + "\"]")
            let one = try await RawClient.exchange(port: world.port, [Array(CorpusTests.plain.utf8)])
            #expect(one.count > size)
            let all = try await RawClient.exchange(
                port: world.port, [Array(String(repeating: CorpusTests.plain, count: count).utf8)])
            #expect(all.count == one.count * count && all.suffix(one.count).elementsEqual(one))
        }
    }

    @Test func `answers of lane and router keep their order when the client cannot follow`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8", body: "[\"" + String(repeating: "x", count: 40_000) + "\"]")
            let router = CorpusTests.get("/v1/clash/clan/UV0YR2Q8?envelope=1")
            let requests = [String(repeating: CorpusTests.plain, count: 9), router, CorpusTests.plain, router]
            var expected: [UInt8] = []
            for request in requests {
                _ = try await RawClient.exchange(port: world.port, [Array(request.utf8)])
                expected += try await RawClient.exchange(port: world.port, [Array(request.utf8)])
            }
            let count = 20
            let text = String(repeating: requests.joined(), count: count)
            let all = try await RawClient.exchange(port: world.port, [Array(text.utf8)])
            #expect(all.count == expected.count * count)
            for turn in 0..<count where !all.dropFirst(turn * expected.count).starts(with: expected) {
                Issue.record("turn \(turn) differs")
            }
        }
    }

    @Test func `an idle keep-alive connection does not hold up the end of the server`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            let (channel, collector) = try await RawClient.connect(port: world.port)
            try await channel.writeAndFlush(ByteBuffer(string: CorpusTests.plain))
            _ = try await collector.bytes(100, on: channel.eventLoop)
            // The connection stays open; leaving this closure stops the server, which must not wait for the client.
        }
    }
}
