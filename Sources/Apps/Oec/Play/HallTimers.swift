/// When something is due, the earliest first: a binary heap.
///
/// An entry that no longer holds stays until it is due; whoever takes it compares.
struct HallTimers: Sendable {
    struct Entry: Sendable, Hashable {
        var due: Duration
        var game: String
    }

    private var heap: [Entry] = []

    var next: Duration? { heap.first?.due }
    var count: Int { heap.count }

    mutating func add(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest entry, if it is due.
    mutating func take(now: Duration) -> Entry? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            var least = parent
            if left < heap.count, heap[left].due < heap[least].due { least = left }
            if right < heap.count, heap[right].due < heap[least].due { least = right }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
