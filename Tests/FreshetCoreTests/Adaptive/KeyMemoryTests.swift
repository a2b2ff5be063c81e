import FreshetTesting
import Testing

@testable import FreshetCore

@Suite struct KeyMemoryTests {
    private let start = Timestamp(seconds: 1_767_225_600)

    private func lived(seed: UInt64) -> KeyMemory {
        var random = SeededGenerator(seed: seed)
        var (memory, now) = (KeyMemory(), start)
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            now = now + .seconds(Int.random(in: 1...9000, using: &random))
            switch Int.random(in: 0...5, using: &random) {
            case 0: memory.refreshed(.failed, at: now, prior: 1e-4)
            case 1: memory.refreshed(.changed, at: now, prior: 1e-4, matches: UInt32(truncatingIfNeeded: random.next()))
            case 2:
                memory.refreshed(
                    .unchanged, at: now, prior: 1e-4, look: NextLook(at: now + .seconds(77), priority: .critical))
            case 3: memory.viewedUntil = now + .seconds(60)
            default: memory.demand.read(Int.random(in: 1...50, using: &random), at: now)
            }
        }
        return memory
    }

    @Test(arguments: 1...50)
    func `the compact form gives back what was remembered`(seed: Int) {
        let memory = lived(seed: UInt64(seed))
        let bytes = memory.encode()
        #expect(bytes.count <= 128)
        #expect(KeyMemory(decoding: bytes) == memory)
    }

    @Test func `anything else is refused`() {
        let bytes = lived(seed: 3).encode()
        #expect(KeyMemory(decoding: []) == nil)
        #expect(KeyMemory(decoding: [9] + bytes.dropFirst()) == nil, "another version")
        #expect(KeyMemory(decoding: bytes + [0]) == nil)
        for length in 0..<bytes.count { #expect(KeyMemory(decoding: Array(bytes[..<length])) == nil) }
    }

    @Test func `a key that nobody reads takes little room`() {
        var memory = KeyMemory()
        for hour in 0..<50 { memory.refreshed(.unchanged, at: start + .seconds(hour * 3600), prior: 1e-4) }
        #expect(memory.encode().count <= 64)
    }
}

@Suite struct DemandMemoryTests {
    private let start = Timestamp(seconds: 1_767_225_600)

    /// Reads of some key are noted from the start on.
    private var noted: HourHabits {
        var habits = HourHabits()
        habits.read(1, at: start)
        return habits
    }

    @Test func `a steady reader is known as such after a while`() {
        var demand = DemandMemory()
        for step in 0..<(24 * 20) { demand.read(2, at: start + .seconds(step * 3600)) }
        let rate = demand.readsPerDay(at: start + .seconds(24 * 20 * 3600), habits: noted)
        #expect(rate > 42 && rate < 60, "\(rate)")
    }

    @Test func `a key that was read once is not taken for one that is read always`() {
        var demand = DemandMemory()
        demand.read(1, at: start)
        #expect(demand.readsPerDay(at: start + .seconds(86_400), habits: noted) < 1.7)
        #expect(demand.readsPerDay(at: start + .seconds(30 * 86_400), habits: noted) < 0.13)
    }

    @Test func `a key that nobody has read yet counts as others do while little is known, and less and less`() {
        var read = DemandMemory()
        read.read(1, at: start)
        func weight(_ demand: DemandMemory, _ now: Timestamp) -> Double {
            demand.average(at: now, noted: start, guess: 0.5)
        }
        func ratio(_ after: Duration) -> Double {
            let now = start + after
            return weight(read, now) / weight(DemandMemory(), now)
        }
        #expect(abs(ratio(.seconds(60)) - 3) < 0.1, "one read more than half of one")
        let unread = [1, 10, 100].map { weight(DemandMemory(), start + .seconds($0 * 3600)) }
        #expect(unread == unread.sorted(by: >))
    }

    @Test func `the average rate of changes is that of the keys looked at`() {
        var habits = HourHabits()
        #expect(habits.changes(prior: 1e-4) == 1e-4)
        for look in 0..<2000 { habits.look(changed: look % 10 == 0, after: .seconds(60), rate: 1 / 600.0) }
        #expect(abs(habits.changes(prior: 1e-4) * 600 - 1) < 0.1)
    }

    @Test func `hours of the day add up to one day, whatever was read`() {
        var demand = DemandMemory()
        for step in 0..<200 { demand.read(1 + step % 7, at: start + .seconds(step * 5000)) }
        let forecast = DemandForecast(demand, now: start + .seconds(1_000_000), habits: HourHabits(), lead: .zero)
        #expect(abs((0..<24).reduce(0) { $0 + forecast.share($1) } - 1) < 1e-9)
    }

    @Test func `the habits of a dataset come back from their form, and nothing else does`() {
        var habits = HourHabits()
        for step in 0..<500 { habits.read(3, at: start + .seconds(step * 1800 + 18 * 3600)) }
        let kept = HourHabits(decoding: habits.encode())
        habits.look(changed: true, after: .seconds(600), rate: 1e-3)
        let again = HourHabits(decoding: habits.encode())
        #expect(again?.since == habits.since)
        #expect(again?.changes(prior: 1e-4) == habits.changes(prior: 1e-4))
        for hour in 0..<24 { #expect(abs((kept?.share(hour) ?? 0) - habits.share(hour)) < 0.01) }
        #expect(HourHabits(decoding: Array("1 2 3".utf8)) == nil)
    }
}

@Suite struct FreshnessMeterTests {
    @Test func `percentiles are within a fifth`() {
        var meter = FreshnessMeter()
        for age in 1...10_000 { meter.read(age: Double(age), target: .seconds(5000), at: Timestamp(seconds: 0)) }
        for (share, wanted) in [(0.5, 5000.0), (0.95, 9500), (0.99, 9900)] {
            #expect(abs((meter.age(at: share) ?? 0) / wanted - 1) < 0.2)
        }
        #expect(meter.freshShare == 0.5)
        #expect(abs(meter.meanAge - 5000.5) < 0.01)
    }

    @Test func `time within the target counts between refreshes`() {
        var meter = FreshnessMeter()
        meter.refresh(.changed, gap: nil, target: .seconds(60))
        meter.refresh(.unchanged, gap: .seconds(30), target: .seconds(60))
        meter.refresh(.failed, gap: .seconds(90), target: .seconds(60))
        meter.refresh(.changed, gap: .seconds(120), target: .seconds(60))
        #expect(meter.timeShare == 90 / 150.0)
        #expect((meter.calls, meter.hits, meter.failures) == (4, 2, 1))
        #expect(meter.hitShare == 0.5)
    }

    @Test func `the share of late follows what was read of late`() {
        var meter = FreshnessMeter()
        meter.read(age: 999, count: 1000, target: .seconds(60), at: Timestamp(seconds: 1000))
        #expect(meter.recentShare == 0)
        meter.read(age: 1, count: 1000, target: .seconds(60), at: Timestamp(seconds: 1000 + 5 * 3600))
        #expect((meter.recentShare ?? 0) > 0.99)
        #expect(FreshnessMeter().recentShare == nil)
    }
}

@Suite struct CallPriceTests {
    @Test func `the price rises with a long line and falls to none without one`() {
        var (price, now) = (CallPrice(), Timestamp(seconds: 0))
        price.move(line: 100, now: now)
        for _ in 0..<600 {
            now = now + .seconds(1)
            price.move(line: 100, now: now)
        }
        #expect(price.value > 300)
        let high = price.value
        price.move(line: 6, now: now + .seconds(1))
        #expect(price.value == high, "a line that is just right leaves it")
        for _ in 0..<10_000 {
            now = now + .seconds(1)
            price.move(line: 0, now: now)
        }
        #expect(price.value == 0)
    }

    @Test func `what a source grants counts its keys and leaves the reserve`() {
        var source = SourceConfig(name: "s", baseURL: "http://localhost")
        #expect(CallPrice.rate(of: source) == nil)
        source.limits = [
            LimitConfig(scope: .key, calls: 40, per: .seconds(1)),
            LimitConfig(scope: .account, calls: 864_000, per: .seconds(86_400)),
        ]
        source.reserve = 0.2
        #expect(CallPrice.rate(of: source) == 8)
    }
}
