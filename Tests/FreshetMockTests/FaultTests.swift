import NIOCore
import Testing

@testable import FreshetMock

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct `Faults on the wire` {
    private func strike(_ fault: String, handler: any MockHandler = FixedHandler(.json(["name": "one", "level": 7])))
        async throws -> RawAnswer
    {
        var result = RawAnswer()
        try await withMock(handler, faults: [fault]) { _, bound async throws in result = try await bound.call("/x") }
        return result
    }

    @Test func `latency waits at least as long as asked`() async throws {
        try await withMock(faults: ["latency=40ms..60ms"]) { _, bound async throws in
            let start = ContinuousClock.now
            #expect(try await bound.call("/x").status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(40))
        }
    }

    @Test(arguments: [
        ("status=503", 503), ("404", 404), ("500", 500), ("maintenance", 503), ("html", 200), ("html=502", 502),
    ])
    func `a status is answered`(fault: String, status: Int) async throws {
        #expect(try await strike(fault).status == status)
    }

    @Test func `429 comes without, with seconds and with a date`() async throws {
        #expect(try await strike("429").header("retry-after") == nil)
        #expect(try await strike("429:retry-after=30").header("retry-after") == "30")
        var options = MockOptions()
        options.clock.unix = { .seconds(784_111_777) }
        try await withMock(FixedHandler(.json("{}")), options, faults: ["429:retry-after=date+30"]) {
            _, bound async throws in
            let answer = try await bound.call("/x")
            #expect(answer.status == 429)
            #expect(answer.header("retry-after") == "Sun, 06 Nov 1994 08:50:07 GMT")
        }
    }

    @Test func `a reset is a reset, not an end`() async throws {
        try await withMock(faults: ["reset"]) { mock, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/x"))
            await connection.waitForEnd()
            #expect(connection.wasReset)
            #expect(connection.bytes.isEmpty)
            #expect(mock.counters().total == 1)
        }
    }

    @Test(arguments: ["truncate", "truncate=3B", "truncate:chunked"])
    func `a truncated body ends early`(fault: String) async throws {
        let answer = try await strike(fault)
        #expect(answer.status == 200)
        #expect(!answer.isComplete)
        #expect(answer.body.count == (fault == "truncate=3B" ? 3 : 12))
    }

    @Test func `garbage is no JSON, raw garbage is no HTTP`() async throws {
        let answer = try await strike("garbage")
        #expect(answer.status == 200 && answer.isComplete)
        #expect(throws: MockJSONError.self) { try answer.json() }
        try await withMock(faults: ["garbage:raw"]) { _, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/x"))
            await connection.waitForEnd()
            #expect(!connection.bytes.starts(with: Array("HTTP".utf8)))
            #expect(connection.bytes.count == 512)
        }
    }

    @Test func `empty, null, depth, type, syntax and errors inside success`() async throws {
        #expect(try await strike("empty").body.isEmpty)
        #expect(try await strike("null").text == "null")
        #expect(
            try await strike("depth-bomb=1000").text == String(repeating: "[", count: 1000)
                + String(repeating: "]", count: 1000))
        let typed = try await strike("wrong-type=text/plain;charset=x")
        #expect(typed.header("content-type") == "text/plain;charset=x")
        #expect(typed.text == #"{"name":"one","level":7}"#)
        #expect(try await strike("invalid-json").text == #"{"name":"one","level":7},]"#)
        #expect(try await strike("error-200").status == 200)
        #expect(try await strike(#"error-200={"error": "a, b"},rate=1"#).text == #"{"error":"a, b"}"#)
    }

    @Test func `reordered keys are the same document, changed fields are not`() async throws {
        let fields = (0..<20).map { MockJSON.Member("field\($0)", .int($0)) }
        let document = MockJSON.object(fields)
        let handler = FixedHandler(.json(document))
        let shuffled = try await strike("reorder-keys", handler: handler).json()
        #expect(shuffled != document)
        for field in fields { #expect(shuffled[field.name] == field.value) }
        let changed = try await strike("changed-fields", handler: handler).json()
        #expect(changed["schemaVersion"] == 2)
        #expect(fields.contains { changed[$0.name] == nil })
        #expect(fields.contains { changed[$0.name] == .string($0.value.intValue.map(String.init) ?? "") })
    }

    @Test func `a gzip bomb unpacks to a valid document of the size asked`() async throws {
        let answer = try await strike("gzip-bomb=5MB")
        #expect(answer.header("content-encoding") == "gzip")
        #expect(answer.body.count < 100_000)
        let unpacked = try #require(Gzip.decompress(answer.body, limit: 6_000_000))
        #expect(unpacked.count == 5_000_000)
        #expect(try MockJSON(parsing: unpacked)["filler"] != nil)
    }

    @Test(arguments: ["oversize=3MB", "oversize=3MB:chunked"])
    func `an oversize body has the size asked`(fault: String) async throws {
        let answer = try await strike(fault)
        #expect(answer.isComplete)
        #expect(answer.body.count == 3_000_000)
        #expect((answer.header("content-length") == nil) == fault.hasSuffix("chunked"))
    }

    @Test func `a gigabyte for a client that does not read costs no memory`() async throws {
        // Other suites use memory meanwhile: what counts is that no gigabyte comes on top.
        let before = residentBytes()
        try await withMock(faults: ["oversize=1GB,path=/big"]) { _, bound async throws in
            let stalled = try await RawConnection(bound, autoRead: false)
            try await stalled.send(bound.request("/big"))
            // The same loop answers the second request only after it has written all it will of the first.
            #expect(try await bound.call("/small").status == 200)
            #expect(try await bound.call("/small").status == 200)
            #expect(residentBytes() - before < 600_000_000)
        }
    }

    @Test func `slow heads and bodies arrive whole in the end`() async throws {
        #expect(try await strike("slow-body=2kB/s").text == #"{"name":"one","level":7}"#)
        #expect(try await strike("slow-head=5kB/s").text == #"{"name":"one","level":7}"#)
    }

    @Test func `a slow body sends its head at once and then drops`() async throws {
        try await withMock(faults: ["slow-body=1B/s,path=/slow"]) { mock, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/slow"))
            while !connection.bytes.contains(UInt8(ascii: "{")) { await connection.more() }
            #expect(connection.bytes.last == UInt8(ascii: "{"))
            #expect(mock.counters().key("none")?.inFlight == 1)
        }
    }

    @Test func `no response leaves the connection open and in flight`() async throws {
        try await withMock(faults: ["no-response,path=/x"]) { mock, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/x"))
            #expect(try await bound.call("/y").status == 200)
            while mock.counters().total < 2 { _ = try await bound.call("/y") }
            #expect(connection.bytes.isEmpty && !connection.isClosed)
            #expect(mock.counters().key("none")?.inFlight == 1)
        }
    }

    @Test func `faults of one key leave the others alone`() async throws {
        try await withMock(faults: ["403,key=bad", "status=500,method=POST"]) { mock, bound async throws in
            #expect(try await bound.call("/x", headers: ["authorization": "Bearer bad"]).status == 403)
            #expect(try await bound.call("/x", headers: ["authorization": "Bearer good"]).status == 200)
            #expect(try await bound.call("/x?key=bad").status == 403)
            #expect(try await bound.call("/x", method: "POST").status == 500)
            #expect(mock.requests().allSatisfy { !$0.target.contains("bad") && !$0.faults.joined().contains("bad") })
        }
    }

    @Test func `faults combine`() async throws {
        try await withMock(faults: ["latency=20ms", "reorder-keys", "wrong-type", "slow-body=5kB/s"]) {
            mock, bound async throws in
            let answer = try await bound.call("/x")
            #expect(answer.header("content-type") == "image/png")
            #expect(answer.isComplete)
            #expect(mock.requests()[0].faults.count == 4)
        }
    }

    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096
    }
}
