import CPostgres
import Synchronization

/// Ends what a connection's server is doing; may be used from any thread.
final class PGCanceller: Sendable {
    /// The address of libpq's own copy of what it needs for cancelling; the lock keeps it from being freed while it is used.
    private let copy: Mutex<UInt>

    init(_ pointer: OpaquePointer?) { copy = Mutex(UInt(bitPattern: pointer)) }

    /// Puts another copy in place and frees the old one.
    func replace(_ pointer: OpaquePointer?) {
        let new = UInt(bitPattern: pointer)
        copy.withLock { copy in
            if let old = OpaquePointer(bitPattern: copy) { PQfreeCancel(old) }
            copy = new
        }
    }

    /// Asks the server to end the statement under way; blocks for as long as a connection takes.
    func cancel() {
        copy.withLock { copy in
            guard let pointer = OpaquePointer(bitPattern: copy) else { return }
            var words = [CChar](repeating: 0, count: 256)
            _ = PQcancel(pointer, &words, CInt(words.count))
        }
    }
}
