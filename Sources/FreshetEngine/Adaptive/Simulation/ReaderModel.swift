import FreshetCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Draws ranks 1...count in proportion to 1 / rankˢ.
///
/// Rejection-inversion after Hörmann and Derflinger (ACM TOMACS 6(3), 1996): constant time, no table.
struct ZipfSampler {
    private let count: Double
    private let exponent: Double
    private let first: Double
    private let last: Double
    private let cut: Double

    init(count: Int, exponent: Double) {
        self.count = Double(max(1, count))
        self.exponent = exponent
        first = ZipfSampler.integral(1.5, exponent) - 1
        last = ZipfSampler.integral(self.count + 0.5, exponent)
        cut = 2 - ZipfSampler.inverse(ZipfSampler.integral(2.5, exponent) - ZipfSampler.weight(2, exponent), exponent)
    }

    func draw(_ random: inout SimulationRandom) -> Int {
        while true {
            let u = last + random.unit() * (first - last)
            let x = ZipfSampler.inverse(u, exponent)
            let rank = min(max(x.rounded(), 1), count)
            if rank - x <= cut || u >= ZipfSampler.integral(rank + 0.5, exponent) - ZipfSampler.weight(rank, exponent) {
                return Int(rank)
            }
        }
    }

    private static func weight(_ x: Double, _ s: Double) -> Double { exp(-s * log(x)) }

    private static func integral(_ x: Double, _ s: Double) -> Double {
        let logX = log(x)
        return relative((1 - s) * logX) * logX
    }

    private static func inverse(_ x: Double, _ s: Double) -> Double {
        let t = max(-1, x * (1 - s))
        return exp((abs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2) * x)
    }

    /// (eˣ − 1) / x.
    private static func relative(_ x: Double) -> Double { abs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2 }
}

/// Gives the reads of a load in order of time.
struct ReaderModel {
    private let load: SimulationLoad
    private var random: SimulationRandom
    private let zipf: ZipfSampler
    private let hours: [Double]
    private let peak: Double
    private var next = 0
    private var time = 0.0

    init(_ load: SimulationLoad) {
        self.load = load
        random = SimulationRandom(seed: load.seed &* 0x9E37 &+ 77)
        let sum = max(1e-9, load.hours.reduce(0, +))
        hours = load.hours.map { $0 * 24 / sum }
        peak = (hours.max() ?? 1) * (1 - load.habit + load.habit * 12)
        var exponent = 0.0
        if case .generated(_, let s) = load.reads { exponent = s }
        zipf = ZipfSampler(count: load.keys, exponent: exponent)
    }

    /// The next read before a time, in microseconds from the start; `nil` when there is none before it.
    mutating func read(before limit: Int64) -> (at: Int64, key: Int, count: Int)? {
        switch load.reads {
        case .recorded(let list):
            guard next < list.count, list[next].at < limit else { return nil }
            defer { next += 1 }
            return (list[next].at, Int(list[next].key), Int(list[next].count))
        case .generated(let perDay, _):
            // Thinning: reads at the highest rate, of which those that the hour and the key's habit allow are kept.
            let rate = perDay / 86_400 * peak
            while rate > 0 {
                if time * 1e6 >= Double(limit) { return nil }
                let at = time
                time -= log(1 - random.unit()) / rate
                let key = zipf.draw(&random) - 1
                let hour = Int((load.start.seconds + Int64(at)) / 3600 % 24)
                let own = Int(ReaderModel.mix(UInt64(key)) % 24)
                let isOwn = hour == own || hour == (own + 1) % 24
                let share = hours[hour] * (1 - load.habit + (isOwn ? load.habit * 12 : 0))
                if random.unit() * peak < share { return (Int64(at * 1e6), key, 1) }
            }
            return nil
        }
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var random = SimulationRandom(seed: value)
        return random.next()
    }
}
