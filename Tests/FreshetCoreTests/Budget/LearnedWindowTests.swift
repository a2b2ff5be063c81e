import Testing

@testable import FreshetCore

@Suite struct LearnedWindowTests {
    private static func policy(_ text: String) -> [(name: String, value: String)] { [("RateLimit-Policy", text)] }

    /// One call whose answer carries a policy.
    private static func hear(_ text: String, _ bench: inout Bench, _ dataset: DatasetID = Bench.a) throws {
        let permit = try bench.go(dataset, .critical)
        bench.machine.headReceived(permit, now: bench.now)
        bench.machine.learn(policy(text), permit, now: bench.now, wall: Bench.wall)
        bench.machine.finish(permit, .success, now: bench.now)
    }

    private static func windows(_ bench: Bench) -> [String] {
        bench.machine.status(now: bench.now).limits.filter { $0.name.policy != nil }.map { limit in
            "\(limit.used) of \(limit.name)"
        }
    }

    @Test(arguments: [
        (#""default";q=100;w=60"#, ["default 100 60"]),
        (#""burst";q=10;w=1, "day";q=5000;w=86400;pk=:abc:"#, ["burst 10 1", "day 5000 86400"]),
        ("100;w=60", ["legacy 100 60"]), (#"10;w=1;comment="x", 1000;w=3600"#, ["legacy 10 1", "legacy 1000 3600"]),
        (#""bytes";q=100;w=60;qu="content-bytes""#, []), (#""n";q=100;w=60;qu="requests""#, ["n 100 60"]),
        (#""none";q=0;w=60"#, []), (#""no-window";q=5"#, []), (#""odd";q=x;w=60, "neg";q=5;w=-1"#, []),
        (#""far";q=5;w=99999999999"#, []), ("default", []), ("", []), (";;;===,,,", []),
    ])
    func `a policy is a number of calls and a window`(text: String, expected: [String]) {
        let headers = RateLimitHeaders(Self.policy(text), wall: Bench.wall)
        #expect(headers.policies.map { "\($0.name) \($0.calls) \($0.per.components.seconds)" } == expected)
    }

    @Test func `the list form of RateLimit-Limit tells windows, too`() {
        let headers = RateLimitHeaders([("RateLimit-Limit", "100, 100;w=60, 5000;w=86400")], wall: Bench.wall)
        #expect(headers.policies.map(\.calls) == [100, 5000])
    }

    @Test func `a window that was told of holds like a declared one`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1000, per: .seconds(60))]))
        try Self.hear(#""default";q=3;w=60"#, &bench)
        #expect(Self.windows(bench) == ["1 of 3 per PT1M for ip s (upstream's policy default)"])
        for _ in 0..<2 {
            while let pause = bench.machine.peek(dataset: Bench.a, priority: .critical, now: bench.now),
                pause.block != .reservation
            {
                bench.now = pause.until
            }
            bench.answer(try bench.go(Bench.a, .critical))
        }
        guard case .windowFull(let name)? = bench.block(Bench.a, .critical) else {
            Issue.record("\(bench.ask())")
            return
        }
        #expect(name.policy == "default" && name.calls == 3)
        #expect(bench.block(Bench.b, .critical) == nil, "no answer of b has told of it")
    }

    @Test func `what a declared limit implies is not counted twice`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 10, per: .seconds(60))]))
        try Self.hear(#""same";q=10;w=60, "wider";q=50;w=60, "shorter";q=10;w=5"#, &bench)
        #expect(Self.windows(bench).isEmpty)
        bench.now += .seconds(60)
        try Self.hear(#""tight";q=9;w=60"#, &bench)
        #expect(Self.windows(bench).count == 1)
    }

    @Test func `each key has its window where keys are counted`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1000, per: .seconds(1))], keys: 2))
        for _ in 0..<2 { try Self.hear("30;w=60", &bench) }
        let names = Self.windows(bench).map { $0.prefix { $0 != "(" } }
        #expect(names == ["1 of 30 per PT1M for key k1 ", "1 of 30 per PT1M for key k2 "])
    }

    @Test func `another number under the same name replaces the window, another name stands beside it`() throws {
        var bench = Bench(Bench.source())
        try Self.hear(#""default";q=10;w=60"#, &bench)
        try Self.hear(#""default";q=50;w=60"#, &bench)
        #expect(Self.windows(bench).count == 1 && Self.windows(bench)[0].contains("50 per PT1M"))
        try Self.hear(#""day";q=1000;w=86400"#, &bench)
        #expect(Self.windows(bench).count == 2)
    }

    @Test func `datasets with different numbers under one name keep a window each`() throws {
        var bench = Bench(Bench.source())
        try Self.hear(#""default";q=10;w=60"#, &bench)
        try Self.hear(#""default";q=50;w=60"#, &bench, Bench.b)
        try Self.hear(#""default";q=10;w=60"#, &bench)
        #expect(Self.windows(bench).count == 2)
    }

    @Test func `a window is forgotten when nobody speaks of it any more`() throws {
        var bench = Bench(Bench.source())
        try Self.hear(#""default";q=1;w=60"#, &bench)
        #expect(bench.block(Bench.a, .critical) != nil)
        bench.now += .seconds(3599)
        bench.answer(try bench.go(Bench.a, .critical))
        #expect(bench.block(Bench.a, .critical) != nil)
        bench.now += .seconds(2)
        #expect(bench.block(Bench.a, .critical) == nil)
        #expect(Self.windows(bench).isEmpty)
        try Self.hear(#""default";q=2;w=60"#, &bench)
        #expect(Self.windows(bench).count == 1, "its place is used again")
    }

    @Test func `at most four windows are kept for one holder`() throws {
        var bench = Bench(Bench.source())
        for name in 0..<9 { try Self.hear("\"p\(name)\";q=1000;w=\(60 + name)", &bench) }
        #expect(Self.windows(bench).count == 4)
    }

    @Test func `calls in flight when a window is first told of count in it`() throws {
        var bench = Bench(Bench.source())
        let others = try (0..<3).map { _ in try bench.go() }
        try Self.hear(#""default";q=10;w=60"#, &bench)
        #expect(Self.windows(bench)[0].hasPrefix("4 of 10"))
        for other in others { bench.answer(other) }
        #expect(Self.windows(bench)[0].hasPrefix("4 of 10"))
    }

    @Test(arguments: [true, false]) func `a restart keeps the windows and what they count`(isClean: Bool) throws {
        let source = Bench.source([LimitConfig(scope: .key, calls: 1000, per: .seconds(1))], keys: 2)
        var bench = Bench(source)
        for _ in 0..<4 {
            try Self.hear(#""default";q=10;w=600"#, &bench)
            bench.now += .seconds(70)
        }
        // A call that could go but for its reservation.
        if !isClean {
            _ = bench.machine.decide(dataset: Bench.a, priority: .critical, aged: false, now: bench.now)
        }
        let needed =
            isClean
            ? bench.machine.closingSnapshot(now: bench.now, wall: Bench.wall)
            : bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        let taken = try #require(needed)
        let bytes = taken.encode()
        #expect(BudgetSnapshot(decoding: bytes) == taken)
        for length in 0..<bytes.count { #expect(BudgetSnapshot(decoding: Array(bytes.prefix(length))) == nil) }
        let again = Bench(source, restored: BudgetRestore(stored: bytes), now: bench.now + .seconds(1))
        #expect(Self.windows(again).count == 2)
        // A crash counts what was promised, at most one call each here, as made.
        for limit in again.machine.status(now: again.now).limits where limit.name.policy != nil {
            #expect(isClean ? limit.used == 2 : (2...3).contains(limit.used))
        }
        let other = Bench(Bench.source([], keys: 1), restored: BudgetRestore(stored: bytes), now: bench.now)
        #expect(Self.windows(other).count == 1, "a key that is gone takes its window with it")
    }

    /// The server counts a window that nobody declared, and says so in every answer.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `a window known only from headers is used and never exceeded, also over crashes`(seed: UInt64) {
        var source = SourceConfig(name: "s", baseURL: "http://localhost")
        source.auth.method = .bearer
        source.auth.keys = (1...2).map { Credential(id: "k\($0)", secret: Secret("s\($0)")) }
        source.limits = [LimitConfig(scope: .account, calls: 10, per: .seconds(1))]
        var counted = source
        counted.limits.append(LimitConfig(scope: .account, calls: 60, per: .seconds(10)))
        var simulation = BudgetSimulation(
            source: source, datasets: [Bench.a], askers: [.init(dataset: Bench.a, priority: .high)], seed: seed,
            counted: counted)
        simulation.headers = Self.policy(#""default";q=60;w=10"#)
        simulation.crashes = [20, 41, 63].map { $0 * 1_000_000_000 }
        simulation.cleanRestarts = [41_000_000_000]
        simulation.run(seconds: 120)
        #expect(simulation.server.violations.isEmpty, "\(simulation.server.violations.prefix(3))")
        #expect(Double(simulation.server.total) / 720 >= 0.85, "\(simulation.server.total) calls")
    }
}
