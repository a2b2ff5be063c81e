import Testing

@testable import FreshetMock

@Suite struct `The fault schedule` {
    private func strikes(_ text: String, requests: Int, every: Duration = .seconds(1), seed: UInt64 = 1) throws -> [Int]
    {
        var schedule = FaultSchedule(seed: seed)
        schedule.replace(with: [try FaultSpec(parsing: text)], now: .zero)
        return (1...requests).filter { number in
            !schedule.decide(method: "GET", path: "/v1/clans/%232PP", key: nil, now: every * (number - 1)).isEmpty
        }
    }

    @Test(
        arguments: [
            ("500", [1, 2, 3, 4, 5, 6, 7, 8]), ("500,first=3", [1, 2, 3]), ("500,skip=5", [6, 7, 8]),
            ("500,every=3", [3, 6]),
            ("500,count=2", [1, 2]), ("500,skip=2,count=2", [3, 4]), ("500,after=3s", [4, 5, 6, 7, 8]),
            ("500,after=3s,for=2s", [4, 5]), ("500,for=PT2S", [1, 2]), ("500,rate=0", []),
            ("500,path=/clans/*", [1, 2, 3, 4, 5, 6, 7, 8]),
            ("500,path=/v1/clans/#2PP", [1, 2, 3, 4, 5, 6, 7, 8]), ("500,path=/players/*", []), ("500,path=/clans", []),
            ("500 first=1", [1]),
        ] as [(String, [Int])])
    func `modifiers choose the requests`(text: String, expected: [Int]) throws {
        #expect(try strikes(text, requests: 8) == expected)
    }

    @Test func `a rate is kept on average and repeats with the seed`() throws {
        let first = try strikes("500,rate=0.2", requests: 10_000)
        #expect((1_800...2_200).contains(first.count))
        #expect(try strikes("500,rate=0.2", requests: 10_000) == first)
        #expect(try strikes("500,rate=0.2", requests: 10_000, seed: 2) != first)
    }

    @Test func `latency stays in its range`() throws {
        var schedule = FaultSchedule(seed: 3)
        schedule.replace(with: [try FaultSpec(parsing: "latency=50ms..2s")], now: .zero)
        for _ in 0..<1_000 {
            let delay = schedule.decide(method: "GET", path: "/", key: nil, now: .zero).delay
            #expect(delay >= .milliseconds(50) && delay <= .seconds(2))
        }
    }

    @Test func `the first terminal fault wins`() throws {
        var schedule = FaultSchedule(seed: 3)
        schedule.replace(with: try FaultSpec.parse(["503,first=1", "html"]), now: .zero)
        #expect(schedule.decide(method: "GET", path: "/", key: nil, now: .zero).terminal == .status(503))
        #expect(schedule.decide(method: "GET", path: "/", key: nil, now: .zero).terminal == .html(status: 200))
    }
}

@Suite struct `Fault texts` {
    @Test(arguments: [
        ("latency=200ms", FaultKind.latency(.milliseconds(200) ... .milliseconds(200))),
        ("latency=50ms..2s", .latency(.milliseconds(50) ... .seconds(2))), ("status=503", .status(503)),
        ("404", .status(404)),
        ("429", .tooManyRequests(.none)), ("429:retry-after=30", .tooManyRequests(.seconds(30))),
        ("status=429:retry-after=date+30", .tooManyRequests(.date(30))), ("maintenance", .maintenance),
        ("reset", .reset),
        ("truncate", .truncate(keep: nil, chunked: false)), ("truncate=100B", .truncate(keep: 100, chunked: false)),
        ("garbage", .garbage(raw: false)), ("garbage:raw", .garbage(raw: true)), ("html", .html(status: 200)),
        ("oversize=1GB", .oversize(bytes: 1_000_000_000, chunked: false)),
        ("oversize=1MiB:chunked", .oversize(bytes: 1_048_576, chunked: true)),
        ("gzip-bomb=1GB", .gzipBomb(bytes: 1_000_000_000)), ("slow-body=1B/s", .slowBody(bytesPerSecond: 1)),
        ("slow-head", .slowHead(bytesPerSecond: 1)), ("empty", .empty), ("null", .null),
        ("changed-fields", .changedFields),
        ("reorder-keys", .reorderKeys), ("depth-bomb=100000", .depthBomb(100_000)),
        ("wrong-type", .wrongType("image/png")),
        ("invalid-json", .invalidJSON), ("no-response", .noResponse), ("error-200", .errorInSuccess(nil)),
        (#"error-200={"a":[1,2]}"#, .errorInSuccess(["a": [1, 2]])),
    ])
    func `every kind is read`(text: String, kind: FaultKind) throws {
        #expect(try FaultSpec(parsing: text).kind == kind)
    }

    @Test(arguments: [
        "", "nonsense", "status", "status=200", "status=999", "latency=200", "latency=2s..1s", "429:later", "reset=1",
        "503,rate=2", "503,first=0", "503,often", "503,after=10", "oversize=1", "slow-body=1", "503:retry-after=3",
        "error-200={", "truncate:half", "503,colour=red", "latency=-1s",
    ])
    func `what is wrong is refused with a sentence`(text: String) {
        #expect(throws: MockSpecError.self) { try FaultSpec(parsing: text) }
    }

    @Test func `all problems come together`() throws {
        let error = #expect(throws: MockSpecError.self) { try FaultSpec.parse(["503", "nonsense", "status=1"]) }
        #expect(error?.description.split(separator: "\n").count == 2)
    }

    @Test func `the shown text hides the key`() throws {
        let spec = try FaultSpec(parsing: "403,key=secret,first=2")
        #expect(spec.text == "403,key=<redacted>,first=2")
        #expect(spec.key == "secret")
    }
}
