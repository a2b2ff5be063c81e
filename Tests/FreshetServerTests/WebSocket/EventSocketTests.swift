import FreshetCore
import FreshetEngine
import FreshetTesting
import Testing

@testable import FreshetServer

@Suite(.timeLimit(.minutes(2))) struct EventSocketTests {
    private func write(_ world: World, _ types: [String], payload: String = "{}") async throws {
        let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "A")
        _ = try await world.mirror.store.append(
            types.map { NewEvent(type: $0, source: "clash", document: id, payload: Array(payload.utf8)) },
            now: world.clock.now())
        world.mirror.eventBell.ring()
    }

    private func type(_ text: String) -> String {
        text.firstRange(of: "\"type\":\"").map { String(text[$0.upperBound...].prefix { $0 != "\"" }) } ?? text
    }

    private func offset(_ text: String) -> Int64? {
        text.firstRange(of: "\"id\":\"").flatMap {
            EventPlace(String(text[$0.upperBound...].prefix { $0 != "\"" }))?.offset
        }
    }

    private func isRefused(_ port: Int, _ fields: [(String, String)]) async -> Bool {
        do {
            try await SocketClient.open(port, "/v1/ws", fields).close()
            return false
        } catch {
            return true
        }
    }

    @Test func `a subscription gets what its filter takes, in order`() async throws {
        try await World.run { world in
            let client = try await SocketClient.open(world.port)
            #expect(await client.next()?.contains("\"op\":\"hello\"") == true)
            try await client.send(#"{"op":"subscribe","id":"s","topics":["a.*"],"source":"clash","keys":"A"}"#)
            #expect(await client.next()?.contains("\"op\":\"subscribed\"") == true)
            try await write(world, ["a.one", "b.two", "a.three"])
            #expect(await client.texts(until: "a.three").map(type) == ["a.one", "a.three"])
            try await client.send(#"{"op":"unsubscribe","id":"s"}"#)
            _ = await client.texts(until: "unsubscribed")
            try await write(world, ["a.four"])
            try await client.send(#"{"op":"ping","id":"p"}"#)
            #expect(await client.next()?.contains("\"op\":\"pong\"") == true)
            try await client.close()
        }
    }

    @Test func `a subscription to a profile gets what concerns it`() async throws {
        try await World.run { world in
            let client = try await SocketClient.open(world.port)
            try await client.send(#"{"op":"subscribe","id":"s","profile":"ann"}"#)
            _ = await client.texts(until: "\"op\":\"subscribed\"")
            let events = ["bob", nil, "ann"].map { NewEvent(type: "e", source: nil, profile: $0) }
            _ = try await world.mirror.store.append(events, now: world.clock.now())
            world.mirror.eventBell.ring()
            #expect(await client.next()?.contains(#""profile":"ann","payload":{}}"#) == true)
            try await client.close()
        }
    }

    @Test func `one that reconnects 500 times sees every event once`() async throws {
        try await World.run { world in
            let epoch = try await world.mirror.store.eventEpoch()
            var place = EventPlace(epoch: epoch, offset: 0)
            var seen: [Int64] = []
            for turn in 1...500 {
                try await write(world, ["e.\(turn)"])
                let client = try await SocketClient.open(world.port)
                try await client.send(#"{"op":"subscribe","id":"s","after":"\#(place.text)"}"#)
                // Written while it catches up, or after: it may come in either way.
                if turn.isMultiple(of: 3) { try await write(world, ["extra"]) }
                for text in await client.texts(until: "\"op\":\"subscribed\"") where text.contains("\"op\":\"event\"") {
                    let found = try #require(offset(text))
                    seen.append(found)
                    place.offset = found
                }
                try await client.close()
            }
            let client = try await SocketClient.open(world.port)
            try await client.send(#"{"op":"subscribe","id":"s","after":"\#(place.text)"}"#)
            for text in await client.texts(until: "\"op\":\"subscribed\"") where text.contains("\"op\":\"event\"") {
                seen.append(try #require(offset(text)))
            }
            #expect(seen == Array(1...Int64(500 + 166)))
            try await client.close()
        }
    }

    @Test func `events that come while it catches up are neither lost nor doubled`() async throws {
        try await World.run { world in
            try await write(world, (0..<1_000).map { "e.\($0)" })
            let epoch = try await world.mirror.store.eventEpoch()
            let client = try await SocketClient.open(world.port)
            try await client.send(#"{"op":"subscribe","id":"s","after":"\#(epoch):0"}"#)
            for round in 0..<50 { try await write(world, ["more.\(round)"]) }
            try await write(world, ["last"])
            let seen = await client.texts(until: "\"type\":\"last\"").filter { $0.contains("\"op\":\"event\"") }
            #expect(seen.compactMap(offset) == Array(1...1_051))
            try await client.close()
        }
    }

    @Test func `another log and one that is not kept are told as a gap`() async throws {
        try await World.run { world in
            try await write(world, ["a", "b", "c"])
            let epoch = try await world.mirror.store.eventEpoch()
            world.clock.advance(by: .seconds(10))
            _ = try await world.mirror.store.removeEvents(before: world.clock.now(), limit: 2)
            let client = try await SocketClient.open(world.port)
            _ = await client.next()
            try await client.send(#"{"op":"subscribe","id":"s","after":"\#(epoch):0"}"#)
            let texts = await client.texts(until: "\"op\":\"subscribed\"")
            #expect(texts.first?.contains(#""op":"gap","id":"\#(epoch):2","from":"\#(epoch):0""#) == true)
            #expect(type(texts.dropFirst().first ?? "") == "c")
            let other = try await SocketClient.open(world.port)
            _ = await other.next()
            try await other.send(#"{"op":"subscribe","id":"s","after":"other:9"}"#)
            #expect(await other.next()?.contains("\"op\":\"gap\"") == true)
            try await client.close()
            try await other.close()
        }
    }

    @Test func `a client that never reads is dropped and others do not notice`() async throws {
        try await World.run { world in
            let (slow, quick) = (try await SocketClient.open(world.port), try await SocketClient.open(world.port))
            for client in [slow, quick] {
                _ = await client.next()
                try await client.send(#"{"op":"subscribe","id":"s"}"#)
                _ = await client.next()
            }
            try await slow.stopReading()
            let large = "{\"x\":\"" + String(repeating: "y", count: 100_000) + "\"}"
            for round in 0..<200 {
                try await write(world, ["e.\(round)"], payload: large)
                #expect(type(await quick.next() ?? "") == "e.\(round)")
            }
            try await slow.startReading()
            #expect(await slow.closeCode() == 1008)
            try await quick.close()
        }
    }

    @Test func `mistakes are told and the connection goes on`() async throws {
        try await World.run { world in
            let client = try await SocketClient.open(world.port)
            _ = await client.next()
            for (message, code) in [
                ("nonsense", "bad-message"), ("[]", "bad-message"), (#"{"op":"dance"}"#, "unknown-op"),
                (#"{"op":"subscribe","topics":5}"#, "bad-filter"), (#"{"op":"subscribe","after":"x"}"#, "bad-place"),
                (#"{"op":"subscribe","profile":["ann"]}"#, "bad-filter"),
                (#"{"op":"unsubscribe","id":"q"}"#, "no-such-subscription"),
                (#"{"op":"publish","type":"custom.x"}"#, "forbidden"),
            ] {
                try await client.send(message)
                #expect(await client.next()?.contains("\"code\":\"\(code)\"") == true, "\(message)")
            }
            try await client.close()
        }
    }

    @Test func `a stopping server closes with 1001`() async throws {
        let opened = AsyncStream<SocketClient>.makeStream()
        try await World.run { world in
            let client = try await SocketClient.open(world.port)
            _ = await client.next()
            opened.continuation.yield(client)
        }
        for await client in opened.stream {
            #expect(await client.closeCode() == 1001)
            break
        }
    }

    @Test func `reads that need a token need one here`() async throws {
        try await World.run(configure: { $0.server.readsNeedToken = true }) { (world: World) async throws in
            #expect(await isRefused(world.port, []))
            let upgrade = [
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            ]
            #expect(try await world.get("/v1/ws", upgrade).status == 401)
        }
        try await World.run { (world: World) async throws in
            #expect(try await world.get("/v1/ws").status == 426)
            #expect(await isRefused(world.port, [("Origin", "http://evil.example")]))
            let same = [("Origin", "http://127.0.0.1:\(world.port)")]
            try await SocketClient.open(world.port, "/v1/ws", same).close()
        }
    }
}
