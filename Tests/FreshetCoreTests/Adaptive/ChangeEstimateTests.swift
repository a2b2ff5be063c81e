import FreshetCore
import FreshetTesting
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct ChangeEstimateTests {
    /// Looks at a document that changes by chance, at intervals between `least` and `most` seconds.
    private func learned(
        rate: Double, looks: Int, least: Double, most: Double, seed: UInt64
    ) -> (estimate: ChangeEstimate, counted: Double) {
        var random = SeededGenerator(seed: seed)
        func unit() -> Double { Double(random.next() >> 11) / Double(1 << 53) }
        var estimate = ChangeEstimate()
        var (hits, time) = (0.0, 0.0)
        for _ in 0..<looks {
            let interval = least + (most - least) * unit()
            let changed = unit() < 1 - exp(-rate * interval)
            estimate.look(changed: changed, after: .seconds(interval), prior: rate / 3)
            hits += changed ? 1 : 0
            time += interval
        }
        return (estimate, hits / time)
    }

    @Test(arguments: [1 / 600.0, 1 / 3600.0, 1 / 14_400.0])
    func `unequal looks give the rate that counting changes underrates`(rate: Double) {
        var (mean, counted) = (0.0, 0.0)
        for seed in 1...60 {
            let found = learned(rate: rate, looks: 200, least: 0.2 / rate, most: 3 / rate, seed: UInt64(seed))
            mean += found.estimate.rate(prior: rate / 3) / 60
            counted += found.counted / 60
        }
        #expect(abs(mean / rate - 1) < 0.2, "found \(mean / rate) of the rate")
        #expect(counted / rate < 0.65, "plain counting is biased, so the estimator has something to do")
    }

    @Test func `nothing learned is the prior`() {
        #expect(ChangeEstimate().rate(prior: 0.25) == 0.25)
    }

    @Test func `a document that never changes is believed less and less to change`() {
        var (estimate, last) = (ChangeEstimate(), 1.0)
        for _ in 0..<10 {
            estimate.look(changed: false, after: .seconds(3600), prior: 1e-3)
            let rate = estimate.rate(prior: 1e-3)
            #expect(rate < last)
            last = rate
        }
        #expect(last < 2e-5)
    }

    @Test func `a change at every look stops at the value of the formula for equal intervals`() {
        var estimate = ChangeEstimate()
        for _ in 0..<2000 { estimate.look(changed: true, after: .seconds(60), prior: 1e-3) }
        let rate = estimate.rate(prior: 1e-3)
        // n decays to about 290 looks: −ln(0.5 / 289) / 60.
        #expect(rate > 1 / 60.0 && rate < 0.107, "\(rate)")
    }
}
