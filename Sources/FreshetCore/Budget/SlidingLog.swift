/// The calls in one window that reached the server, oldest first, in bounded memory.
///
/// Up to ``exactCalls`` calls are kept one by one. A larger window is cut into as many grains, and a call counts from the
/// end of what its grain holds, so that rounding can only keep a slot longer, never free it early.
struct SlidingLog: Sendable, Hashable {
    static let exactCalls = 1024

    struct Entry: Sendable, Hashable {
        var opened: Ticks
        /// The latest call of the entry: all of them leave together, `per` after it.
        var last: Ticks
        var count: Int
    }

    let per: Ticks
    private let grain: Ticks
    private var ring: [Entry] = []
    private var head = 0
    private(set) var entryCount = 0
    private(set) var total = 0

    init(calls: Int, per: Ticks) {
        self.per = per
        grain = calls <= SlidingLog.exactCalls ? 0 : per / Ticks(SlidingLog.exactCalls)
    }

    /// Adds calls that reached the server at `time` or before; times earlier than the newest are counted with it.
    mutating func record(_ count: Int = 1, at time: Ticks) {
        guard count > 0 else { return }
        total += count
        if entryCount > 0 {
            let index = slot(entryCount - 1)
            let moment = Swift.max(time, ring[index].last)
            if moment == ring[index].last || moment - ring[index].opened < grain {
                ring[index].last = moment
                ring[index].count += count
                return
            }
        }
        append(Entry(opened: time, last: time, count: count))
    }

    /// Drops what has left the window.
    mutating func purge(now: Ticks) {
        while entryCount > 0, ring[head].last + per <= now {
            total -= ring[head].count
            head = (head + 1) % ring.count
            entryCount -= 1
        }
    }

    /// Calls still in the window.
    func count(at now: Ticks) -> Int {
        var live = total
        for position in 0..<entryCount {
            let entry = ring[slot(position)]
            if entry.last + per > now { break }
            live -= entry.count
        }
        return live
    }

    /// When `count` of the calls that are live at `now` have left; `nil` when there are fewer.
    func release(of count: Int, now: Ticks) -> Ticks? {
        var left = count
        for position in 0..<entryCount {
            let entry = ring[slot(position)]
            if entry.last + per <= now { continue }
            left -= entry.count
            if left <= 0 { return entry.last + per }
        }
        return nil
    }

    /// The entries, oldest first; with `maximum`, neighbours are merged towards the later one.
    func entries(maximum: Int = .max) -> [Entry] {
        let group = entryCount <= maximum ? 1 : (entryCount + maximum - 1) / maximum
        var result: [Entry] = []
        for position in 0..<entryCount {
            let entry = ring[slot(position)]
            if position % group == 0 {
                result.append(entry)
            } else {
                result[result.count - 1].last = entry.last
                result[result.count - 1].count += entry.count
            }
        }
        return result
    }

    private func slot(_ position: Int) -> Int { (head + position) % ring.count }

    private mutating func append(_ entry: Entry) {
        if entryCount == ring.count {
            ring = entries() + [Entry](repeating: Entry(opened: 0, last: 0, count: 0), count: Swift.max(16, ring.count))
            head = 0
        }
        ring[slot(entryCount)] = entry
        entryCount += 1
    }
}
