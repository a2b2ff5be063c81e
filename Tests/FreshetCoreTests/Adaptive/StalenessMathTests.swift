import Testing

@testable import FreshetCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct StalenessMathTests {
    @Test(arguments: [1e-4, 0.005, 0.019, 0.021, 0.3, 1, 4, 50, 1000])
    func `the inverse undoes the shape`(x: Double) {
        #expect(abs(StalenessMath.inverse(StalenessMath.shape(x)) / x - 1) < 1e-3)
    }

    @Test func `the series meets the formula`() {
        #expect(abs(StalenessMath.shape(0.019_999) / StalenessMath.shape(0.020_001) - 1) < 1e-3)
    }

    @Test func `the worth is what a refresh saves, by adding it up`() {
        // T·c(T) − ∫c for c(τ) = τ − (1 − e^(−λτ))/λ, in steps.
        let (rate, age, steps) = (1 / 900.0, 2400.0, 20_000)
        func behind(_ t: Double) -> Double { t - (1 - exp(-rate * t)) / rate }
        let area =
            (0..<steps).reduce(0.0) { $0 + behind((Double($1) + 0.5) * age / Double(steps)) } * age / Double(steps)
        let worth = StalenessMath.worth(reads: 0.5, changes: rate, after: age)
        #expect(abs(worth / (0.5 * (age * behind(age) - area)) - 1) < 1e-6)
    }

    private struct Key {
        var reads: Double
        var changes: Double

        /// Reader-seconds of staleness a second, refreshed every so many seconds.
        func cost(_ every: Double) -> Double {
            let fading = (1 - exp(-changes * every)) / (changes * changes * every)
            return reads * (every / 2 - 1 / changes + fading)
        }
    }

    @Test func `equal worth spends calls best`() {
        // Three keys and a number of calls: no other split of the same calls gives readers less staleness.
        let keys = [
            Key(reads: 1, changes: 1 / 600.0), Key(reads: 0.05, changes: 1 / 600.0),
            Key(reads: 1, changes: 1 / 36_000.0),
        ]
        func cost(_ ages: [Double]) -> Double { zip(keys, ages).reduce(0.0) { $0 + $1.0.cost($1.1) } }
        let ages = keys.map { StalenessMath.age(reads: $0.reads, changes: $0.changes, price: 300) }
        let best = cost(ages)
        for giver in 0..<3 {
            for taker in 0..<3 where taker != giver {
                let moved = 0.1 / ages[giver]
                var other = ages
                other[giver] = 1 / (1 / ages[giver] - moved)
                other[taker] = 1 / (1 / ages[taker] + moved)
                #expect(cost(other) > best)
            }
        }
    }
}
