/// Counts arrivals in sliding windows, exactly: every arrival's time is kept for as long as the longest window sees it.
///
/// A window of length `w` that ends at `t` holds the arrivals in `(t - w, t]`. A count can only reach a new maximum at an
/// arrival, so the maximum over the windows that end at an arrival is the maximum over all windows.
struct WindowLog {
    /// Times kept at most; beyond it the oldest are forgotten and ``isExact`` turns false.
    static let capacity = 8_000_000

    private let lengths: [Int64]
    private var times: [Int64] = []
    /// Index in `times` of the oldest arrival inside each window.
    private var heads: [Int]
    /// The most arrivals that any window of each length ever held.
    private(set) var maxima: [Int]
    /// Whether no arrival was forgotten too early.
    private(set) var isExact = true

    /// - Parameter windows: Lengths above zero.
    init(windows: [Duration]) {
        lengths = windows.map(\.nanosecondsClamped)
        heads = Array(repeating: 0, count: windows.count)
        maxima = heads
    }

    /// Counts one arrival.
    ///
    /// - Parameter now: Not before any earlier `now`.
    mutating func record(at now: Int64) {
        times.append(now)
        evict(now)
        for index in heads.indices { maxima[index] = max(maxima[index], times.count - heads[index]) }
    }

    /// How many arrivals window number `index` holds at `now`.
    mutating func count(_ index: Int, at now: Int64) -> Int {
        evict(now)
        return times.count - heads[index]
    }

    /// How long until window number `index` holds fewer than `limit` arrivals; zero when it does already.
    mutating func wait(_ index: Int, for limit: Int, at now: Int64) -> Int64 {
        let held = count(index, at: now)
        guard held >= limit, limit > 0 else { return 0 }
        return max(0, times[heads[index] + held - limit] + lengths[index] - now)
    }

    private mutating func evict(_ now: Int64) {
        for index in heads.indices {
            var head = heads[index]
            while head < times.count, now - times[head] >= lengths[index] { head += 1 }
            heads[index] = head
        }
        compact()
    }

    private mutating func compact() {
        if times.count > Self.capacity {
            isExact = false
            let half = Self.capacity / 2
            for index in heads.indices { heads[index] = max(heads[index], half) }
        }
        guard let oldest = heads.min(), oldest > 1_024, oldest >= times.count / 2 else { return }
        times.removeFirst(oldest)
        for index in heads.indices { heads[index] -= oldest }
    }
}
