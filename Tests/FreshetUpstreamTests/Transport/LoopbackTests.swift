import FreshetCore
import Testing

@testable import FreshetUpstream

/// The real client against a real socket: what only the network can do wrong.
@Suite struct LoopbackTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

    private static func ok(_ body: String, _ more: String = "") -> LoopbackServer.Action {
        .send(head + more + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    }

    private func fetch(
        _ base: String, permits: CheckedPermits = CheckedPermits([Samples.key]), clock: HandClock = HandClock(),
        key: String = "7", maxBody: Int = 1 << 20, times: Int = 1
    ) async throws -> FetchResult {
        let upstream = HTTPUpstream(clock: clock)
        var source = Samples.source(.bearer, base: base)
        source.maxBody = maxBody
        let request = FetchRequest(source: source, dataset: try Samples.dataset(), key: key)
        var result = await upstream.fetch(request, permits: permits)
        for _ in 1..<times { result = await upstream.fetch(request, permits: permits) }
        await upstream.close()
        #expect(permits.misuse.isEmpty)
        return result
    }

    @Test func `a document comes over the wire, and the connection is used again`() async throws {
        try await LoopbackServer.run({ _, _ in [Self.ok("{\"a\":1}")] }) { server async throws in
            let result = try await fetch(server.base + "/v1", key: "%23UV%2Fx", times: 3)
            #expect(result.text == "{\"a\":1}")
            #expect(server.connections == 1)
            let request = try #require(server.requests.first)
            #expect(request.line == "GET /v1/items/%23UV%2Fx HTTP/1.1")
            #expect(request.headers["host"] == "127.0.0.1:\(server.port)")
            #expect(request.headers["authorization"] == "Bearer " + Samples.secret)
            #expect(request.headers["accept-encoding"] == "gzip, deflate")
            #expect(request.headers["user-agent"] == "freshet")
        }
    }

    @Test func `IPv6 works`() async throws {
        try await LoopbackServer.run(host: "::1", { _, _ in [Self.ok("[]")] }) { server async throws in
            #expect(try await fetch("http://[::1]:\(server.port)").text == "[]")
        }
    }

    @Test func `gzip is undone`() async throws {
        let body = Deflater.compress(Array("[1,2,3]".utf8))
        let head = Self.head + "Content-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n"
        try await LoopbackServer.run({ _, _ in [.send(head), .bytes(body)] }) { server async throws in
            #expect(try await fetch(server.base).text == "[1,2,3]")
        }
    }

    @Test func `a declared oversize is refused before its body, and the connection closed`() async throws {
        let head = Self.head + "Content-Length: 1000000000\r\n\r\n["
        try await LoopbackServer.run({ _, _ in [.send(head)] }) { server async throws in
            #expect(try await fetch(server.base).word == "too-large")
            await server.waitForClose()
        }
    }

    @Test func `an endless body is cut off at the limit`() async throws {
        let piece = "8000\r\n" + String(repeating: "1,", count: 16_384) + "\r\n"
        let head = Self.head + "Transfer-Encoding: chunked\r\n\r\n"
        try await LoopbackServer.run({ _, _ in [.send(head), .flood(Array(piece.utf8))] }) { server async throws in
            #expect(try await fetch(server.base, maxBody: 200_000).word == "too-large")
            await server.waitForClose()
            // Socket buffers hold some megabytes; what matters is that nobody reads on.
            #expect(server.flooded < 64 << 20)
        }
    }

    @Test func `a gzip bomb is cut off at the limit`() async throws {
        let bomb = Deflater.compress([UInt8](repeating: 0x20, count: 50 << 20))
        let head = Self.head + "Content-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"
        try await LoopbackServer.run({ _, _ in [.send(head), .bytes(bomb)] }) { server async throws in
            #expect(try await fetch(server.base).word == "too-large")
        }
    }

    @Test(
        arguments: [
            ([.send(head + "Content-Length: 100\r\n\r\n[1,2"), .close], "truncated"),
            ([.send(head + "Content-Length: 100\r\n\r\n[1,2"), .reset], "truncated"),
            ([.send(head + "Transfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n"), .close], "truncated"),
            ([.send(head + "Transfer-Encoding: chunked\r\n\r\nFFFF\r\n[1"), .close], "truncated"),
            ([.send(head + "\r\n[1,2"), .close], "truncated"), ([.close], "reset"), ([.reset], "reset"),
            ([.send("HTTP/1.1 200 OK\r\nConte"), .close], "reset"), ([.send("hello?\r\n\r\n")], "protocol"),
            ([.send("SSH-2.0-x\r\n")], "protocol"),
            ([.send(head + "\r\n"), .close], "empty"), ([.send("HTTP/1.1 204 No Content\r\n\r\n")], "empty"),
            ([.send("HTTP/1.1 503 Gone\r\nContent-Length: 9\r\n\r\n{"), .close], "upstream-503"),
        ] as [([LoopbackServer.Action], String)])
    func `a connection that breaks says how`(actions: [LoopbackServer.Action], kind: String) async throws {
        try await LoopbackServer.run({ _, _ in actions }) { server async throws in
            let permits = CheckedPermits([Samples.key])
            let result = try await fetch(server.base, permits: permits)
            #expect(result.word == kind)
            #expect(permits.outcomes == [kind])
        }
    }

    @Test func `a body without a length that ends with the connection is whole`() async throws {
        try await LoopbackServer.run({ _, _ in [.send(Self.head + "\r\n[1,2]"), .close] }) { server async throws in
            #expect(try await fetch(server.base).text == "[1,2]")
        }
    }

    @Test func `the head is reported before the body is there, and a slow body ends at the deadline`() async throws {
        let clock = HandClock()
        let permits = CheckedPermits([Samples.key]) { clock.advance(by: .seconds(31)) }
        try await LoopbackServer.run({ _, _ in [.send(Self.head + "Content-Length: 100\r\n\r\n[1,")] }) {
            server async throws in
            let result = try await fetch(server.base, permits: permits, clock: clock)
            #expect(result.word == "slow-body")
            #expect(result.failure?.status == 200)
            #expect(permits.heads == [200])
            await server.waitForClose()
        }
    }

    @Test func `a server that never answers ends at the deadline`() async throws {
        let clock = HandClock()
        try await LoopbackServer.run({ _, _ in
            clock.advance(by: .seconds(31))
            return []
        }) { server async throws in
            #expect(try await fetch(server.base, clock: clock).word == "timeout")
            await server.waitForClose()
        }
    }

    @Test func `a cancelled call closes its connection and finishes its permit`() async throws {
        let arrived = Gate()
        let permits = CheckedPermits([Samples.key])
        try await LoopbackServer.run({ _, _ in
            arrived.open()
            return []
        }) { server async throws in
            let base = server.base
            let task = Task { try await fetch(base, permits: permits) }
            await arrived.wait()
            task.cancel()
            #expect(try await task.value.word == "cancelled")
            await server.waitForClose()
        }
        #expect(permits.outcomes == ["cancelled"])
    }

    @Test func `closing ends calls under way`() async throws {
        let arrived = Gate()
        try await LoopbackServer.run({ _, _ in
            arrived.open()
            return []
        }) { server async throws in
            let upstream = HTTPUpstream(clock: HandClock())
            let permits = CheckedPermits()
            let request = FetchRequest(
                source: Samples.source(base: server.base), dataset: try Samples.dataset(), key: "7")
            async let result = upstream.fetch(request, permits: permits)
            await arrived.wait()
            await upstream.close()
            #expect(await result.word == "cancelled")
            #expect(await upstream.fetch(request, permits: permits).word == "cancelled")
            await upstream.close()
            #expect(permits.misuse.isEmpty)
        }
    }

    @Test func `nobody listening is a failed connection`() async throws {
        // No server of another test takes a privileged port meanwhile.
        #expect(try await fetch("http://127.0.0.1:1").word == "connect")
    }

    @Test func `TLS to a server that speaks none is a TLS failure`() async throws {
        let greeting = LoopbackServer.Action.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        try await LoopbackServer.run(greeting: [greeting], { _, _ in [] }) { server async throws in
            #expect(try await fetch("https://127.0.0.1:\(server.port)").word == "tls")
        }
    }

    @Test func `a header that cannot be sent is refused without quoting it`() async throws {
        try await LoopbackServer.run({ _, _ in [Self.ok("[]")] }) { server async throws in
            let permits = CheckedPermits([Credential(id: "x", secret: Secret("line\nbreak"))])
            let failure = try #require(try await fetch(server.base, permits: permits).failure)
            #expect(failure.kind == "bad-request")
            #expect(!failure.message.contains("break\n") && !failure.message.contains("line\n"))
            #expect(server.requests.isEmpty)
        }
    }
}
