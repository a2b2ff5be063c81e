import FreshetCore

/// The queue's order without its durability: by priority, then hottest first, then by age; now and then the oldest.
struct SimulatedQueue {
    private struct Entry {
        var heat: Int32
        var stamp: UInt32
        var key: Int32

        /// Whether it goes before another of the same priority.
        func precedes(_ other: Entry) -> Bool { heat != other.heat ? heat > other.heat : stamp < other.stamp }
    }

    private var lines: [BinaryHeap<Entry>] = Priority.allCases.map { _ in BinaryHeap { $0.precedes($1) } }
    private var oldest: [(stamp: UInt32, key: Int32)] = []
    private var oldestHead = 0
    private var counter: UInt32 = 0
    /// By key: priority (255: none waits), heat, and the stamp of the entry that counts.
    private var priorities: [UInt8]
    private var heats: [Int32]
    private var stamps: [UInt32]
    private(set) var count = 0

    init(keys: Int) {
        priorities = Array(repeating: 255, count: keys)
        heats = Array(repeating: 0, count: keys)
        stamps = Array(repeating: 0, count: keys)
    }

    func contains(_ key: Int) -> Bool { priorities[key] != 255 }

    /// What waits, the oldest first.
    mutating func waiting() -> [(key: Int, heat: Int)] {
        oldest = oldest[oldestHead...].filter { stamps[Int($0.key)] == $0.stamp && contains(Int($0.key)) }
        oldestHead = 0
        return oldest.map { (Int($0.key), Int(heats[Int($0.key)])) }
    }

    /// Adds a key, or raises the one that waits.
    mutating func add(_ key: Int, _ priority: Priority, heat: Int) {
        let (rank, heat) = (UInt8(priority.rawValue), Int32(clamping: heat))
        if priorities[key] == 255 {
            counter += 1
            (priorities[key], heats[key], stamps[key]) = (rank, heat, counter)
            oldest.append((counter, Int32(key)))
            count += 1
        } else {
            guard rank < priorities[key] || heat > heats[key] else { return }
            (priorities[key], heats[key]) = (min(rank, priorities[key]), max(heat, heats[key]))
        }
        lines[Int(priorities[key])].push(Entry(heat: heats[key], stamp: stamps[key], key: Int32(key)))
    }

    /// Takes the next one whose priority may go; `aged` takes the one that has waited longest.
    mutating func take(upTo least: Priority, aged: Bool) -> (key: Int, priority: Priority)? {
        if aged {
            while oldestHead < oldest.count {
                let (stamp, key) = oldest[oldestHead]
                guard stamps[Int(key)] == stamp, contains(Int(key)) else {
                    oldestHead += 1
                    continue
                }
                return leave(Int(key))
            }
        }
        if oldestHead > 4096 {
            oldest.removeFirst(oldestHead)
            oldestHead = 0
        }
        for rank in 0...least.rawValue {
            while let top = lines[rank].first {
                let key = Int(top.key)
                if priorities[key] == UInt8(rank), stamps[key] == top.stamp, heats[key] == top.heat {
                    _ = lines[rank].pop()
                    return leave(key)
                }
                // Raised, or gone, since.
                _ = lines[rank].pop()
            }
        }
        return nil
    }

    /// The most urgent that waits.
    var head: Priority? {
        mutating get {
            for rank in lines.indices {
                while let top = lines[rank].first {
                    let key = Int(top.key)
                    if priorities[key] == UInt8(rank), stamps[key] == top.stamp { return Priority(rawValue: rank) }
                    _ = lines[rank].pop()
                }
            }
            return nil
        }
    }

    private mutating func leave(_ key: Int) -> (key: Int, priority: Priority) {
        let priority = Priority(rawValue: Int(priorities[key])) ?? .low
        priorities[key] = 255
        count -= 1
        return (key, priority)
    }
}

/// A heap whose first element precedes all others.
struct BinaryHeap<Element> {
    private var items: [Element] = []
    private let precedes: (Element, Element) -> Bool

    init(_ precedes: @escaping (Element, Element) -> Bool) { self.precedes = precedes }

    var first: Element? { items.first }
    var count: Int { items.count }

    mutating func push(_ item: Element) {
        items.append(item)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(items[child], items[parent]) else { break }
            items.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Element? {
        guard let top = items.first else { return nil }
        let last = items.removeLast()
        guard !items.isEmpty else { return top }
        items[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if precedes(items[child], items[best]) { best = child }
            }
            if best == parent { return top }
            items.swapAt(parent, best)
            parent = best
        }
    }
}
