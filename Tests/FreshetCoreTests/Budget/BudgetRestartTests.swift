import FreshetCore
import Testing

@Suite struct BudgetRestartTests {
    static let slow = [LimitConfig(scope: .key, calls: 10, per: .seconds(100))]

    /// A bench whose single key has used `calls` slots, a second ago.
    static func used(_ calls: Int, _ limits: [LimitConfig] = slow, keys: Int = 1) throws -> Bench {
        var source = Bench.source(limits, keys: keys)
        source.concurrency = 1000
        var bench = Bench(source)
        for _ in 0..<calls {
            while let pause = bench.machine.peek(dataset: Bench.a, priority: .critical, now: bench.now),
                pause.block != .reservation
            {
                bench.now = pause.until
            }
            bench.answer(try bench.go(Bench.a, .critical))
        }
        bench.now += .seconds(1)
        return bench
    }

    static func limit(_ bench: Bench, at now: Duration? = nil) -> BudgetStatus.Limit {
        bench.machine.status(now: now ?? bench.now).limits[0]
    }

    @Test func `nothing is granted beyond what the durable snapshot covers`() {
        let source = Bench.source([LimitConfig(scope: .account, calls: 1000, per: .seconds(1))])
        var bench = Bench(source)
        let now = bench.now
        #expect(
            bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, now: now)
                == .wait(until: now, .reservation))
        let snapshot = bench.machine.reservationNeeded(now: now, wall: Bench.wall)
        #expect(snapshot != nil)
        let second = bench.machine.reservationNeeded(now: now, wall: Bench.wall)
        #expect(second == nil)
        guard
            case .wait(_, .reservation) = bench.machine.decide(
                dataset: Bench.a, priority: .high, aged: false, now: now)
        else {
            Issue.record("granted before the snapshot was durable")
            return
        }
        bench.machine.reservationPersisted(snapshot?.token ?? 0)
        var granted = 0
        for step in 0..<5000 {
            let later = now + .milliseconds(step)
            if case .go(let permit) = bench.machine.decide(
                dataset: Bench.a, priority: .high, aged: false, now: later)
            {
                granted += 1
                bench.machine.headReceived(permit, now: later)
                bench.machine.finish(permit, .success, now: later)
            }
        }
        #expect((450...550).contains(granted), "half a second of calls, not \(granted)")
    }

    @Test func `grants made while a snapshot is written count against it`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .account, calls: 1000, per: .seconds(1))]))
        /// Grants until the machine waits for a reservation, or until `maximum`.
        func drain(_ bench: inout Bench, maximum: Int = 10_000) -> Int {
            var granted = 0
            while granted < maximum {
                bench.now += .milliseconds(2)
                let decision = bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, now: bench.now)
                guard case .go(let permit) = decision else { break }
                bench.answer(permit)
                granted += 1
            }
            return granted
        }
        _ = bench.ask()
        _ = drain(&bench, maximum: 400)
        let taken = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        let snapshot = try #require(taken)
        var granted = drain(&bench)
        #expect(granted > 50)
        bench.machine.reservationPersisted(snapshot.token)
        granted += drain(&bench)
        // Half a second at 990 calls a second, rounded up: what the snapshot promised, and not one more.
        #expect(granted == 496)
    }

    @Test func `a failed write is asked for again, and grants go on under the one before`() {
        var bench = Bench(Bench.source([LimitConfig(scope: .account, calls: 1000, per: .seconds(1))]))
        _ = bench.ask()
        _ = bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, now: bench.now)
        for step in 0..<400 {
            bench.now += .milliseconds(2)
            if case .go(let permit) = bench.machine.decide(
                dataset: Bench.a, priority: .high, aged: false, now: bench.now)
            {
                bench.answer(permit)
            } else {
                Issue.record("step \(step) waits")
            }
            if step < 395, let snapshot = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall) {
                bench.machine.reservationFailed(snapshot.token)
            }
        }
        let wanted = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        #expect(wanted != nil)
    }

    @Test func `a slow limit reserves one call, when it is wanted`() throws {
        var bench = Bench(Bench.source(Self.slow))
        try bench.call()
        let unwanted = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        #expect(unwanted == nil)
        // A crash now costs nothing: the call that was covered was made.
        bench.now += .seconds(50)
        _ = bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, now: bench.now)
        let taken = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        let snapshot = try #require(taken)
        let again = Bench(Bench.source(Self.slow), restored: .snapshot(snapshot), now: bench.now)
        #expect(Self.limit(again).used == 2)
    }

    @Test func `a clean restart goes on exactly, whatever the wall clock does`() throws {
        var bench = try Self.used(7)
        let snapshot = bench.machine.closingSnapshot(now: bench.now, wall: Bench.wall)
        #expect(snapshot.isClean)
        let stored = BudgetRestore(stored: snapshot.encode())
        #expect(stored == .snapshot(snapshot))
        let again = Bench(Bench.source(Self.slow), restored: stored, now: bench.now + .seconds(5))
        let (before, after) = (Self.limit(bench, at: bench.now + .seconds(5)), Self.limit(again))
        #expect(before == after)
    }

    @Test func `after a crash what was reserved or in flight counts as used now`() throws {
        var bench = Bench(Bench.source([LimitConfig(scope: .account, calls: 100, per: .seconds(10))]))
        let permit = try bench.go()
        bench.now += .milliseconds(200)
        _ = try bench.go()
        _ = permit
        _ = bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, now: bench.now)
        bench.machine.park(keyID: "k1", until: bench.now + .seconds(500), reason: "test")
        let taken = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        let snapshot = try #require(taken)
        #expect(!snapshot.isClean)
        var again = Bench(
            Bench.source([LimitConfig(scope: .account, calls: 100, per: .seconds(10))]), restored: .snapshot(snapshot),
            now: bench.now + .seconds(60))
        // Two in flight, and at least the grants that the snapshot still covers.
        #expect((5...9).contains(Self.limit(again).used), "\(Self.limit(again).used)")
        #expect(again.block() == .allKeysParked(until: bench.now + .seconds(500), reason: "test"))
        #expect(Self.limit(again, at: again.now + .seconds(11)).used == 0)
    }

    @Test func `after a reboot everything in the window counts as used now`() throws {
        var bench = try Self.used(7)
        let snapshot = bench.machine.closingSnapshot(now: bench.now, wall: Bench.wall)
        for (boot, now) in [("b2", Duration.seconds(5)), ("b2", .seconds(90_000)), ("b1", .seconds(3))] {
            let again = Bench(Bench.source(Self.slow), restored: .snapshot(snapshot), boot: boot, now: now)
            #expect(Self.limit(again).used == 7)
            #expect(Self.limit(again, at: now + .seconds(99)).used == 7)
            #expect(Self.limit(again, at: now + .seconds(111)).used == 0)
        }
    }

    @Test(arguments: [(7, 7), (24, 7), (25, 0), (26, 0), (-3, 7)])
    func `only the wall clock's long distance empties a long window after a reboot`(hours: Int, used: Int) throws {
        let limits = [LimitConfig(scope: .key, calls: 10, per: .seconds(86_400))]
        var bench = Bench(Bench.source(limits))
        for _ in 0..<7 {
            try bench.call()
            bench.now += .seconds(9000)
        }
        bench.now -= .seconds(9000)
        let snapshot = bench.machine.closingSnapshot(now: bench.now, wall: Bench.wall)
        let machine = BudgetMachine(
            source: Bench.source(limits), datasets: [Bench.a], restored: .snapshot(snapshot), bootID: "b2",
            now: .seconds(1), wall: Bench.wall + .seconds(hours * 3600 + 1))
        #expect(machine.status(now: .seconds(1)).limits[0].used == used)
    }

    @Test func `an unreadable snapshot counts every window as full`() {
        let restored = BudgetRestore(stored: [1, 2, 3])
        #expect(restored == .unreadable)
        #expect(Self.limit(Bench(Bench.source(Self.slow), restored: restored)).used == 10)
        #expect(Self.limit(Bench(Bench.source(Self.slow), restored: BudgetRestore(stored: nil))).used == 0)
    }

    @Test func `a limit whose number changed keeps its history, a new one takes the nearest`() throws {
        var bench = try Self.used(7)
        let snapshot = bench.machine.closingSnapshot(now: bench.now, wall: Bench.wall)
        let changed = [
            LimitConfig(scope: .key, calls: 5, per: .seconds(100)),
            LimitConfig(scope: .key, calls: 50, per: .seconds(1000)),
            LimitConfig(scope: .ip, calls: 50, per: .seconds(1000)),
        ]
        let again = Bench(Bench.source(changed), restored: .snapshot(snapshot), now: bench.now)
        #expect(again.machine.status(now: bench.now).limits.map(\.used) == [Self.limit(bench).used, 7, 0])
    }

    @Test func `state of breaker, maintenance, stops, parks and quotas survives`() throws {
        for effect in [FailureClass.maintenance, .stopSource, .wait, .parkKey] {
            var bench = Bench(Bench.source())
            try bench.call(effect, retryAfter: .seconds(40))
            let taken = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
            let snapshot = try #require(taken)
            let restored = BudgetRestore(stored: snapshot.encode())
            var again = Bench(Bench.source(), restored: restored, now: bench.now + .seconds(10))
            #expect(again.wait() == .seconds(30), "\(effect)")
            var rebooted = Bench(Bench.source(), restored: restored, boot: "b2", now: .seconds(2))
            #expect(rebooted.wait() == .seconds(40), "\(effect)")
        }
    }

    @Test func `encoding gives back the same snapshot; a cut or flipped one is refused`() throws {
        var bench = try Self.used(
            30,
            [
                LimitConfig(scope: .key, calls: 40, per: .seconds(10)),
                LimitConfig(scope: .endpoint, calls: 100, per: .seconds(60), datasets: [Bench.a]),
            ], keys: 3)
        bench.now += .seconds(10)
        try bench.call(.parkKey)
        try bench.call(.maintenance)
        let taken = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall)
        let snapshot = try #require(taken)
        let bytes = snapshot.encode()
        #expect(BudgetSnapshot(decoding: bytes) == snapshot)
        for length in 0..<bytes.count { #expect(BudgetSnapshot(decoding: Array(bytes.prefix(length))) == nil) }
        var random = Seeded(4)
        for _ in 0..<2000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            #expect(BudgetSnapshot(decoding: damaged) == nil)
        }
    }
}
