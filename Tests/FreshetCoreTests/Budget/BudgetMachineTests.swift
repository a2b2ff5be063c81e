import FreshetCore
import Testing

/// A machine with everything durable at once, for tests of single decisions.
struct Bench {
    var machine: BudgetMachine
    var now = Duration.seconds(1000)
    static let wall = instant("2026-05-01T12:00:00Z")
    static let a = DatasetID(source: "s", name: "a")
    static let b = DatasetID(source: "s", name: "b")

    static func source(_ limits: [LimitConfig] = [], keys: Int = 1) -> SourceConfig {
        var source = SourceConfig(name: "s", baseURL: "http://localhost")
        source.limits = limits
        if keys > 0 { source.auth.method = .bearer }
        source.auth.keys = (0..<keys).map { Credential(id: "k\($0 + 1)", secret: Secret("x\($0)")) }
        return source
    }

    init(_ source: SourceConfig, restored: BudgetRestore = .fresh, boot: String = "b1", now: Duration = .seconds(1000))
    {
        self.now = now
        machine = BudgetMachine(
            source: source, datasets: [Bench.a, Bench.b], restored: restored, bootID: boot, now: now, wall: Bench.wall)
    }

    mutating func ask(
        _ dataset: DatasetID = a, _ priority: Priority = .high, aged: Bool = false
    ) -> BudgetDecision {
        let first = machine.decide(dataset: dataset, priority: priority, aged: aged, now: now)
        if let snapshot = machine.reservationNeeded(now: now, wall: Bench.wall) {
            machine.reservationPersisted(snapshot.token)
        }
        guard case .wait(_, .reservation) = first else { return first }
        return machine.decide(dataset: dataset, priority: priority, aged: aged, now: now)
    }

    mutating func go(_ dataset: DatasetID = a, _ priority: Priority = .high) throws -> BudgetPermit {
        guard case .go(let permit) = ask(dataset, priority) else { throw Blocked(decision: ask(dataset, priority)) }
        machine.sent(permit)
        return permit
    }

    mutating func answer(_ permit: BudgetPermit, _ effect: FailureClass? = nil, retryAfter: Duration? = nil) {
        machine.headReceived(permit, now: now)
        let failure = effect.map {
            CallFailure(effect: $0, retryAfter: retryAfter, kind: "test", message: "upstream said \($0.rawValue)")
        }
        machine.finish(permit, failure.map { .failure($0) } ?? .success, now: now)
    }

    /// Asks, sends and answers in one moment.
    mutating func call(_ effect: FailureClass? = nil, _ dataset: DatasetID = a, retryAfter: Duration? = nil) throws {
        answer(try go(dataset), effect, retryAfter: retryAfter)
    }

    mutating func block(_ dataset: DatasetID = a, _ priority: Priority = .high) -> BudgetBlock? {
        if case .wait(_, let block) = ask(dataset, priority) { block } else { nil }
    }

    mutating func wait(_ dataset: DatasetID = a, _ priority: Priority = .high) -> Duration? {
        if case .wait(let until, _) = ask(dataset, priority) { until - now } else { nil }
    }
}

func instant(_ text: String) -> Timestamp {
    guard let moment = Timestamp(rfc3339: text) else { preconditionFailure("\(text) is no moment") }
    return moment
}

struct Blocked: Error { var decision: BudgetDecision }

@Suite struct BudgetMachineTests {
    @Test func `a call holds its slot until the window after its answer's head`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1, per: .seconds(10))]))
        let permit = try bench.go()
        bench.now += .seconds(30)
        guard case .windowFull? = bench.block() else {
            Issue.record("\(bench.ask())")
            return
        }
        bench.answer(permit)
        #expect(bench.wait() == .seconds(10) + .nanoseconds(1))
        bench.now += .seconds(10) + .nanoseconds(1)
        _ = try bench.go()
    }

    @Test func `a call that was never sent gives its slot back, one that was sent does not`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1, per: .seconds(10))]))
        guard case .go(let unsent) = bench.ask() else { return }
        bench.machine.finish(unsent, .cancelledBeforeSend, now: bench.now)
        let sent = try bench.go()
        bench.machine.finish(sent, .cancelledBeforeSend, now: bench.now)
        #expect(bench.wait() ?? .zero >= .seconds(10))
        bench.machine.finish(sent, .success, now: bench.now)  // a second finish changes nothing
        #expect(bench.machine.status(now: bench.now).inFlight == 0)
    }

    @Test func `a burst after idle is a few percent of the window`() {
        var bench = Bench(Bench.source([LimitConfig(scope: .account, calls: 900, per: .seconds(10))]))
        bench.now += .seconds(3600)
        var granted = 0
        while case .go = bench.ask(Bench.a, .low) { granted += 1 }
        #expect((1...27).contains(granted), "\(granted)")
    }

    @Test func `medium and low leave the reserve, high and aged may use it`() throws {
        var source = Bench.source([LimitConfig(scope: .key, calls: 10, per: .seconds(100))])
        source.reserve = 0.25
        var bench = Bench(source)
        for _ in 0..<8 {
            let permit = try bench.go(Bench.a, .medium)
            bench.answer(permit)
            bench.now += .seconds(10) + .milliseconds(2500)
            if bench.machine.status(now: bench.now).limits[0].used == 8 { break }
        }
        guard case .reserved? = bench.block(Bench.a, .medium), case .reserved? = bench.block(Bench.a, .low) else {
            Issue.record("\(bench.ask(Bench.a, .medium))")
            return
        }
        guard case .go = bench.ask(Bench.a, .low, aged: true), case .go = bench.ask(Bench.a, .high) else {
            Issue.record("the reserve is closed")
            return
        }
    }

    @Test func `load is spread evenly over keys`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 100, per: .seconds(1))], keys: 3))
        for _ in 0..<60 {
            try bench.call()
            bench.now += .milliseconds(5)
        }
        #expect(bench.machine.status(now: bench.now).keys.map(\.granted) == [20, 20, 20])
    }

    @Test func `a refused key rests, the others go on, and it returns by itself`() throws {
        var bench = Bench(Bench.source(keys: 2))
        let permit = try bench.go()
        bench.answer(permit, .parkKey)
        #expect(
            bench.machine.takeEvents() == [
                .keyParked(keyID: "k1", until: bench.now + .seconds(60), reason: "upstream said park_key")
            ])
        for _ in 0..<5 { #expect(try bench.go().keyID == "k2") }
        bench.now += .seconds(60)
        #expect(try bench.go().keyID == "k1")
        #expect(bench.machine.takeEvents() == [.keyReturned(keyID: "k1")])
    }

    @Test func `when all keys rest the earliest return counts, and refusals in a row rest longer`() throws {
        var bench = Bench(Bench.source(keys: 2))
        try bench.call(.parkKey, retryAfter: .seconds(300))
        try bench.call(.parkKey, retryAfter: .seconds(20))
        #expect(bench.wait() == .seconds(20))
        #expect(bench.block() == .allKeysParked(until: bench.now + .seconds(20), reason: "upstream said park_key"))
        bench.now += .seconds(20)
        try bench.call(.parkKey)
        #expect(bench.wait() == .seconds(120))
    }

    @Test func `a disabled key stays out until it is unparked by hand`() throws {
        var bench = Bench(Bench.source(keys: 1))
        try bench.call(.disableKey)
        bench.now += .seconds(100_000)
        #expect(bench.block() == .allKeysDisabled(reason: "upstream said disable_key"))
        let found = bench.machine.unpark(keyID: "k1")
        #expect(found)
        _ = try bench.go()
        let other = bench.machine.unpark(keyID: "nobody")
        #expect(!other)
    }

    @Test func `an operator parks a key for good`() throws {
        var bench = Bench(Bench.source(keys: 2))
        let found = bench.machine.park(keyID: "k1", until: nil, reason: "rotating")
        #expect(found)
        bench.now += .seconds(1_000_000)
        #expect(try bench.go().keyID == "k2")
        let state = bench.machine.status(now: bench.now).keys[0].state
        #expect(state == .parked(returnsAt: nil, reason: "rotating"))
    }

    @Test func `429 without a time backs off from 1 s to 60 s, and one wave counts once`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .account, calls: 1000, per: .seconds(1))]))
        var waits: [Duration] = []
        for _ in 0..<8 {
            let wave = try (0..<3).map { _ in
                bench.now += .milliseconds(1)
                return try bench.go()
            }
            bench.now += .milliseconds(1)
            for permit in wave { bench.answer(permit, .wait) }
            waits.append(bench.wait() ?? .zero)
            bench.now += bench.wait() ?? .zero
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        try bench.call()
        try bench.call(.wait)
        #expect(bench.wait() == .seconds(1))
    }

    @Test func `429 holds the key, the dataset or the source, as the limits say`() throws {
        var perKey = Bench(Bench.source([LimitConfig(scope: .key, calls: 100, per: .seconds(1))], keys: 2))
        try perKey.call(.wait, retryAfter: .seconds(7))
        #expect(try perKey.go().keyID == "k2")
        var perDataset = Bench(Bench.source([LimitConfig(scope: .endpoint, calls: 100, per: .seconds(1))], keys: 2))
        try perDataset.call(.wait, retryAfter: .seconds(7))
        #expect(perDataset.block() == .learnedQuota(until: perDataset.now + .seconds(7)))
        _ = try perDataset.go(Bench.b)
        var single = Bench(Bench.source([LimitConfig(scope: .key, calls: 100, per: .seconds(1))]))
        try single.call(.wait, retryAfter: .seconds(7))
        #expect(single.machine.takeEvents() == [.quotaHeld(holder: "source", until: single.now + .seconds(7))])
        #expect(single.wait(Bench.b) == .seconds(7))
    }

    private static let shared = [
        LimitConfig(scope: .key, calls: 40, per: .seconds(1)),
        LimitConfig(scope: .account, calls: 900, per: .seconds(10)),
    ]

    @Test func `a second key refused while the first rests means the account`() throws {
        var bench = Bench(Bench.source(Self.shared, keys: 3))
        try bench.call(.wait, retryAfter: .seconds(7))
        #expect(bench.machine.status(now: bench.now).keys.map { $0.state == .active } == [false, true, true])
        bench.now += .seconds(2)
        try bench.call(.wait, retryAfter: .seconds(30))
        // Not the second key alone: the third, never refused, waits with it.
        #expect(bench.block() == .learnedQuota(until: bench.now + .seconds(30)))
        #expect(bench.machine.takeEvents().contains(.quotaHeld(holder: "source", until: bench.now + .seconds(30))))
        bench.now += .seconds(30)
        #expect(bench.block() == nil)
    }

    @Test func `a second key refused after the first has returned rests alone`() throws {
        var bench = Bench(Bench.source(Self.shared, keys: 3))
        try bench.call(.wait, retryAfter: .seconds(7))
        bench.now += .seconds(8)
        try bench.call(.wait, retryAfter: .seconds(30))
        #expect(bench.machine.status(now: bench.now).keys.count { $0.state != .active } == 1)
        #expect(bench.block() == nil)
    }

    @Test func `without a limit of the account every key is refused for itself`() throws {
        var bench = Bench(Bench.source([Self.shared[0]], keys: 3))
        try bench.call(.wait, retryAfter: .seconds(7))
        try bench.call(.wait, retryAfter: .seconds(7))
        #expect(try bench.go().keyID == "k3")
    }

    @Test func `keys of another account go on when one account is used up`() throws {
        var source = Bench.source(Self.shared, keys: 4)
        source.auth.keys = (1...4).map {
            Credential(id: "k\($0)", secret: Secret("x\($0)"), account: $0 <= 2 ? "one" : "two")
        }
        var bench = Bench(source)
        for key in ["k1", "k3"] {
            var permit = try bench.go()
            while permit.keyID != key {
                bench.answer(permit)
                bench.now += .seconds(1)
                permit = try bench.go()
            }
            bench.answer(permit, .wait, retryAfter: .seconds(60))
        }
        // One key of each account rests: that says nothing of either account.
        let next = try bench.go()
        bench.answer(next, .wait, retryAfter: .seconds(60))
        let last = try bench.go()
        #expect(Set([next.keyID, last.keyID]) == ["k2", "k4"])
    }

    @Test(arguments: [("40", false), ("900", true), ("77", false)])
    func `a 429 that says whose quota is used up is believed at once`(limit: String, isAccount: Bool) throws {
        var bench = Bench(Bench.source(Self.shared, keys: 2))
        let permit = try bench.go()
        bench.machine.headReceived(permit, now: bench.now)
        let headers = [("X-RateLimit-Limit", limit), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "20")]
        bench.machine.learn(headers.map { (name: $0.0, value: $0.1) }, permit, now: bench.now, wall: Bench.wall)
        bench.answer(permit, .wait)
        #expect((bench.block() == nil) != isAccount)
    }

    @Test func `at most so many calls are in flight`() throws {
        var source = Bench.source()
        source.concurrency = 2
        var bench = Bench(source)
        let first = try bench.go()
        _ = try bench.go()
        #expect(bench.block() == .concurrency(limit: 2))
        bench.answer(first)
        _ = try bench.go()
    }

    @Test func `an endpoint's limit leaves other datasets alone, undeclared paths share one`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .endpoint, calls: 1, per: .seconds(10))]))
        try bench.call(nil, Bench.a)
        guard case .windowFull? = bench.block(Bench.a) else { throw Blocked(decision: bench.ask()) }
        try bench.call(nil, Bench.b)
        try bench.call(nil, DatasetID(source: "s", name: "x"))
        guard case .windowFull(let name)? = bench.block(DatasetID(source: "s", name: "y")) else {
            throw Blocked(decision: bench.ask())
        }
        #expect(name.member == "other")
        // A slow limit reserves on demand: what is in the way then is only that.
        #expect(
            bench.machine.peek(dataset: Bench.b, priority: .low, now: bench.now + .seconds(11))?.block == .reservation)
    }

    @Test func `peek says what decide would, and takes nothing`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 2, per: .seconds(10))]))
        try bench.call()
        for _ in 0..<5 { _ = bench.machine.peek(dataset: Bench.a, priority: .high, now: bench.now) }
        let peeked = bench.machine.peek(dataset: Bench.a, priority: .high, now: bench.now)
        #expect(peeked?.until == bench.now + (bench.wait() ?? .zero))
        #expect(peeked?.block == bench.block())
        #expect(bench.machine.status(now: bench.now).limits[0].used == 1)
    }
}
