import FreshetCore
import FreshetEngine
import NIOCore

/// What the fast lanes of one event loop share.
///
/// Confined to its event loop, but for `counters`, which are atomic.
final class LaneLoop {
    let catalog: Catalog
    let clock: any FreshetClock
    let access: any LaneAccess
    let counters: LaneCounters
    var files = AnswerFiles()
    var dates = DateText()
    /// Where the answers of a batch are put together; used within one call only.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)

    /// Bodies up to this size are copied behind their head and leave in one piece; larger ones are sent beside it.
    static let copyLimit = 16 << 10

    init(catalog: Catalog, clock: any FreshetClock, access: any LaneAccess, counters: LaneCounters) {
        self.catalog = catalog
        self.clock = clock
        self.access = access
        self.counters = counters
    }

    deinit { memory.deallocate() }
}

/// Whether the lane may answer a request, by its `Authorization`.
protocol LaneAccess: Sendable {
    /// Whether reads are open to everyone.
    var readsAreOpen: Bool { get }
    /// Whether this value of `Authorization` may read.
    func mayRead(authorization: UnsafeRawBufferPointer) -> Bool
}
