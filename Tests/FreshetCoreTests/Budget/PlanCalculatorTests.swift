import FreshetCore
import Testing

@Suite struct PlanCalculatorTests {
    static func dataset(
        _ name: String, _ timing: RefreshSchedule.Timing?, _ priority: Priority = .low,
        _ selection: RefreshSchedule.Selection = .all
    ) throws -> DatasetConfig {
        var dataset = DatasetConfig(
            id: DatasetID(source: "s", name: name), template: try PathTemplate("/\(name)/{id}"))
        dataset.refresh = timing.map { RefreshSchedule(timing: $0, selection: selection) }
        dataset.refresh?.priority = priority
        return dataset
    }

    static func source(_ limits: [LimitConfig], reserve: Double = 0) -> SourceConfig {
        var source = Bench.source(limits, keys: 2)
        source.reserve = reserve
        return source
    }

    static let hourly = RefreshSchedule.Timing.every(Period(.seconds(3600)))

    @Test func `calls per day are counted by dataset, key and limit`() throws {
        let plan = PlanCalculator.plan(
            source: Self.source([
                LimitConfig(scope: .key, calls: 1000, per: .seconds(86_400)),
                LimitConfig(scope: .endpoint, calls: 100, per: .seconds(3600), datasets: [Bench.a]),
            ]),
            datasets: [
                try Self.dataset("b", .cron("0 */6 * * *", timeZone: "UTC"), .low, .list(["1", "2"])),
                try Self.dataset("a", Self.hourly), try Self.dataset("c", nil),
            ], keys: [Bench.a: 30])
        #expect(plan.demands.map(\.callsPerDay) == [720, 8])
        #expect(plan.keys.map(\.callsPerDay) == [364, 364])
        #expect(plan.loads.map(\.share) == [0.364, 0.3])
        #expect(plan.impossible.isEmpty && plan.warnings.isEmpty)
        #expect(
            plan.render() == """
                source s: 728 calls a day

                  dataset  keys  runs/day  calls/day  priority
                  s.a        30        24        720       low
                  s.b         2         4          8       low

                  key  calls/day
                  k1         364
                  k2         364

                  limit                            allowed/day  asked/day   share
                  1000 per P1D for each of 2 keys        2,000        728  36.4 %
                  100 per PT1H for s.a                   2,400        720    30 %
                """)
    }

    @Test func `more than a limit allows is impossible, and the sentence says which and how much`() throws {
        let plan = PlanCalculator.plan(
            source: Self.source([LimitConfig(scope: .account, calls: 500, per: .seconds(86_400))]),
            datasets: [try Self.dataset("a", Self.hourly)], keys: [Bench.a: 30])
        #expect(
            plan.impossible == [
                "a ask for 720 calls a day, but 500 per P1D for the account allows 500: refresh fewer keys, or less often"
            ])
    }

    @Test func `low work may not plan with the reserve, high work may`() throws {
        let limits = [LimitConfig(scope: .account, calls: 1000, per: .seconds(86_400))]
        for (priority, isPossible) in [(Priority.low, false), (.medium, false), (.high, true)] {
            let plan = PlanCalculator.plan(
                source: Self.source(limits, reserve: 0.4), datasets: [try Self.dataset("a", Self.hourly, priority)],
                keys: [Bench.a: 30])
            #expect(plan.impossible.isEmpty == isPossible)
        }
    }

    @Test func `more than 80 percent warns`() throws {
        let limits = [LimitConfig(scope: .account, calls: 800, per: .seconds(86_400))]
        let plan = PlanCalculator.plan(
            source: Self.source(limits), datasets: [try Self.dataset("a", Self.hourly)], keys: [Bench.a: 30])
        #expect(plan.impossible.isEmpty && plan.warnings.count == 1)
        #expect(plan.warnings.first?.contains("90 %") == true)
    }

    @Test func `a schedule that never runs is impossible`() throws {
        let plan = PlanCalculator.plan(
            source: Self.source([]), datasets: [try Self.dataset("a", .cron("61 * * * *", timeZone: "UTC"))])
        #expect(plan.impossible == ["s.a has a schedule that never runs or cannot be read"])
    }

    @Test(arguments: [("*/15 * * * *", 96.0), ("@daily", 1.0), ("0 0 * * MON", 1.0 / 7), ("0 6,18 1 * *", 96 / 1461.0)])
    func `cron runs are averaged over four years`(text: String, expected: Double) {
        let runs = PlanCalculator.runsPerDay(.cron(text, timeZone: "UTC")) ?? 0
        #expect(abs(runs - expected) < 0.001)
    }

    @Test func `months count with the length of an average one`() {
        let runs = PlanCalculator.runsPerDay(.every(Period(months: 1)))
        #expect(abs((runs ?? 0) - 12 / 365.2425) < 1e-12)
    }
}
