import FreshetCore
import Synchronization
import Testing

@testable import FreshetServer

@Suite struct AccessTests {
    private func token(_ world: World, _ role: String, _ with: [String] = []) async throws -> (
        id: String, token: String
    ) {
        let made = try await world.post("/admin/tokens", #"{"name":"n","role":"\#(role)"}"#, with)
        #expect(made.status == 201)
        let words = made.text.split(separator: "\"").map(String.init)
        return (words.first { $0.hasPrefix("t_") } ?? "", words.first { $0.hasPrefix("fr_") } ?? "")
    }

    @Test func `without tokens only this machine may write`() async throws {
        try await World.run { (world: World) async throws in
            #expect(try await world.get("/admin/status").status == 200)
            #expect(try await world.get("/admin/status", ["Origin: http://evil.example"]).status == 403)
            #expect(try await world.get("/admin/status", ["Sec-Fetch-Site: cross-site"]).status == 403)
            let rebound = "GET /admin/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            let bytes = try await RawClient.exchange(port: world.port, [Array(rebound.utf8)])
            #expect(try RawAnswer(bytes).status == 403)
        }
    }

    @Test func `with a token configured this machine needs one, too`() async throws {
        try await World.run { (world: World) async throws in
            let admin = try await token(world, "admin")
            let bearer = ["Authorization: Bearer \(admin.token)"]
            #expect(try await world.get("/admin/status").status == 401)
            #expect(try await world.get("/admin/status", bearer).status == 200)
            let reader = try await token(world, "reader", bearer)
            let refused = try await world.get("/admin/status", ["Authorization: Bearer \(reader.token)"])
            #expect(refused.status == 403)
            let op = try await token(world, "operator", bearer)
            #expect(try await world.get("/admin/status", ["Authorization: bearer \(op.token)"]).status == 200)
            #expect(try await world.get("/admin/tokens", ["Authorization: Bearer \(op.token)"]).status == 403)
            let gone = try await world.get("/admin/tokens/\(op.id)", bearer, method: "DELETE")
            #expect(gone.status == 200)
            #expect(try await world.get("/admin/status", ["Authorization: Bearer \(op.token)"]).status == 401)
        }
    }

    @Test func `a token is kept as a hash and listed without it`() async throws {
        try await World.run { (world: World) async throws in
            let admin = try await token(world, "admin")
            #expect(admin.token.utf8.count == 46)
            let list = try await world.get("/admin/tokens", ["Authorization: Bearer \(admin.token)"])
            #expect(!list.text.contains(admin.token) && list.text.contains(admin.id))
            let kept = try await world.mirror.store.tokens()
            #expect(kept.count == 1 && kept[0].hash.count == 32)
        }
    }

    @Test func `a refresh is queued for those who may`() async throws {
        try await World.run { (world: World) async throws in
            let body = ##"{"source":"clash","dataset":"clan","key":"#uv0","priority":"critical"}"##
            let answer = try await world.post("/v1/refresh", body)
            #expect(answer.status == 202 && answer["Location"] == "/v1/jobs/1")
            let asked = world.mirror.script.withLock { $0.refreshes }
            #expect(asked.map(\.document.key) == ["UV0"] && asked.map(\.cause) == ["operator"])
            #expect(try await world.get("/v1/refresh", method: "POST", body: body).status == 415)
            #expect(try await world.post("/v1/refresh", "{").status == 400)
            #expect(try await world.post("/v1/refresh", String(repeating: " ", count: 70_000)).status == 413)
        }
    }

    @Test func `keys are parked and returned`() async throws {
        try await World.run { (world: World) async throws in
            #expect(try await world.post("/admin/keys/clash/k1/park", #"{"seconds":60}"#).status == 200)
            #expect(try await world.post("/admin/keys/clash/k1/unpark", "").status == 200)
            #expect(try await world.post("/admin/keys/clash/zz/park", #"{"seconds":60}"#).status == 404)
            #expect(world.mirror.script.withLock { $0.parked } == ["60.0 seconds", "back"])
        }
    }

    @Test func `the queue can be looked at, retried and dropped`() async throws {
        try await World.run { (world: World) async throws in
            _ = try await world.get("/v1/clash/clan/COLD1")
            let list = try await world.get("/admin/queue?state=ready")
            #expect(list.text.contains(#""key":"COLD1""#) || list.text.contains(#""key":"C0LD1""#))
            #expect(try await world.post("/admin/queue/drop", "{}").status == 400)
            #expect(try await world.post("/admin/queue/drop", #"{"jobs":[1]}"#).text == "{\"dropped\":1}\n")
            #expect(try await world.post("/admin/queue/retry", #"{"all":true}"#).text == "{\"retried\":0}\n")
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8080", true), ("localhost", true), ("[::1]:8080", true), ("10.0.0.7:80", true), ("", true),
        ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example:80", false),
    ])
    func `names that can be pointed anywhere are not local`(authority: String, isLocal: Bool) {
        #expect(LoopbackTrust.isLocal(authority) == isLocal)
    }

    @Test func `clients are grouped by address, IPv6 by network`() {
        #expect(ClientAddress(bytes: [127, 0, 0, 9]).isLoopback)
        #expect(!ClientAddress(bytes: [10, 0, 0, 9]).isLoopback)
        let v6 = [UInt8](repeating: 0, count: 15) + [1]
        #expect(ClientAddress(bytes: v6).isLoopback)
        let mapped = [UInt8](repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1]
        #expect(ClientAddress(bytes: mapped).isLoopback)
        let a = ClientAddress(bytes: [32, 1, 13, 184, 0, 0, 0, 1] + [UInt8](repeating: 7, count: 8))
        let b = ClientAddress(bytes: [32, 1, 13, 184, 0, 0, 0, 1] + [UInt8](repeating: 9, count: 8))
        #expect(a == b)
    }
}
