import FreshetCore
import FreshetEngine
import NIOCore

/// What the fast lanes of one event loop share.
///
/// Confined to its event loop, but for `counters`, which are atomic.
final class LaneLoop: @unchecked Sendable {
    let catalog: Catalog
    let clock: any FreshetClock
    let access: any LaneAccess
    let counters: LaneCounters
    var wholes = WholeCache()
    private var spare = ByteBuffer()

    /// Bodies up to this size are copied behind their head and leave in one piece; larger ones are written beside it.
    static let copyLimit = 16 << 10
    private static let scratchSize = 64 << 10

    init(catalog: Catalog, clock: any FreshetClock, access: any LaneAccess, counters: LaneCounters) {
        self.catalog = catalog
        self.clock = clock
        self.access = access
        self.counters = counters
    }

    /// Empty memory to put answers together in: that of the last batch, unless it is still on its way.
    func takeScratch() -> ByteBuffer {
        var scratch = ByteBuffer()
        swap(&scratch, &spare)
        scratch.clear(minimumCapacity: LaneLoop.scratchSize)
        return scratch
    }

    /// Gives memory back for the next batch.
    func giveBack(_ scratch: ByteBuffer) { spare = scratch }
}

/// Whether the lane may answer a request, by its `Authorization`.
protocol LaneAccess: Sendable {
    /// Whether reads are open to everyone.
    var readsAreOpen: Bool { get }
    /// Whether this value of `Authorization` may read.
    func mayRead(authorization: UnsafeRawBufferPointer) -> Bool
}
