import Testing

@testable import FreshetCore

@Suite struct RefreshPolicyTests {
    /// 2026-01-01T00:00:00Z.
    private let start = Timestamp(seconds: 1_767_225_600)
    private let policy = RefreshPolicy(RefreshPolicyTests.ladder)

    static let ladder = AdaptiveRefresh(classes: [
        RefreshClass(
            name: "war", priority: .critical, every: .seconds(300),
            when: [RefreshClass.Condition(path: "$.state", values: ["inWar"])]),
        RefreshClass(name: "asked", priority: .high, every: .seconds(1800), readWithin: .seconds(3600)),
        RefreshClass(name: "active", priority: .medium, every: .seconds(7200), changedWithin: .seconds(86_400)),
        RefreshClass(name: "rest", priority: .low, every: .seconds(28_800)),
    ])

    private func refreshed(at moment: Timestamp, matches: UInt32 = 0) -> KeyMemory {
        var memory = KeyMemory()
        memory.refreshed(.unchanged, at: moment, prior: 1e-5, matches: matches)
        return memory
    }

    private func decide(
        _ memory: KeyMemory, _ strategy: RefreshStrategy = .adaptive, after: Duration = .zero, price: Double = 0
    ) -> RefreshPolicy.Decision {
        policy.decide(memory, strategy: strategy, now: start + after, price: price, habits: HourHabits())
    }

    @Test func `with calls to spare every key keeps the pace of its class`() {
        var memory = refreshed(at: start)
        #expect(decide(memory) == .init(due: start + .seconds(28_800), priority: .low, kind: 3, cause: .pace))
        memory.changedAt = start - .seconds(600)
        #expect(decide(memory).kind == 2)
        #expect(decide(memory).due == start + .seconds(7200))
        memory.demand.read(1, at: start - .seconds(1200))
        #expect(decide(memory).kind == 1)
        memory.matches = 1
        let war = decide(memory)
        #expect((war.kind, war.priority) == (0, .critical))
        #expect(war.due == start + .seconds(300))
    }

    @Test func `a class ends when its time has passed`() {
        var memory = refreshed(at: start)
        memory.demand.read(1, at: start)
        #expect(decide(memory, after: .seconds(3599)).kind == 1)
        #expect(decide(memory, after: .seconds(3601)).kind == 3)
    }

    @Test func `many readers bring a key forward, down to the least of its class, and up a priority`() {
        var memory = refreshed(at: start)
        memory.demand.read(3, at: start)
        let few = decide(memory)
        memory.demand.read(5000, at: start)
        let many = decide(memory)
        #expect(many.due < few.due)
        #expect(many.due == start + .seconds(450))
        #expect(many.priority == .critical)
        #expect(many.cause == .demand)
    }

    @Test func `while calls are scarce one order holds for all classes`() {
        let (war, rest) = (refreshed(at: start, matches: 1), refreshed(at: start))
        let (dear, other) = (decide(war, price: 2000), decide(rest, price: 2000))
        #expect((dear.cause, other.cause) == (.price, .price))
        #expect((dear.priority, other.priority) == (.medium, .medium), "no class starves another")
        #expect(dear.due < other.due, "but the readers of a critical one count twice")
        let (first, second) = ((dear.due - start).inSeconds, (other.due - start).inSeconds)
        #expect(second / first < 2, "and no more than that")
        #expect(decide(war, price: 0).due == start + .seconds(300))
        #expect(decide(war, price: 0).priority == .critical)
    }

    @Test func `past the longest interval of its class a key counts a little more`() {
        var config = RefreshPolicyTests.ladder
        for kind in config.classes.indices { config.classes[kind].most = .seconds(7_000_000) }
        let patient = RefreshPolicy(config)
        let memory = refreshed(at: start)
        let waits = patient.decide(memory, strategy: .adaptive, now: start, price: 1e6, habits: HourHabits()).due
        let (mine, most) = (decide(memory, price: 1e6).due, start + .seconds(4 * 28_800))
        #expect(mine < waits)
        #expect(mine > most)
    }

    @Test func `nothing known means all in turn`() {
        let due = (0..<5).map { decide(refreshed(at: start + .seconds(10 * $0)), price: 5000).due }
        for (first, second) in zip(due, due.dropFirst()) { #expect(abs((second - first).inSeconds - 10) < 0.01) }
    }

    @Test func `a higher price never brings a key forward`() {
        var memory = refreshed(at: start)
        memory.demand.read(40, at: start)
        var last = start
        for price in [1.0, 10, 100, 1000, 10_000, 100_000] {
            let due = decide(memory, price: price).due
            #expect(due >= last)
            last = due
        }
    }

    @Test func `the fixed strategy knows its pace only`() {
        var memory = refreshed(at: start)
        memory.demand.read(5000, at: start)
        #expect(decide(memory, RefreshStrategy(name: "b", kind: .fixed), price: 1e6).due == start + .seconds(1800))
        let hourly = RefreshStrategy(name: "b", kind: .fixed, every: .seconds(3600))
        #expect(decide(memory, hourly).due == start + .seconds(3600))
    }

    @Test func `a key is refreshed shortly before its readers usually come`() {
        var memory = KeyMemory()
        // Ten days of reads at 18:00 and something.
        for day in 0..<10 { memory.demand.read(30, at: start + .seconds(day * 86_400 + 18 * 3600 + 600)) }
        let midday = start + .seconds(10 * 86_400 + 11 * 3600)
        memory.refreshed(.unchanged, at: midday, prior: 1e-5)
        var habits = HourHabits()
        habits.read(1, at: start)
        let found = policy.decide(memory, strategy: .adaptive, now: midday, price: 6000, habits: habits)
        #expect(found.cause == .hours)
        #expect(found.due == start + .seconds(10 * 86_400 + 18 * 3600 - 600), "the lead before the hour")
        #expect(
            memory.demand.nextBusyHour(after: midday, prior: HourHabits()) == start + .seconds(10 * 86_400 + 18 * 3600))
    }

    @Test func `a moment that a document names is its time exactly`() {
        var memory = refreshed(at: start)
        let ends = start + .microseconds(1_234_567_890)
        memory.refreshed(.changed, at: start, prior: 1e-5, look: NextLook(at: ends, priority: .critical))
        let found = decide(memory)
        #expect(found == .init(due: ends, priority: .critical, kind: found.kind, cause: .look))
    }

    @Test func `when the moment has passed and nothing changed it is looked at a few times more`() {
        var memory = KeyMemory()
        memory.refreshed(
            .changed, at: start, prior: 1e-5, look: NextLook(at: start + .seconds(60), priority: .critical))
        var (now, waits) = (start + .seconds(60), [Int64]())
        while let look = memory.lookAt, waits.count < 10 {
            now = look
            memory.refreshed(.unchanged, at: now, prior: 1e-5)
            if let next = memory.lookAt { waits.append((next - now).microseconds / 1_000_000) }
        }
        #expect(waits == [20, 60, 180])
        memory.lookAt = now
        memory.refreshed(.changed, at: now, prior: 1e-5)
        #expect(memory.lookAt == nil, "a change is what it was looked at for")
    }

    @Test func `a viewed key is high at least and has the least interval of its class`() {
        var memory = refreshed(at: start)
        memory.viewedUntil = start + .seconds(120)
        let shown = decide(memory)
        #expect(shown.priority == .high)
        #expect(shown.due == start + .seconds(300))
        #expect(decide(memory, after: .seconds(121)).priority == .low)
    }

    @Test func `failures rest longer each time, a missing document for good`() {
        var memory = refreshed(at: start)
        var last = Duration.zero
        for _ in 0..<3 {
            memory.refreshed(.failed, at: start, prior: 1e-5)
            let rest = decide(memory).due - start
            #expect(rest >= last)
            last = rest
        }
        memory.refreshed(.missing, at: start, prior: 1e-5)
        #expect(decide(memory).due == RefreshPolicy.never)
    }

    @Test func `with tracked keys only, what nobody reads is left alone`() {
        var config = RefreshPolicyTests.ladder
        config.trackedFor = .seconds(86_400)
        let policy = RefreshPolicy(config)
        var memory = refreshed(at: start)
        func due(after: Duration = .zero) -> Timestamp {
            policy.decide(memory, strategy: .adaptive, now: start + after, price: 0, habits: HourHabits()).due
        }
        #expect(due() < RefreshPolicy.never, "whoever asked for it just now is not counted yet")
        #expect(due(after: .seconds(60)) == RefreshPolicy.never)
        memory.demand.read(1, at: start - .seconds(7200))
        #expect(due(after: .seconds(60)) < RefreshPolicy.never)
    }

    @Test func `a window of the calendar opens a class, and keys are looked at when it does`() throws {
        var config = RefreshPolicyTests.ladder
        config.calendar = [try CalendarWindow(name: "season", opens: "0 8 1 * *", length: .seconds(10 * 86_400))]
        var season = RefreshClass(name: "season", priority: .high, every: .seconds(900))
        season.during = "season"
        config.classes.insert(season, at: 1)
        let policy = RefreshPolicy(config)
        let memory = refreshed(at: start)
        let before = policy.decide(memory, strategy: .adaptive, now: start, price: 0, habits: HourHabits())
        #expect(before.due == start + .seconds(28_800))
        #expect(policy.kind(of: memory, at: start + .seconds(8 * 3600 + 1)) == 1)
        #expect(policy.kind(of: memory, at: start + .seconds(11 * 86_400)) == 4)
        let late = refreshed(at: start + .seconds(6 * 3600))
        let opening = policy.decide(
            late, strategy: .adaptive, now: start + .seconds(6 * 3600), price: 0, habits: HourHabits())
        #expect(opening.due == start + .seconds(8 * 3600))
        #expect(opening.cause == .calendar)
    }

    @Test func `a review agrees with the decision it was planned by`() {
        var memory = refreshed(at: start)
        memory.demand.read(20, at: start)
        let due = decide(memory, price: 50).due
        let review = policy.review(memory, strategy: .adaptive, now: due, price: 50, habits: HourHabits())
        guard case .refresh = review else {
            if case .later(let again) = review {
                // Demand fades while it waits; it must not fade without end.
                #expect(again.due > due && again.due < due + .seconds(3600))
            }
            return
        }
    }

    @Test func `strategies share keys as declared, and always the same way`() {
        var config = RefreshPolicyTests.ladder
        config.strategies = [
            RefreshStrategy(name: "a", share: 0.3), RefreshStrategy(name: "b", share: 0.7, kind: .fixed),
        ]
        let count = (0..<20_000).count { config.strategy(of: "KEY\($0)").name == "a" }
        #expect(abs(Double(count) / 20_000 - 0.3) < 0.01)
        #expect(config.strategy(of: "KEY7") == config.strategy(of: "KEY7"))
    }

    @Test func `the reasons name class, cause and scarcity`() {
        var memory = refreshed(at: start, matches: 1)
        memory.viewedUntil = start + .seconds(60)
        let found = policy.explain(memory, strategy: .adaptive, now: start, price: 500, habits: HourHabits())
        #expect(found.kind == "war")
        #expect(found.reasons.contains { $0.contains("$.state is inWar") })
        #expect(found.reasons.contains { $0.contains("a client shows it") })
        let quiet = policy.explain(
            refreshed(at: start), strategy: .adaptive, now: start, price: 500, habits: HourHabits())
        #expect(quiet.reasons.first?.contains("calls are scarce, each must save readers 500 s") == true)
    }
}
