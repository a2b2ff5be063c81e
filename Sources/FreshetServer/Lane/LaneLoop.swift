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
    /// Answers are put together here; the memory is used again as soon as the last one is on its way.
    var scratch: ByteBuffer

    /// Bodies up to this size are copied behind their head and leave in one piece; larger ones are written beside it.
    static let copyLimit = 16 << 10
    private static let scratchSize = 64 << 10

    init(catalog: Catalog, clock: any FreshetClock, access: any LaneAccess, counters: LaneCounters) {
        self.catalog = catalog
        self.clock = clock
        self.access = access
        self.counters = counters
        scratch = ByteBufferAllocator().buffer(capacity: LaneLoop.scratchSize)
    }

    /// Prepares the scratch memory for the next batch: reused when the last one has left, fresh otherwise.
    func begin() {
        scratch.clear(minimumCapacity: LaneLoop.scratchSize)
    }
}

/// Whether the lane may answer a request, by its `Authorization`.
protocol LaneAccess: Sendable {
    /// Whether reads are open to everyone.
    var readsAreOpen: Bool { get }
    /// Whether this value of `Authorization` may read.
    func mayRead(authorization: UnsafeRawBufferPointer) -> Bool
}
