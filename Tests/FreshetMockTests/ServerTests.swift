import NIOCore
import Synchronization
import Testing

@testable import FreshetMock

@Suite struct `The mock server` {
    @Test func `answers with a length, a date and a strong tag`() async throws {
        try await withMock { mock, bound async throws in
            let answer = try await bound.call("/things/1")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"name":"one","level":7,"points":[1,2,3]}"#)
            #expect(answer.header("content-type") == "application/json; charset=utf-8")
            #expect(answer.header("etag")?.hasPrefix("\"") == true)
            #expect(answer.header("date")?.hasSuffix("GMT") == true)
            #expect(bound.baseURL == "http://127.0.0.1:\(bound.port)")
        }
    }

    @Test func `answers pipelined requests in order on one connection`() async throws {
        let echo = FixedHandler { .json(.string($0.target)) }
        try await withMock(echo) { mock, bound async throws in
            let connection = try await RawConnection(bound)
            let text = (0..<200).map { bound.request("/n/\($0)") }.joined()
            try await connection.send(text)
            for number in 0..<200 {
                #expect(try await connection.answer().text == "\"/n/\(number)\"")
            }
            #expect(mock.counters().total == 200)
            #expect(mock.counters().connections == 1)
        }
    }

    @Test func `keeps the order when an earlier answer is the slower one`() async throws {
        let echo = FixedHandler { .json(.string($0.target)) }
        try await withMock(echo, faults: ["latency=60ms,path=/slow"]) { _, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/slow") + bound.request("/quick"))
            #expect(try await connection.answer().text == "\"/slow\"")
            #expect(try await connection.answer().text == "\"/quick\"")
        }
    }

    @Test func `takes requests that arrive byte by byte`() async throws {
        try await withMock { _, bound async throws in
            let connection = try await RawConnection(bound)
            for character in bound.request("/x", method: "POST", body: "{}") {
                try await connection.send(String(character))
            }
            #expect(try await connection.answer().status == 200)
        }
    }

    @Test func `answers HEAD with the length and no body`() async throws {
        try await withMock { _, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/x", method: "HEAD") + bound.request("/x"))
            let head = try await connection.answer(isHead: true)
            let get = try await connection.answer()
            #expect(head.header("content-length") == "\(get.body.count)")
            #expect(get.isComplete)
        }
    }

    @Test func `closes when asked to, and for HTTP 1.0`() async throws {
        try await withMock { _, bound async throws in
            let asked = try await RawConnection(bound)
            try await asked.send(bound.request("/x", headers: ["connection": "close"]))
            #expect(try await asked.answer().header("connection") == "close")
            await asked.waitForEnd()
            let old = try await RawConnection(bound)
            try await old.send("GET /x HTTP/1.0\r\n\r\n")
            #expect(try await old.answer().status == 200)
            await old.waitForEnd()
            #expect(!asked.wasReset && !old.wasReset)
        }
    }

    @Test func `answers 304 to a known tag and 200 to another`() async throws {
        try await withMock { _, bound async throws in
            let tag = try #require(try await bound.call("/x").header("etag"))
            #expect(try await bound.call("/x", headers: ["if-none-match": "\"a\", \(tag)"]).status == 304)
            #expect(try await bound.call("/x", headers: ["if-none-match": "W/\(tag)"]).status == 304)
            #expect(try await bound.call("/x", headers: ["if-none-match": "\"a\""]).status == 200)
        }
    }

    @Test func `last-modified stays while the content stays`() async throws {
        var options = MockOptions()
        options.sendsLastModified = true
        options.sendsETag = false
        options.cacheMaxAge = .seconds(90)
        try await withMock(FixedHandler(.json("{}")), options) { _, bound async throws in
            let first = try await bound.call("/x")
            let date = try #require(first.header("last-modified"))
            #expect(first.header("cache-control") == "max-age=90")
            #expect(try await bound.call("/x", headers: ["if-modified-since": date]).status == 304)
        }
    }

    @Test func `compresses for those who ask`() async throws {
        let text = String(repeating: "abcdefgh", count: 500)
        try await withMock(FixedHandler(.json(.string(text)))) { _, bound async throws in
            let plain = try await bound.call("/x")
            let zipped = try await bound.call("/x", headers: ["accept-encoding": "gzip, br"])
            #expect(plain.header("content-encoding") == nil)
            #expect(zipped.header("content-encoding") == "gzip")
            #expect(zipped.body.count < plain.body.count / 10)
            #expect(Gzip.decompress(zipped.body, limit: 10_000) == plain.body)
            #expect(zipped.header("etag") != plain.header("etag"))
            let tag = try #require(zipped.header("etag"))
            #expect(
                try await bound.call("/x", headers: ["accept-encoding": "gzip", "if-none-match": tag]).status == 304)
        }
    }

    @Test func `refuses what is no HTTP and bodies that are too large`() async throws {
        var options = MockOptions()
        options.maxRequestBody = 10
        try await withMock(FixedHandler(.json("{}")), options) { _, bound async throws in
            let junk = try await RawConnection(bound)
            try await junk.send("this is not http\r\n\r\n")
            #expect(try await junk.answer().status == 400)
            await junk.waitForEnd()
            #expect(try await bound.call("/x", method: "POST", body: "{\"a\":\"0123456789\"}").status == 413)
        }
    }

    @Test func `serves many connections at once`() async throws {
        try await withMock { mock, bound async throws in
            var connections: [RawConnection] = []
            for _ in 0..<300 { connections.append(try await RawConnection(bound)) }
            for _ in 0..<3 {
                for connection in connections { try await connection.send(bound.request("/x")) }
                for connection in connections { #expect(try await connection.answer().status == 200) }
            }
            #expect(mock.counters().total == 900)
            #expect(mock.counters().openConnections == 300)
        }
    }

    @Test func `shutting down closes what is open and frees the port`() async throws {
        let mock = MockUpstream(handler: FixedHandler(.json("{}")))
        let bound = try await mock.startAside()
        let connection = try await RawConnection(bound)
        try await connection.send(bound.request("/x"))
        #expect(try await connection.answer().status == 200)
        await mock.shutdown()
        await connection.waitForEnd()
        let again = try await mock.start(port: bound.port)
        #expect(again == bound)
        await mock.shutdown()
        await mock.shutdown()
    }

    @Test func `run ends when its task is cancelled`() async throws {
        let mock = MockUpstream(handler: FixedHandler(.json("{}")))
        let port = try await mock.startAside().port
        await mock.shutdown()
        let (stream, continuation) = AsyncStream.makeStream(of: BoundMock.self)
        let task = Task { try await mock.run(port: port) { continuation.yield($0) } }
        var iterator = stream.makeAsyncIterator()
        let bound = try #require(await iterator.next())
        #expect(try await bound.call("/x").status == 200)
        task.cancel()
        try await task.value
        await #expect(throws: (any Error).self) { try await RawConnection(bound) }
    }

    @Test func `a port that is taken is an error`() async throws {
        try await withMock { _, bound async throws in
            let second = MockUpstream(handler: FixedHandler(.json("{}")))
            await #expect(throws: (any Error).self) { try await second.start(port: bound.port) }
        }
    }

    @Test func `going down refuses, coming up serves on the same port`() async throws {
        try await withMock { mock, bound async throws in
            let connection = try await RawConnection(bound)
            try await connection.send(bound.request("/x"))
            _ = try await connection.answer()
            await mock.goDown()
            await connection.waitForEnd()
            await #expect(throws: (any Error).self) { try await RawConnection(bound) }
            try await mock.comeUp()
            #expect(try await bound.call("/x").status == 200)
        }
    }
}
