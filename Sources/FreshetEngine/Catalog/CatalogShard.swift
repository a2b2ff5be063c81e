import FreshetCore
import Synchronization

/// A part of the catalog under one lock.
///
/// Eviction is a clock with a small frequency count: the hand goes over the slots of the hash table, takes one point of
/// heat from each entry it passes, and evicts the first that has none left. A document that nobody has read since it
/// came goes first, so that a scan, or refreshes of unread keys, cannot push out what is asked for.
final class CatalogShard: Sendable {
    struct State {
        var table = ProbeTable<CatalogEntry>()
        var hand = 0
        var formHand = 0
    }

    let state = Mutex(State())
    /// Entries with reads since the last drain.
    let dirty = Mutex<[CatalogEntry]>([])
    /// Entries held, to be read without the lock.
    let population = Atomic<Int>(0)
    let hits = Atomic<Int>(0)
    let misses = Atomic<Int>(0)
    let evictions = Atomic<Int>(0)

    func find(_ hash: UInt64, key: String, dataset: DatasetRecord) -> CatalogEntry? {
        state.withLock { $0.table.find(hash) { $0.dataset === dataset && $0.key == key } }
    }

    /// Takes the coldest entry out; `nil` when the shard is empty.
    func evictOne(sparing spared: CatalogEntry?) -> CatalogEntry? {
        state.withLock { state in
            guard state.table.count > 0 else { return nil }
            let capacity = state.table.capacity
            for _ in 0..<(5 * capacity) {
                state.hand = (state.hand + 1) & (capacity - 1)
                guard let entry = state.table.node(at: state.hand), entry !== spared else { continue }
                let isCold = entry.cell.withLock { cell in
                    if cell.heat > 0 {
                        cell.heat -= 1
                        return false
                    }
                    cell.isEvicted = true
                    return true
                }
                guard isCold else { continue }
                state.table.remove(entry, hash: entry.hash)
                population.wrappingSubtract(1, ordering: .relaxed)
                evictions.wrappingAdd(1, ordering: .relaxed)
                return entry
            }
            return nil
        }
    }

    /// Lets a compressed form go: the next one whose document was not read since the hand last came by.
    ///
    /// - Returns: The bytes it took; `nil` when there is none: one whose document was read may go the next time.
    func dropForm(sparing spared: CatalogEntry) -> Int? {
        state.withLock { state in
            let capacity = state.table.capacity
            for _ in 0..<capacity {
                state.formHand = (state.formHand + 1) & (capacity - 1)
                guard let entry = state.table.node(at: state.formHand), entry !== spared else { continue }
                let freed = entry.cell.withLock { cell -> Int in
                    let size = cell.served.formSize
                    guard size > 0 else { return 0 }
                    if cell.isReadLately {
                        cell.isReadLately = false
                        return 0
                    }
                    cell.served = cell.served.compressed(.undecided)
                    return size
                }
                if freed > 0 { return freed }
            }
            return nil
        }
    }
}
