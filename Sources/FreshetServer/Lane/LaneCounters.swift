import Synchronization

/// What one event loop has answered.
///
/// The loop alone writes; `/metrics` reads from elsewhere.
final class LaneCounters: Sendable {
    /// The upper bounds of the read-time histogram in nanoseconds.
    static let bounds: [Int64] = [
        5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 25_000_000, 100_000_000,
    ]

    /// A number that one thread writes: a plain load and store, no locked instruction.
    struct Cell: ~Copyable {
        private let value = Atomic<Int64>(0)
        var current: Int64 { value.load(ordering: .relaxed) }
        func add(_ amount: Int64) { value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed) }
    }

    let hits = Cell()
    let notModified = Cell()
    let detours = Cell()
    let demotions = Cell()
    let bytes = Cell()
    let nanoseconds = Cell()
    let buckets = LaneBuckets()

    /// Counts answers that took `nanoseconds` together.
    func record(hits count: Int, unchanged: Int, bytes sent: Int, nanoseconds total: Int64) {
        hits.add(Int64(count))
        if unchanged > 0 { notModified.add(Int64(unchanged)) }
        bytes.add(Int64(sent))
        nanoseconds.add(total)
        buckets.add(Int64(count), at: LaneCounters.bucket(total / Int64(max(1, count))))
    }

    private static func bucket(_ nanoseconds: Int64) -> Int {
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
        return index
    }
}

/// The buckets of the read-time histogram; the last one has no upper bound.
struct LaneBuckets: ~Copyable {
    private let b0 = LaneCounters.Cell(), b1 = LaneCounters.Cell(), b2 = LaneCounters.Cell()
    private let b3 = LaneCounters.Cell(), b4 = LaneCounters.Cell(), b5 = LaneCounters.Cell()
    private let b6 = LaneCounters.Cell(), b7 = LaneCounters.Cell(), b8 = LaneCounters.Cell()
    private let b9 = LaneCounters.Cell(), b10 = LaneCounters.Cell(), b11 = LaneCounters.Cell()

    func add(_ count: Int64, at index: Int) {
        switch index {
        case 0: b0.add(count)
        case 1: b1.add(count)
        case 2: b2.add(count)
        case 3: b3.add(count)
        case 4: b4.add(count)
        case 5: b5.add(count)
        case 6: b6.add(count)
        case 7: b7.add(count)
        case 8: b8.add(count)
        case 9: b9.add(count)
        case 10: b10.add(count)
        default: b11.add(count)
        }
    }

    var current: [Int64] {
        [
            b0.current, b1.current, b2.current, b3.current, b4.current, b5.current, b6.current, b7.current,
            b8.current, b9.current, b10.current, b11.current,
        ]
    }
}
