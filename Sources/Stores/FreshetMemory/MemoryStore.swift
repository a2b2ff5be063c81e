public import FreshetCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A store in memory: the whole of the contract, nothing of it durable.
///
/// For tests and for `store: memory`. One lock guards everything; every call is short, and none waits for another while it holds the lock.
public final class MemoryStore: Store {
    struct State {
        var isClosed = false
        var documents = DocumentShelf()
        var queue = JobShelf(clock: MemoryStore.wallMicroseconds)
        var events = EventShelf()
        var values: [String: [UInt8]] = [:]
        var tokens: [TokenRecord] = []
        var plans = PlanShelf()
        var cluster = ClusterShelf()
    }

    private let state: Mutex<State>

    let clock: @Sendable () -> Duration
    let sharedLimits: MemoryLimits

    /// Creates an empty store with an event log of its own.
    ///
    /// `clock`: time from any origin, for duties and limits of several engines; the machine's when left out.
    public init(clock: @escaping @Sendable () -> Duration = MemoryLimits.machineTime) {
        self.clock = clock
        sharedLimits = MemoryLimits(clock: clock)
        var state = State()
        state.events.epoch = String(UInt64.random(in: .min ... .max), radix: 16)
        self.state = Mutex(state)
    }

    /// Microseconds since 1970, for fences.
    @Sendable static func wallMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Finishes what is under way and closes.
    public func close() async { state.withLock { $0.isClosed = true } }

    /// Performs one call; `body` must throw before it changes anything.
    func with<Value: Sendable>(
        _ body: (inout State) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .unavailable("the store is closed") }
            return try body(&state)
        }
    }
}

/// Orders texts by their UTF-8 bytes, as the contract and SQLite do; Swift's own order is by Unicode rules.
func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
