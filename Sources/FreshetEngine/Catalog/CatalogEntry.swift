public import FreshetCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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

    func isEqual(to bytes: UnsafeRawBufferPointer) -> Bool {
        guard path.count == bytes.count, let theirs = bytes.baseAddress else { return false }
        return path.withUnsafeBytes { ours in ours.baseAddress.map { memcmp($0, theirs, path.count) == 0 } ?? true }
    }
}

/// One document in memory.
///
/// The object stays the same for as long as the document is held; what it serves is replaced.
public final class CatalogEntry: Sendable {
    /// Its dataset.
    public let dataset: DatasetRecord
    /// The address.
    public var id: DocumentID { DocumentID(dataset: dataset.config.id, key: key) }

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
        /// Whether it was read since a compressed form was last looked for to be let go.
        var isReadLately = false
    }

    let key: String
    let hash: UInt64
    let cell: Mutex<Cell>

    init(key: String, dataset: DatasetRecord, hash: UInt64, served: ServedDocument) {
        self.key = key
        self.dataset = dataset
        self.hash = hash
        cell = Mutex(Cell(served: served))
    }

    /// What is served now.
    ///
    /// Looking at it is not a read: nothing is counted.
    public var served: ServedDocument { cell.withLock { $0.served } }

    /// What an entry costs besides bodies: objects, table slots, key, one path.
    static func fixedCost(key: String) -> Int { 600 + 2 * key.utf8.count }
}
