import FreshetCore
import FreshetEngine
import Testing

@Suite struct SimulationTests {
    private static let id = DatasetID(source: "s", name: "d")

    private static let ladder = AdaptiveRefresh(classes: [
        RefreshClass(name: "asked", priority: .high, every: .seconds(1800), readWithin: .seconds(3600)),
        RefreshClass(name: "active", priority: .medium, every: .seconds(7200), changedWithin: .seconds(86_400)),
        RefreshClass(name: "rest", priority: .low, every: .seconds(28_800)),
    ])

    private func played(_ config: AdaptiveRefresh, _ load: SimulationLoad, calls: Int, maxAge: Duration) throws
        -> SimulationResult
    {
        var source = SourceConfig(name: "s", baseURL: "http://localhost")
        source.limits = [LimitConfig(scope: .ip, calls: calls, per: .seconds(10))]
        var dataset = DatasetConfig(id: SimulationTests.id, template: try PathTemplate("/d/{id}"))
        dataset.maxAge = maxAge
        dataset.refresh = RefreshSchedule(config, selection: .all)
        return try #require(Simulation(source: source, dataset: dataset, load: load).run())
    }

    private func load(seed: UInt64, zipf: Double) -> SimulationLoad {
        var load = SimulationLoad(keys: 2000, reads: .generated(perDay: 20_000, zipf: zipf))
        load.groups = [
            .init(share: 0.05, changes: .seconds(900)), .init(share: 0.25, changes: .seconds(21_600)),
            .init(share: 0.7, changes: .seconds(3 * 86_400)),
        ]
        load.seed = seed
        load.length = .seconds(43_200)
        return load
    }

    private func roundRobin(keys: Int, callsPerSecond: Double) -> AdaptiveRefresh {
        let turn = Duration.seconds(Double(keys) / callsPerSecond)
        var config = AdaptiveRefresh(classes: [RefreshClass(name: "all", priority: .low, every: turn)])
        config.strategies = [RefreshStrategy(name: "round-robin", kind: .fixed)]
        return config
    }

    @Test(arguments: [(1, 1.0), (2, 0.8), (3, 1.2)] as [(UInt64, Double)])
    func `with the same calls readers see 30 percent less staleness than under round-robin`(
        seed: UInt64, zipf: Double
    ) throws {
        let load = load(seed: seed, zipf: zipf)
        // Stale reads ask for nothing here: only the order of the background is compared.
        let never = Duration.seconds(1_000_000_000)
        let adaptive = try played(SimulationTests.ladder, load, calls: 1, maxAge: never).total
        let turns = try played(roundRobin(keys: 2000, callsPerSecond: 0.1), load, calls: 1, maxAge: never).total
        #expect(adaptive.meter.calls <= turns.meter.calls + turns.meter.calls / 100, "not by spending more")
        #expect(adaptive.meter.reads == turns.meter.reads)
        let saved = 1 - adaptive.behind.meanAge / turns.behind.meanAge
        #expect(saved >= 0.3, "\(saved) with \(adaptive.meter.calls) of \(turns.meter.calls) calls")
        #expect(adaptive.wrong < turns.wrong)
    }

    @Test func `the same seed gives the same result, another one another`() throws {
        let first = try played(SimulationTests.ladder, load(seed: 7, zipf: 1), calls: 2, maxAge: .seconds(600)).total
        let again = try played(SimulationTests.ladder, load(seed: 7, zipf: 1), calls: 2, maxAge: .seconds(600)).total
        let other = try played(SimulationTests.ladder, load(seed: 8, zipf: 1), calls: 2, maxAge: .seconds(600)).total
        #expect(first.meter == again.meter)
        #expect(first.meter != other.meter)
    }

    @Test func `with calls to spare every key keeps its class, and no call is wasted`() throws {
        var load = SimulationLoad(keys: 100, reads: .generated(perDay: 0, zipf: 1))
        load.groups = [.init(share: 1, changes: .seconds(1_000_000_000))]
        let result = try played(SimulationTests.ladder, load, calls: 100, maxAge: .seconds(600))
        #expect(result.price == 0)
        // A day of eight-hour intervals.
        #expect((297...303).contains(result.total.meter.calls))
    }

    @Test func `the budget holds in virtual time, too`() throws {
        let result = try played(SimulationTests.ladder, load(seed: 5, zipf: 1), calls: 1, maxAge: .seconds(600))
        #expect(result.total.meter.calls <= 43_200 / 10 + 1)
    }

    @Test func `recorded reads are played as they were`() throws {
        var load = SimulationLoad(
            keys: 2, reads: .recorded([(1_000_000, 0, 3), (2_000_000, 1, 1), (90_000_000, 0, 2)]))
        (load.warmUp, load.length) = (.zero, .seconds(100))
        let result = try played(SimulationTests.ladder, load, calls: 10, maxAge: .seconds(600))
        #expect(result.total.meter.reads == 6)
    }
}
