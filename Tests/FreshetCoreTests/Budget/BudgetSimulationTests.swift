import FreshetCore
import Testing

@Suite struct BudgetSimulationTests {
    static let clan = DatasetID(source: "clash", name: "clan")
    static let player = DatasetID(source: "clash", name: "player")

    static func clash() -> SourceConfig {
        var source = SourceConfig(name: "clash", baseURL: "http://localhost")
        source.auth.method = .bearer
        source.auth.keys = (1...4).map { Credential(id: "k\($0)", secret: Secret("s\($0)")) }
        source.limits = [
            LimitConfig(scope: .key, calls: 40, per: .seconds(1)),
            LimitConfig(scope: .account, calls: 900, per: .seconds(10)),
            LimitConfig(scope: .endpoint, calls: 20, per: .seconds(1), datasets: [clan]),
        ]
        source.concurrency = 64
        return source
    }

    static func saturated(_ seed: UInt64, extra: [BudgetSimulation.Asker] = []) -> BudgetSimulation {
        BudgetSimulation(
            source: clash(), datasets: [clan, player],
            askers: [.init(dataset: clan, priority: .high), .init(dataset: player, priority: .high)] + extra, seed: seed
        )
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `three windows saturated for three minutes use 97 percent and are never exceeded`(seed: UInt64) {
        var simulation = Self.saturated(seed)
        simulation.run(seconds: 180)
        #expect(simulation.server.violations.isEmpty)
        let share = Double(simulation.server.total) / (90.0 * 180)
        #expect(share >= 0.97, "\(share)")
        #expect(Double(simulation.grantsByAsker[0]) >= 0.97 * 20 * 180, "\(simulation.grantsByAsker)")
        #expect(simulation.snapshots < 180 * 8, "\(simulation.snapshots) writes")
        #expect(simulation.largestSnapshot < 4096, "\(simulation.largestSnapshot) bytes")
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `five kills and two clean restarts lose at most 15 percent and exceed nothing`(seed: UInt64) {
        var random = Seeded(seed &* 7919)
        var simulation = Self.saturated(seed)
        simulation.crashes = (0..<7).map { _ in Int64.random(in: 1_000_000_000...170_000_000_000, using: &random) }
        simulation.cleanRestarts = Set(simulation.crashes.prefix(2))
        simulation.wallJump = 3600
        simulation.lostWriteEvery = 20
        simulation.run(seconds: 180)
        #expect(simulation.server.violations.isEmpty)
        let share = Double(simulation.server.total) / (90.0 * 180)
        #expect(share >= 0.85, "\(share)")
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `slow answers, lost answers, lost writes, crashes and reboots exceed nothing`(seed: UInt64) {
        var random = Seeded(seed &* 104_729)
        var source = Self.clash()
        source.reserve = Double.random(in: 0...0.5, using: &random)
        source.limits.append(LimitConfig(scope: .ip, calls: 3000, per: .seconds(120)))
        source.concurrency = Int.random(in: 4...200, using: &random)
        var simulation = BudgetSimulation(
            source: source, datasets: [Self.clan, Self.player],
            askers: [
                .init(dataset: Self.clan, priority: .high), .init(dataset: Self.player, priority: .medium),
                .init(dataset: DatasetID(source: "clash", name: "undeclared"), priority: .low, aged: true),
                .init(dataset: Self.player, priority: .critical, every: 1_000_000...700_000_000),
            ], seed: seed)
        simulation.latency = 0...(seed % 2 == 0 ? 2_000_000_000 : 12_000_000_000)
        simulation.deathEvery = 9
        simulation.lostWriteEvery = 5
        simulation.wallJump = 3600
        simulation.crashes = (0..<12).map { _ in Int64.random(in: 0...110_000_000_000, using: &random) }
        simulation.reboots = Set(simulation.crashes.suffix(3))
        simulation.run(seconds: 120)
        #expect(simulation.server.violations.isEmpty, "\(simulation.server.violations.prefix(3))")
        #expect(simulation.server.total > 300)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `critical work starts within one token interval while high saturates`(seed: UInt64) {
        let critical = BudgetSimulation.Asker(
            dataset: Self.player, priority: .critical, every: 150_000_000...650_000_000)
        var simulation = Self.saturated(seed, extra: [critical])
        simulation.run(seconds: 120)
        #expect(simulation.server.violations.isEmpty)
        #expect(simulation.waits.count > 200)
        // One token of the account's 900 per 10 s, and a late timer.
        #expect((simulation.waits.max() ?? 0) <= 11_200_000 + 2_000_000, "\(simulation.waits.max() ?? 0) ns")
    }

    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func `no configuration, fault or restart lets a window be exceeded`(seed: UInt64) {
        var simulation = Self.anything(seed)
        simulation.run(seconds: 60)
        #expect(simulation.server.violations.isEmpty, "\(simulation.server.violations.prefix(3))")
    }

    /// A source, work and faults drawn at random.
    static func anything(_ seed: UInt64) -> BudgetSimulation {
        var random = Seeded(seed &* 0x9E37_79B9)
        func one<Item>(_ items: [Item]) -> Item { items[Int.random(in: 0..<items.count, using: &random)] }
        var source = SourceConfig(name: "clash", baseURL: "http://localhost")
        source.auth.method = .bearer
        let accounts = one([1, 2])
        source.auth.keys = (0..<one([1, 2, 3, 5])).map {
            Credential(id: "k\($0)", secret: Secret("s"), account: "a\($0 % accounts)")
        }
        source.limits = (0..<one([0, 1, 2, 3])).map { _ in
            LimitConfig(
                scope: one(LimitConfig.Scope.allCases), calls: one([1, 2, 5, 20, 40, 100, 900, 1500, 5000]),
                per: .milliseconds(one([100, 1000, 3000, 10_000, 60_000])), datasets: one([nil, [clan]]))
        }
        source.limits.append(
            LimitConfig(
                scope: one([.ip, .account]), calls: one([3, 30, 200, 1200]), per: .milliseconds(one([2000, 7000]))))
        source.reserve = one([0, 0.2, 0.5, 0.9])
        source.concurrency = one([1, 8, 64, 500])
        var simulation = BudgetSimulation(
            source: source, datasets: [clan, player],
            askers: [
                .init(dataset: clan, priority: .high), .init(dataset: player, priority: .low),
                .init(dataset: player, priority: .low, aged: true, every: 1_000_000...400_000_000),
                .init(dataset: player, priority: .critical, every: 1_000_000...500_000_000),
            ], seed: seed)
        simulation.latency = 0...one([1_000_000, 50_000_000, 2_000_000_000, 15_000_000_000])
        simulation.slip = 0...one([1, 2_000_000, 80_000_000])
        simulation.persistence = 0...one([100_000, 20_000_000, 600_000_000])
        simulation.deathEvery = one([0, 3, 20])
        simulation.lostWriteEvery = one([0, 3, 20])
        simulation.wallJump = 3600
        simulation.crashes = (0..<one([0, 3, 12, 20])).map { _ in
            Int64.random(in: 0...55_000_000_000, using: &random)
        }
        simulation.cleanRestarts = Set(simulation.crashes.filter { _ in one([true, false]) })
        simulation.reboots = Set(simulation.crashes.filter { _ in one([true, false, false, false]) })
        return simulation
    }

    @Test func `low work leaves the reserve alone and fills the rest`() {
        var source = Self.clash()
        source.reserve = 0.2
        var simulation = BudgetSimulation(
            source: source, datasets: [Self.clan, Self.player],
            askers: [.init(dataset: Self.player, priority: .low)], seed: 5)
        simulation.run(seconds: 60)
        #expect(simulation.server.peak[1] ?? 0 <= 720)
        #expect(simulation.server.total >= 60 * 72 * 97 / 100, "\(simulation.server.total)")
    }

    @Test(arguments: [false, true])
    func `low work progresses beside saturating high work once it is aged`(aged: Bool) {
        var source = Self.clash()
        source.reserve = 0.2
        var simulation = BudgetSimulation(
            source: source, datasets: [Self.clan, Self.player],
            askers: [
                .init(dataset: Self.player, priority: .high),
                .init(dataset: Self.player, priority: .low, aged: aged, every: 500_000_000...500_000_000),
            ], seed: 5)
        simulation.run(seconds: 60)
        #expect(simulation.server.violations.isEmpty)
        #expect(simulation.grantsByAsker[0] > 4800)
        #expect(aged ? simulation.grantsByAsker[1] > 115 : simulation.grantsByAsker[1] < 20)
    }

    @Test func `a single slow key uses its window and stays inside it`() {
        var source = SourceConfig(name: "one", baseURL: "http://localhost")
        source.limits = [LimitConfig(scope: .key, calls: 5, per: .seconds(10))]
        let id = DatasetID(source: "one", name: "a")
        var simulation = BudgetSimulation(
            source: source, datasets: [id], askers: [.init(dataset: id, priority: .low)], seed: 3)
        simulation.run(seconds: 600)
        #expect(simulation.server.violations.isEmpty)
        #expect(simulation.server.total >= 290, "\(simulation.server.total)")
    }

    @Test func `a window of many calls is counted in grains and still not exceeded`() {
        var source = SourceConfig(name: "day", baseURL: "http://localhost")
        source.limits = [LimitConfig(scope: .account, calls: 20_000, per: .seconds(3600))]
        let id = DatasetID(source: "day", name: "a")
        var simulation = BudgetSimulation(
            source: source, datasets: [id], askers: [.init(dataset: id, priority: .high)], seed: 3)
        simulation.run(seconds: 9000)
        #expect(simulation.server.violations.isEmpty)
        #expect(simulation.server.total >= 48_500, "\(simulation.server.total)")
        #expect(simulation.largestSnapshot < 2000, "\(simulation.largestSnapshot)")
    }
}
