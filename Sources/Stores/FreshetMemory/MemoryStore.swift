public import FreshetCore
import Synchronization

/// A store in memory: the whole of the contract, nothing of it durable.
///
/// For tests and for `store: memory`. /// One lock guards everything; every call is short, and none waits for another while it holds the lock.
public final class MemoryStore: Store {
    struct State {
        var isClosed = false
        var documents = DocumentShelf()
        var queue = JobShelf()
        var events = EventShelf()
        var values: [String: [UInt8]] = [:]
        var tokens: [TokenRecord] = []
    }

    private let state: Mutex<State>

    /// Creates an empty store with an event log of its own.
    public init() {
        var state = State()
        state.events.epoch = String(UInt64.random(in: .min ... .max), radix: 16)
        self.state = Mutex(state)
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
