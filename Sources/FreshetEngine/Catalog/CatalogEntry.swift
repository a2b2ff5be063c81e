public import FreshetCore
import Synchronization

/// The face of a document that a path shows.
public enum PathSurface: UInt8, Sendable {
    /// Freshet's own routes.
    case document
    /// The upstream-compatible pass.
    case proxy
}

/// One spelling of a request target that leads to a document.
final class PathNode: Sendable {
    let hash: UInt64
    let path: [UInt8]
    let surface: PathSurface
    unowned let entry: CatalogEntry
    let next: PathNode?

    init(hash: UInt64, path: [UInt8], surface: PathSurface, entry: CatalogEntry, next: PathNode?) {
        self.hash = hash
        self.path = path
        self.surface = surface
        self.entry = entry
        self.next = next
    }
}

/// One document in memory.
///
/// The object stays the same for as long as the document is held; what it serves is replaced.
public final class CatalogEntry: Sendable {
    /// The address.
    public let id: DocumentID
    /// Its dataset.
    public let dataset: DatasetRecord

    struct Cell {
        var served: ServedDocument
        var paths: PathNode?
        var lastRead = Timestamp(microseconds: 0)
        /// The monotonic microsecond of the last wish for a refresh; `.min` when none was made in this stale episode.
        var demandedAt = Int64.min
        var reads: Int32 = 0
        var heat: UInt8 = 0
        var pathCount: UInt8 = 0
        var isEvicted = false
    }

    let hash: UInt64
    let cell: Mutex<Cell>

    init(id: DocumentID, dataset: DatasetRecord, hash: UInt64, served: ServedDocument) {
        self.id = id
        self.dataset = dataset
        self.hash = hash
        cell = Mutex(Cell(served: served))
    }

    /// What is served now.
    ///
    /// Looking at it is not a read: nothing is counted.
    public var served: ServedDocument { cell.withLock { $0.served } }

    /// What an entry costs besides bodies: objects, table slots, key, one path.
    static func fixedCost(key: String) -> Int { 640 + 2 * key.utf8.count }
}
