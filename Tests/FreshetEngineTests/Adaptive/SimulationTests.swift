import FreshetCore
import FreshetEngine
import Testing

@Suite struct SimulationTests {
    private static let id = DatasetID(source: "s", name: "d")

    private static let ladder = AdaptiveRefresh(classes: [
        RefreshClass(name: "asked", priority: .high, every: .seconds(300), readWithin: .seconds(600)),
        RefreshClass(name: "active", priority: .medium, every: .seconds(1200), changedWithin: .seconds(14_400)),
        RefreshClass(name: "rest", priority: .low, every: .seconds(4800)),
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
        var load = SimulationLoad(keys: 400, reads: .generated(perDay: 24_000, zipf: zipf))
        load.groups = [
            .init(share: 0.05, changes: .seconds(150)), .init(share: 0.25, changes: .seconds(3600)),
            .init(share: 0.7, changes: .seconds(43_200)),
        ]
        load.seed = seed
        (load.warmUp, load.length) = (.seconds(7200), .seconds(10_800))
        return load
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
        // A day of intervals of eighty minutes.
        #expect((1780...1820).contains(result.total.meter.calls))
    }

    @Test func `the budget holds in virtual time, too`() throws {
        let result = try played(SimulationTests.ladder, load(seed: 5, zipf: 1), calls: 1, maxAge: .seconds(600))
        #expect(result.total.meter.calls <= 10_800 / 10 + 1)
    }

    @Test func `recorded reads are played as they were`() throws {
        var load = SimulationLoad(
            keys: 2, reads: .recorded([(1_000_000, 0, 3), (2_000_000, 1, 1), (90_000_000, 0, 2)]))
        (load.warmUp, load.length) = (.zero, .seconds(100))
        let result = try played(SimulationTests.ladder, load, calls: 10, maxAge: .seconds(600))
        #expect(result.total.meter.reads == 6)
    }

    @Test func `documents change at the moments that are named`() throws {
        var load = SimulationLoad(
            keys: 2, reads: .recorded([(1_000_000, 0, 1), (20_000_000, 0, 2), (30_000_000, 0, 1), (40_000_000, 1, 4)]))
        load.changes = [[10_000_000, 25_000_000, 28_000_000]]
        (load.warmUp, load.length) = (.zero, .seconds(50))
        // Two calls at most, one of them for each first read: what changed since is not seen.
        load.isEmpty = true
        let never = Duration.seconds(1_000_000_000)
        let slow = AdaptiveRefresh(classes: [RefreshClass(name: "all", priority: .low, every: .seconds(4800))])
        let line = try played(slow, load, calls: 10, maxAge: never).total
        #expect(line.meter.reads == 3, "the first read of each key found nothing")
        #expect(line.wrong == 3)
        #expect(abs(line.behind.meanAge - (10 + 10 + 20) / 3.0) < 0.01, "since the first change that was not seen")
    }

    @Test func `what waits in the queue is not overtaken for ever by what is worth more when it comes`() throws {
        var load = SimulationLoad(keys: 400, reads: .generated(perDay: 60 * 86_400, zipf: 1))
        load.groups = [.init(share: 1, changes: .seconds(120))]
        (load.warmUp, load.length, load.seed) = (.seconds(180), .seconds(300), 2)
        let all = RefreshClass(
            name: "all", priority: .low, every: .seconds(180), least: .seconds(5), most: .seconds(1200))
        var turns = SimulationTests.turns
        turns.classes = [RefreshClass(name: "all", priority: .low, every: .seconds(100))]
        let adaptive = try played(AdaptiveRefresh(classes: [all]), load, calls: 40, maxAge: .seconds(600)).total
        let inTurn = try played(turns, load, calls: 40, maxAge: .seconds(600)).total
        #expect(adaptive.behind.meanAge <= 0.8 * inTurn.behind.meanAge)
    }

    // MARK: Against round-robin

    /// All keys in turn, as fast as calls allow.
    private static let turns: AdaptiveRefresh = {
        var config = AdaptiveRefresh(classes: [RefreshClass(name: "all", priority: .low, every: .seconds(4000))])
        config.strategies = [RefreshStrategy(name: "round-robin", kind: .fixed)]
        return config
    }()

    /// For how long what was read had been wrong, adaptive to round-robin, with the same calls.
    private func staleness(_ load: SimulationLoad) throws -> Double {
        let never = Duration.seconds(1_000_000_000)
        let adaptive = try played(SimulationTests.ladder, load, calls: 1, maxAge: never).total
        let turns = try played(SimulationTests.turns, load, calls: 1, maxAge: never).total
        #expect(adaptive.meter.calls <= turns.meter.calls + turns.meter.calls / 100, "no more calls")
        #expect(adaptive.meter.calls >= turns.meter.calls - turns.meter.calls / 20, "and none left over")
        #expect(adaptive.meter.reads == turns.meter.reads)
        return adaptive.behind.meanAge / turns.behind.meanAge
    }

    @Test(arguments: [(2, 1.0), (4, 0.8)] as [(UInt64, Double)])
    func `where some keys are read more, readers see at least 30 % less staleness`(seed: UInt64, zipf: Double) throws {
        let ratio = try staleness(load(seed: seed, zipf: zipf))
        #expect(ratio <= 0.7, "\(ratio) of the staleness of round-robin")
    }

    @Test func `where all keys are read alike, it is no worse than all in turn`() throws {
        let ratio = try staleness(load(seed: 1, zipf: 0))
        #expect(ratio <= 1.1, "\(ratio) of the staleness of round-robin")
    }

    @Test func `nor where nothing was known at the start`() throws {
        var cold = load(seed: 3, zipf: 0)
        cold.isEmpty = true
        // Each document must have been fetched once: before that there is nothing to compare.
        cold.warmUp = .seconds(5000)
        #expect(try staleness(cold) <= 1.1)
    }
}
