import Testing

@testable import FreshetUpstream

@Suite struct BodyCollectorTests {
    private func collect(
        _ body: [UInt8], _ headers: HeaderFields = [:], plan: BodyPlan = .all(limit: 1_000_000), piece: Int = 1_000,
        method: String = "GET"
    ) throws(TransportFailure) -> BodyCollector {
        let head = TransportHead(status: 200, headers: headers)
        var collector = try BodyCollector(method: method, head: head, plan: plan)
        for start in stride(from: 0, to: body.count, by: piece) {
            try collector.append(bytes: Array(body[start..<min(start + piece, body.count)]))
        }
        try collector.finish()
        return collector
    }

    private let sample = Array((0..<5_000).map { "\($0)," }.joined().utf8)

    @Test(
        arguments: [
            ("gzip", Deflater.gzip), ("x-gzip", Deflater.gzip), ("deflate", Deflater.zlib), ("deflate", Deflater.raw),
        ],
        [1, 7, 100_000])
    func `codings are undone, however the pieces fall`(coding: (String, Int32), piece: Int) throws {
        let body = Deflater.compress(sample, window: coding.1)
        #expect(try collect(body, ["Content-Encoding": coding.0], piece: piece).bytes == sample)
    }

    @Test func `several gzip members are one body`() throws {
        let body = Deflater.compress(Array("[1,".utf8)) + Deflater.compress(Array("2]".utf8))
        #expect(try collect(body, ["Content-Encoding": "gzip"], piece: 3).bytes == Array("[1,2]".utf8))
    }

    @Test func `a declared length beyond the limit is refused before the body`() {
        #expect(kind { _ = try collect([], ["Content-Length": "1000001"]) } == .tooLarge)
        #expect(kind { _ = try collect([], ["Content-Length": "1000000"]) } == nil)
        #expect(kind { _ = try collect([], ["Content-Length": "1000001"], method: "HEAD") } == nil)
    }

    @Test func `a body is refused at the first byte beyond the limit`() {
        #expect(kind { _ = try collect(sample, plan: .all(limit: sample.count - 1)) } == .tooLarge)
        #expect(kind { _ = try collect(sample, plan: .all(limit: sample.count)) } == nil)
    }

    @Test func `a gzip bomb costs no more than the limit`() throws {
        let bomb = Deflater.compress([UInt8](repeating: 0x20, count: 20_000_000))
        #expect(bomb.count < 50_000)
        var collector = try BodyCollector(
            method: "GET", head: TransportHead(status: 200, headers: ["Content-Encoding": "gzip"]),
            plan: .all(limit: 100_000))
        #expect(kind { try collector.append(bytes: bomb) } == .tooLarge)
        #expect(collector.bytes.count <= 100_000)
        #expect(collector.bytes.capacity < 1_000_000)
    }

    @Test func `a beginning is kept and the rest dropped`() throws {
        let collector = try collect(sample, plan: .first(limit: 10))
        #expect(collector.bytes == Array(sample.prefix(10)))
        #expect(collector.isCut)
        #expect(try !collect(sample, plan: .first(limit: sample.count)).isCut)
    }

    @Test func `a compressed body that is cut or corrupt is a failure`() {
        let body = Deflater.compress(sample)
        #expect(kind { _ = try collect(Array(body.dropLast(20)), ["Content-Encoding": "gzip"]) } == .truncated)
        #expect(kind { _ = try collect(Array(body.dropLast(1)), ["Content-Encoding": "gzip"]) } == .truncated)
        #expect(kind { _ = try collect(sample, ["Content-Encoding": "gzip"]) } == .badEncoding)
        #expect(kind { _ = try collect(body + Array("junk".utf8), ["Content-Encoding": "gzip"]) } == .badEncoding)
        var broken = body
        broken[body.count / 2] ^= 0xFF
        #expect(kind { _ = try collect(broken, ["Content-Encoding": "gzip"]) } != nil)
    }

    @Test func `codings that were not offered are refused`() {
        #expect(kind { _ = try collect(sample, ["Content-Encoding": "br"]) } == .badEncoding)
        #expect(kind { _ = try collect(sample, ["Content-Encoding": "gzip, gzip"]) } == .badEncoding)
        #expect(kind { _ = try collect(sample, ["Content-Encoding": "identity"]) } == nil)
    }

    @Test func `no body at all has no coding`() throws {
        #expect(try collect([], ["Content-Encoding": "gzip"]).bytes.isEmpty)
    }

    private func kind(_ body: () throws -> Void) -> TransportFailure.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? TransportFailure)?.kind
        }
    }
}
