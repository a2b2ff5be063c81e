import FreshetCore
import Testing

@Suite struct RateLimitHeadersTests {
    static let wall = instant("2026-05-01T12:00:00Z")

    static func read(_ fields: [(String, String)]) -> RateLimitHeaders {
        RateLimitHeaders(fields.map { (name: $0.0, value: $0.1) }, wall: wall)
    }

    @Test(arguments: [
        ("120", 120.0), (" 7 ", 7), ("Fri, 01 May 2026 12:01:30 GMT", 90), ("0.5", 0.5),
    ])
    func `retry-after is seconds or a date`(text: String, seconds: Double) {
        #expect(Self.read([("Retry-After", text)]).retryAfter?.inSeconds == seconds)
    }

    @Test(arguments: ["-5", "0", "soon", "99999999999", "", "Fri, 01 May 2026 11:00:00 GMT", "nan", "inf", "1e300"])
    func `a bad retry-after is ignored`(text: String) {
        #expect(Self.read([("retry-after", text)]).retryAfter == nil)
    }

    @Test func `dates count from the answer's own date, whatever our clock says`() {
        let told = Self.read([
            ("Date", "Mon, 06 Apr 2020 10:00:00 GMT"), ("Retry-After", "Mon, 06 Apr 2020 10:00:45 GMT"),
            ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1586167260"),
        ])
        #expect(told.retryAfter == .seconds(45))
        #expect(told.quotas.first?.resetsIn == .seconds(60))
    }

    @Test(arguments: [("1777637100", 300.0), ("1777637100500", 300.5), ("300", 300), ("12.5", 12.5)])
    func `a reset is an epoch in seconds or milliseconds, or a delta`(text: String, seconds: Double) {
        for name in ["X-RateLimit-", "x-rate-limit-", "RateLimit-"] {
            let told = Self.read([(name + "Limit", "60"), (name + "Remaining", "7"), (name + "Reset", text)])
            #expect(told.quotas.count == 1)
            #expect(told.quotas.first?.limit == 60)
            #expect(told.quotas.first?.remaining == 7)
            #expect(abs((told.quotas.first?.resetsIn.inSeconds ?? 0) - seconds) < 0.001)
        }
    }

    @Test func `structured fields give each policy's rest and quota`() {
        let told = Self.read([
            ("RateLimit-Policy", #""burst";q=100;w=60,"daily";q=1000;w=86400"#),
            ("RateLimit", #""burst";r=50;t=30, "daily";r=3;t=4000"#),
        ])
        #expect(
            told.quotas == [
                .init(name: "burst", limit: 100, remaining: 50, resetsIn: .seconds(30)),
                .init(name: "daily", limit: 1000, remaining: 3, resetsIn: .seconds(4000)),
            ])
    }

    @Test func `the older combined form and the older limit list are read`() {
        #expect(
            Self.read([("RateLimit", "limit=100, remaining=50, reset=30")]).quotas == [
                .init(name: "legacy", limit: 100, remaining: 50, resetsIn: .seconds(30))
            ])
        let told = Self.read([
            ("ratelimit-limit", "100, 100;w=60"), ("ratelimit-remaining", "1"), ("ratelimit-reset", "9"),
        ])
        #expect(told.quotas.first?.limit == 100)
    }

    @Test(arguments: [("-1", "30"), ("x", "30"), ("5", "-3"), ("5", "never"), ("5", "2764801"), ("5", "1700000000")])
    func `garbage and what is absurd is ignored`(remaining: String, reset: String) {
        #expect(Self.read([("X-RateLimit-Remaining", remaining), ("X-RateLimit-Reset", reset)]).quotas.isEmpty)
        #expect(Self.read([("RateLimit", "\"d\";r=\(remaining);t=\(reset)")]).quotas.isEmpty || reset == "1700000000")
    }

    @Test func `any bytes are survived`() {
        var random = Seeded(9)
        let alphabet = Array("\",;=rtqw0123456789 -.\u{e9}")
        for _ in 0..<3000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? "0"
                })
            for name in ["RateLimit", "RateLimit-Policy", "Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining"] {
                _ = Self.read([(name, text), ("X-RateLimit-Remaining", "1"), ("X-RateLimit-Reset", text)])
            }
        }
    }

    @Test func `nothing left holds the key until the reset, and others go on`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1000, per: .seconds(1))], keys: 2))
        let permit = try bench.go()
        bench.machine.headReceived(permit, now: bench.now)
        bench.machine.learn(
            [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "40")], permit, now: bench.now, wall: Self.wall)
        bench.machine.finish(permit, .success, now: bench.now)
        for _ in 0..<3 {
            bench.now += .milliseconds(2)
            #expect(try bench.go().keyID == "k2")
        }
        bench.now += .seconds(40)
        #expect(try bench.go().keyID == "k1")
    }

    @Test func `what is left is counted down by our own calls, the reserve kept for high`() throws {
        var source = Bench.source()
        source.reserve = 0.5
        var bench = Bench(source)
        let permit = try bench.go()
        bench.machine.headReceived(permit, now: bench.now)
        bench.machine.learn(
            [("RateLimit-Policy", "\"d\";q=8"), ("RateLimit", "\"d\";r=6;t=60")], permit, now: bench.now,
            wall: Self.wall)
        bench.machine.finish(permit, .success, now: bench.now)
        _ = try bench.go(Bench.a, .low)
        _ = try bench.go(Bench.a, .low)
        #expect(bench.block(Bench.a, .low) == .learnedQuota(until: bench.now + .seconds(60)))
        for _ in 0..<4 { _ = try bench.go(Bench.a, .high) }
        #expect(bench.block(Bench.a, .critical) == .learnedQuota(until: bench.now + .seconds(60)))
    }

    @Test func `headers never allow more than the declared limit`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1, per: .seconds(100))]))
        let permit = try bench.go()
        bench.machine.headReceived(permit, now: bench.now)
        bench.machine.learn(
            [("X-RateLimit-Limit", "9999"), ("X-RateLimit-Remaining", "9998"), ("X-RateLimit-Reset", "1")], permit,
            now: bench.now, wall: Self.wall)
        bench.machine.finish(permit, .success, now: bench.now)
        bench.now += .seconds(99)
        guard case .windowFull? = bench.block() else { throw Blocked(decision: bench.ask()) }
    }

    @Test func `retry-after of the answer's headers is used when the failure has none`() throws {
        var bench = Bench(Bench.source())
        let permit = try bench.go()
        bench.machine.headReceived(permit, now: bench.now)
        bench.machine.learn([("Retry-After", "33")], permit, now: bench.now, wall: Self.wall)
        bench.machine.finish(
            permit, .failure(CallFailure(effect: .wait, kind: "upstream-429", message: "429")), now: bench.now)
        #expect(bench.wait() == .seconds(33))
    }
}
