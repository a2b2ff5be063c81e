import Testing

@testable import FreshetServer

@Suite struct LaneScannerTests {
    private func scan(_ text: String) -> LaneScanner.Verdict {
        Array(text.utf8).withUnsafeBytes { LaneScanner.scan($0) }
    }

    @Test func `every strict prefix of a head is incomplete`() {
        let head = Array(CorpusTests.browser.utf8)
        for length in 1..<head.count {
            let verdict = head[..<length].withUnsafeBytes { LaneScanner.scan($0) }
            guard case .incomplete = verdict else {
                Issue.record("\(length) bytes: \(verdict)")
                continue
            }
        }
        guard case .read(let whole) = scan(CorpusTests.browser + "GET") else {
            Issue.record("the whole head is not read")
            return
        }
        #expect(whole.length == head.count)
    }

    @Test func `the fields that matter are found without their blanks`() {
        let text = "GET /x HTTP/1.1\r\nHOST: h\r\nif-none-match:\t\"a\" \r\nACCEPT-encoding:gzip\r\n\r\n"
        guard case .read(let head) = scan(text) else {
            Issue.record("not read")
            return
        }
        let bytes = Array(text.utf8)
        #expect(head.target.map { bytes[$0] } == Array("/x".utf8))
        #expect(head.ifNoneMatch.map { Array(bytes[$0]) } == Array("\"a\"".utf8))
        #expect(head.acceptEncoding.map { Array(bytes[$0]) } == Array("gzip".utf8))
    }

    @Test(arguments: [
        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n", "GET /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: h\r\nRange: bytes=0-\r\n\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nPrefer: wait=1\r\n\r\n",
    ])
    func `what only the router understands is framed`(text: String) {
        guard case .framed(let length) = scan(text) else {
            Issue.record("\(scan(text))")
            return
        }
        #expect(length == text.utf8.count + (text.contains("Content-Length") ? 7 : 0))
    }

    @Test(arguments: [
        "GET /x HTTP/1.0\r\n", "GET http://h/ HTTP/1.1\r\n", "get /x HTTP/1.1\r\n", "CONNECT h:1 HTTP/1.1\r\n",
        "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /x HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", "GET /x HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
        "GET /x HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET /x HTTP/1.1\r\nA: \u{1}\r\n\r\n",
        "GET /x HTTP/1.1\r\nA b: c\r\n\r\n",
        "GET /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "GET /caf\u{e9} HTTP/1.1\r\n",
        "GET /x HTTP/1.1\nHost: h\n\n", "GET /x HTTP/1.1\r\nContent-Length: 123456789\r\n\r\n",
    ])
    func `what cannot be framed is left alone`(text: String) {
        guard case .opaque = scan(text) else {
            Issue.record("\(scan(text))")
            return
        }
    }

    @Test func `control bytes are found wherever they stand`() {
        for control in [UInt8(0), 1, 8, 11, 31, 127] {
            for position in 0..<40 {
                var value = [UInt8](repeating: 0xC3, count: 40)
                value[position] = control
                let bytes = Array("GET /x HTTP/1.1\r\nHost: h\r\nA: ".utf8) + value + Array("\r\n\r\n".utf8)
                guard case .opaque = bytes.withUnsafeBytes({ LaneScanner.scan($0) }) else {
                    Issue.record("\(control) at \(position)")
                    continue
                }
            }
        }
    }
}
