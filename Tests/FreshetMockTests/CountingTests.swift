import Testing

@testable import FreshetMock

@Suite struct `Window lengths in reports` {
    @Test(arguments: [
        (Duration.seconds(1), "PT1S"), (.milliseconds(250), "PT0.25S"), (.seconds(60), "PT1M"),
        (.seconds(3_600), "PT1H"),
        (.seconds(5_405), "PT1H30M5S"), (.seconds(86_400), "P1D"), (.seconds(90_000), "PT25H"),
        (.nanoseconds(1), "PT0.000000001S"),
        (.zero, "PT0S"),
    ])
    func `are ISO 8601, as configuration writes them`(length: Duration, text: String) throws {
        #expect(MockUnits.iso(length) == text)
        if length > .zero { #expect(try MockUnits.duration(text) == length) }
    }
}

@Suite struct `The window log` {
    /// The definition, in the slowest way: for every arrival, the arrivals in the window that ends with it.
    private func slow(_ times: [Int64], _ window: Int64) -> Int {
        times.indices.map { end in times[...end].count { times[end] - $0 < window } }.max() ?? 0
    }

    @Test(arguments: 0..<60)
    func `agrees with the definition on random arrivals`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let windows: [Duration] = [.nanoseconds(1), .nanoseconds(10), .nanoseconds(100), .nanoseconds(1_000)]
        var log = WindowLog(windows: windows)
        var (times, now): ([Int64], Int64) = ([], 0)
        for _ in 0..<600 {
            now +=
                Bool.random(using: &random)
                ? Int64.random(in: 0...3, using: &random) : Int64.random(in: 0...40, using: &random)
            times.append(now)
            log.record(at: now)
        }
        #expect(log.maxima == windows.map { slow(times, $0.nanosecondsClamped) })
        #expect(log.isExact)
    }

    @Test(arguments: 0..<20)
    func `waiting as told brings the count under the limit, and no earlier`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var log = WindowLog(windows: [.nanoseconds(100)])
        var now: Int64 = 0
        for _ in 0..<500 {
            now += Int64.random(in: 0...20, using: &random)
            var probe = log
            let wait = probe.wait(0, for: 5, at: now)
            if wait > 0 {
                var before = log
                #expect(before.count(0, at: now + wait - 1) >= 5)
                var after = log
                #expect(after.count(0, at: now + wait) < 5)
            }
            log.record(at: now)
        }
    }

    @Test func `the edge of a window belongs to the next one`() {
        var log = WindowLog(windows: [.seconds(1)])
        log.record(at: 0)
        log.record(at: 999_999_999)
        #expect(log.maxima == [2])
        log.record(at: 1_000_000_000)
        #expect(log.maxima == [2])
        log.record(at: 1_000_000_000)
        #expect(log.maxima == [3])
    }

    @Test func `old times are let go`() {
        var log = WindowLog(windows: [.nanoseconds(10)])
        for now in 0..<100_000 { log.record(at: Int64(now)) }
        #expect(log.maxima == [10])
        #expect(log.count(0, at: 100_008) == 1)
        #expect(log.count(0, at: 200_000) == 0)
    }
}

@Suite struct `Limit rules` {
    @Test(arguments: [
        ("key:40/1s", LimitRule.Scope.key, 40, Duration.seconds(1)), ("account:900/10s", .account, 900, .seconds(10)),
        ("ip:5/m", .ip, 5, .seconds(60)), ("key:500000/P1D", .key, 500_000, .seconds(86_400)),
        ("endpoint=/clans/*/currentwar:20/1s", .endpoint(PathPattern("/clans/*/currentwar")), 20, .seconds(1)),
    ])
    func `are read`(text: String, scope: LimitRule.Scope, calls: Int, per: Duration) throws {
        let rule = try LimitRule(parsing: text)
        #expect(rule.scope == scope && rule.calls == calls && rule.per == per && rule.text == text)
    }

    @Test(arguments: [
        "", "key", "key:", "key:0/1s", "key:4", "key:4/0s", "user:4/1s", "endpoint=:4/1s", "key:4/5",
        "key:concurrency=0",
    ])
    func `are refused when they make no sense`(text: String) {
        #expect(throws: MockSpecError.self) { try LimitRule(parsing: text) }
    }
}

@Suite struct `The ledger` {
    private func ledger(_ rules: [String], enforce: Bool = false, names: [String: String] = [:]) throws -> TrafficLedger
    {
        TrafficLedger(
            rules: try rules.map { try LimitRule(parsing: $0) }, windows: [.seconds(1)], names: names, salt: 9,
            enforce: enforce)
    }

    private func arrival(_ key: String?, _ path: Substring = "/clans/1", account: String = "a") -> TrafficLedger.Arrival
    {
        .init(key: key, account: account, ip: "10.0.0.1", path: path, endpoint: "GET \(PathTemplate.guess(path))")
    }

    @Test func `counts violations by key and says when the first was`() throws {
        var ledger = try ledger(["key:2/1s"])
        for millisecond in [0, 100, 200, 1_050, 1_150, 1_160] {
            _ = ledger.arrive(arrival("one"), now: .milliseconds(millisecond))
        }
        _ = ledger.arrive(arrival("two"), now: .milliseconds(1_170))
        let report = ledger.report(origin: .zero, connections: 0, openConnections: 0)
        #expect(report.limits.map(\.violations) == [4, 0])
        #expect(report.limits.map(\.maxInWindow) == [4, 1])
        #expect(report.limits[0].firstViolation == .milliseconds(200))
        #expect(report.limits[0].subject == "key1")
        #expect(report.violations == 4)
        #expect(report.total == 7)
    }

    @Test func `an exact limit is no violation`() throws {
        var ledger = try ledger(["key:40/1s", "account:80/2s"])
        for step in 0..<400 { _ = ledger.arrive(arrival("k"), now: .milliseconds(25 * step)) }
        #expect(ledger.report(origin: .zero, connections: 0, openConnections: 0).violations == 0)
        _ = ledger.arrive(arrival("k"), now: .milliseconds(25 * 399))
        #expect(ledger.report(origin: .zero, connections: 0, openConnections: 0).violations == 2)
    }

    @Test func `enforcing refuses, tells the wait, and does not count the refused against the quota`() throws {
        var ledger = try ledger(["key:2/1s"], enforce: true)
        #expect(ledger.arrive(arrival("k"), now: .zero).refusal == nil)
        #expect(ledger.arrive(arrival("k"), now: .milliseconds(300)).refusal == nil)
        let refused = ledger.arrive(arrival("k"), now: .milliseconds(400)).refusal
        #expect(refused?.wait == .milliseconds(600))
        for _ in 0..<50 { #expect(ledger.arrive(arrival("k"), now: .milliseconds(500)).refusal != nil) }
        #expect(ledger.arrive(arrival("k"), now: .milliseconds(1_000)).refusal == nil)
        #expect(ledger.arrive(arrival("other"), now: .milliseconds(1_000)).refusal == nil)
        #expect(ledger.report(origin: .zero, connections: 0, openConnections: 0).limits[0].rejected == 51)
    }

    @Test(arguments: 0..<10)
    func `what enforcing lets through never breaks the limit`(seed: Int) throws {
        var ledger = try ledger(["key:5/1s", "account:12/3s"], enforce: true)
        var random = SeededRandom(seed: UInt64(seed))
        var logs = [WindowLog(windows: [.seconds(1)]), WindowLog(windows: [.seconds(1)])]
        var account = WindowLog(windows: [.seconds(3)])
        var now: Int64 = 0
        for _ in 0..<3_000 {
            now += Int64.random(in: 0...150_000_000, using: &random)
            let key = Int.random(in: 0...1, using: &random)
            guard ledger.arrive(arrival("k\(key)"), now: .nanoseconds(now)).refusal == nil else { continue }
            logs[key].record(at: now)
            account.record(at: now)
        }
        #expect(logs.map(\.maxima) == [[5], [5]])
        #expect(account.maxima == [12])
    }

    @Test func `endpoint rules see only their paths, below any base path`() throws {
        var ledger = try ledger(["endpoint=/clans/*:1/1s"])
        for path in ["/v1/clans/%232PP", "/clans/1", "/clans/1/members", "/players/1"] as [Substring] {
            _ = ledger.arrive(arrival("k", path), now: .zero)
        }
        let limits = ledger.report(origin: .zero, connections: 0, openConnections: 0).limits
        #expect(limits.count == 1)
        #expect(limits[0].total == 2 && limits[0].violations == 1)
    }

    @Test func `concurrency counts what is in progress`() throws {
        var ledger = try ledger(["key:concurrency=1"])
        let first = ledger.arrive(arrival("k"), now: .zero)
        let second = ledger.arrive(arrival("k"), now: .zero)
        ledger.finish(first, status: 200)
        ledger.finish(second, status: 0)
        _ = ledger.arrive(arrival("k"), now: .zero)
        let report = ledger.report(origin: .zero, connections: 0, openConnections: 0)
        #expect(report.limits[0].violations == 1)
        #expect(report.limits[0].maxInFlight == 2)
        #expect(report.keys[0].inFlight == 1)
        #expect(report.keys[0].statuses == [200: 1, 0: 1])
    }

    @Test func `keys are named, never shown`() throws {
        var ledger = try ledger(["key:1/1s"], names: ["secret-a": "key1"])
        for key in ["secret-b", "secret-a", nil] { _ = ledger.arrive(arrival(key), now: .zero) }
        let report = ledger.report(origin: .zero, connections: 0, openConnections: 0)
        #expect(report.keys.map(\.name) == ["key2", "key1", "none"])
        #expect(report.limits.map(\.subject) == ["key2", "key1", "none"])
        #expect(!report.json.text.contains("secret"))
    }

    @Test func `a reset forgets, and a request from before it does no harm`() throws {
        var ledger = try ledger(["key:1/1s"])
        let old = ledger.arrive(arrival("k"), now: .zero)
        ledger.reset()
        ledger.finish(old, status: 200)
        let report = ledger.report(origin: .zero, connections: 0, openConnections: 0)
        #expect(report.total == 0 && report.keys.isEmpty && report.limits.isEmpty)
    }
}

@Suite struct `Paths and units` {
    @Test(
        arguments: [
            ("/v1/clans/%232PP/currentwar", "/v1/clans/{}/currentwar"),
            ("/repos/apple/swift-nio/issues", "/repos/apple/swift-nio/issues"),
            ("/faction/42133", "/faction/{}"), ("/", "/"), ("/api/v2/pokemon/25/", "/api/v2/pokemon/{}"),
        ] as [(Substring, String)])
    func `templates are guessed`(path: Substring, template: String) { #expect(PathTemplate.guess(path) == template) }

    @Test(
        arguments: [
            ("/a/**", "/a/b/c", true), ("/a/**", "/a", true), ("/a/*", "/a/b/c", false), ("*.json", "/x/y.json", true),
            ("/a/{id}/c", "/v2/a/7/c", true), ("/a//b/", "/a/b", true), ("/**/c", "/a/b/c", true), ("/A", "/a", false),
        ] as [(String, Substring, Bool)])
    func `patterns match`(pattern: String, path: Substring, matches: Bool) {
        #expect(PathPattern(pattern).matches(path) == matches)
    }

    @Test func `dates are right`() {
        #expect(CivilTime(unixSeconds: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(CivilTime(unixSeconds: 951_782_400).rfc3339 == "2000-02-29T00:00:00Z")
        #expect(CivilTime(unixSeconds: 0).rfc3339(milliseconds: .milliseconds(7)) == "1970-01-01T00:00:00.007Z")
        #expect(CivilTime(unixSeconds: -1).rfc3339 == "1969-12-31T23:59:59Z")
        #expect(CivilTime(unixSeconds: 1_704_067_200).compact == "20240101T000000.000Z")
    }

    @Test func `JSON keeps order, numbers and duplicates`() throws {
        let text = #"{"b":1.0,"a":[true,null,-0.5e+3,"é\n\u0001"],"b":12345678901234567890123}"#
        #expect(try MockJSON(parsing: text).text == text)
        #expect(try MockJSON(parsing: #""\ud83d\ude00\/""#) == "😀/")
        for bad in ["", "{", "[1,]", "01", "\"\\ud800\"", "{\"a\" 1}", "nul", "1 2", "[1 2]", "-", "1."] {
            #expect(throws: MockJSONError.self) { try MockJSON(parsing: bad) }
        }
        #expect(throws: MockJSONError.self) { try MockJSON(parsing: String(repeating: "[", count: 100_000)) }
    }
}
