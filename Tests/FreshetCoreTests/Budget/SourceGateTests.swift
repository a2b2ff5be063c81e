import FreshetCore
import Testing

@Suite struct SourceGateTests {
    @Test func `failures in a row open the breaker, one probe an interval, success closes it`() throws {
        var bench = Bench(Bench.source())
        for _ in 0..<5 { try bench.call(.retry) }
        let opened = bench.now
        #expect(
            bench.machine.takeEvents() == [
                .breakerOpened(failures: 5, nextProbe: opened + .seconds(30), lastError: "upstream said retry")
            ])
        #expect(bench.wait() == .seconds(30))
        bench.now += .seconds(30)
        let probe = try bench.go(Bench.a, .low)
        #expect(probe.isProbe)
        #expect(bench.wait(Bench.b, .critical) == .seconds(30))
        bench.answer(probe, .retry)
        bench.now += .seconds(30)
        try bench.call()
        #expect(bench.machine.takeEvents() == [.breakerClosed(lasted: .seconds(60))])
        #expect(try !bench.go().isProbe)
    }

    @Test(arguments: [FailureClass.notFound, .permanent, .wait, .parkKey])
    func `an answer that refuses is no failure, and closes the breaker`(effect: FailureClass) throws {
        var bench = Bench(Bench.source(keys: 9))
        for _ in 0..<4 { try bench.call(.retry) }
        try bench.call(effect)
        for _ in 0..<4 { try bench.call(.retry) }
        #expect(bench.machine.status(now: bench.now).gate == .passing(failures: 4))
        try bench.call(.retry)
        bench.now += .seconds(30)
        try bench.call(effect)
        #expect(bench.machine.status(now: bench.now).gate == .passing(failures: 0))
    }

    @Test func `an answer from before does not close the breaker`() throws {
        var bench = Bench(Bench.source())
        let early = try bench.go()
        for _ in 0..<5 { try bench.call(.retry) }
        bench.answer(early)
        guard case .breakerOpen? = bench.block() else { throw Blocked(decision: bench.ask()) }
    }

    @Test func `a probe that was not sent lets another go at once`() throws {
        var bench = Bench(Bench.source())
        for _ in 0..<5 { try bench.call(.retry) }
        bench.now += .seconds(30)
        guard case .go(let unsent) = bench.ask() else { throw Blocked(decision: bench.ask()) }
        bench.machine.finish(unsent, .cancelledBeforeSend, now: bench.now)
        #expect(try bench.go().isProbe)
    }

    @Test func `zero failures switch the breaker off`() throws {
        var source = Bench.source()
        source.breaker.failures = 0
        var bench = Bench(source)
        for _ in 0..<100 { try bench.call(.retry) }
        _ = try bench.go()
    }

    @Test func `without a breaker the first answer after five failures says that the source is back`() throws {
        var source = Bench.source()
        source.breaker.failures = 0
        var bench = Bench(source)
        #expect(bench.machine.silentSince == nil)
        for _ in 0..<4 { try bench.call(.retry) }
        #expect(bench.machine.silentSince == bench.now)
        let flight = try bench.go()
        #expect(bench.machine.silentSince == nil, "a call is under way")
        bench.answer(flight)
        #expect(bench.machine.silentSince == nil, "it was answered")
        #expect(bench.machine.takeEvents().isEmpty, "four may be chance")
        for _ in 0..<6 {
            try bench.call(.retry)
            bench.now += .seconds(1)
        }
        try bench.call(.notFound)
        #expect(bench.machine.takeEvents() == [.sourceAnswersAgain(failures: 6, lasted: .seconds(6))])
        try bench.call()
        #expect(bench.machine.takeEvents().isEmpty)
    }

    @Test func `an open breaker sees to the next try itself`() throws {
        var bench = Bench(Bench.source())
        for _ in 0..<5 { try bench.call(.retry) }
        #expect(bench.machine.silentSince == nil)
    }

    @Test func `maintenance probes once per interval and ends by itself`() throws {
        var bench = Bench(Bench.source())
        try bench.call(.maintenance)
        let began = bench.now
        var probes = 0
        for _ in 0..<600 {
            bench.now += .milliseconds(250)
            if case .go(let permit) = bench.ask() {
                probes += 1
                #expect(permit.isProbe)
                bench.answer(permit, probes < 5 ? .maintenance : nil)
            }
            if probes == 5 { break }
        }
        #expect(bench.now == began + .seconds(150))
        let events = bench.machine.takeEvents()
        #expect(
            events.first == .maintenanceStarted(nextProbe: began + .seconds(30), message: "upstream said maintenance"))
        #expect(events.last == .maintenanceEnded(lasted: .seconds(150)))
        #expect(events.count == 2)
    }

    @Test func `a failure while in maintenance does not open the breaker as well`() throws {
        var bench = Bench(Bench.source())
        let others = try (0..<9).map { _ in try bench.go() }
        try bench.call(.maintenance)
        for permit in others { bench.answer(permit, .retry) }
        guard case .maintenance? = bench.block() else { throw Blocked(decision: bench.ask()) }
    }

    @Test func `retry-after delays the probe, but not beyond a quarter of an hour`() throws {
        var bench = Bench(Bench.source())
        try bench.call(.maintenance, retryAfter: .seconds(120))
        #expect(bench.wait() == .seconds(120))
        var long = Bench(Bench.source())
        try long.call(.maintenance, retryAfter: .seconds(86_400))
        #expect(long.wait() == .seconds(900))
    }

    @Test func `a stopped source resumes when its time has come, and stops longer each time`() throws {
        var bench = Bench(Bench.source())
        try bench.call(.stopSource)
        #expect(bench.wait() == .seconds(60))
        bench.now += .seconds(60)
        try bench.call(.stopSource)
        #expect(bench.wait() == .seconds(120))
        let events = bench.machine.takeEvents()
        #expect(events.contains(.sourceResumed))
        bench.now += .seconds(120)
        try bench.call()
        try bench.call(.stopSource, retryAfter: .seconds(5))
        #expect(bench.wait() == .seconds(5))
    }
}
