import CPostgres
import Synchronization

/// Ends what a connection's server is doing; may be used from any thread.
final class PGCanceller: Sendable {
    /// libpq's own copy of what it needs for cancelling; it touches no connection.
    // Unchecked for the pointer: `PQcancel` only reads what it points to, and the lock keeps it from being freed meanwhile.
    private struct Copy: @unchecked Sendable {
        var pointer: OpaquePointer?
    }

    private let copy: Mutex<Copy>

    init(_ pointer: OpaquePointer?) { copy = Mutex(Copy(pointer: pointer)) }

    /// Puts another copy in place and frees the old one.
    func replace(_ pointer: OpaquePointer?) {
        let new = Copy(pointer: pointer)
        copy.withLock { copy in
            if let old = copy.pointer { PQfreeCancel(old) }
            copy = new
        }
    }

    /// Asks the server to end the statement under way; blocks for as long as a connection takes.
    func cancel() {
        copy.withLock { copy in
            guard let pointer = copy.pointer else { return }
            var words = [CChar](repeating: 0, count: 256)
            _ = PQcancel(pointer, &words, CInt(words.count))
        }
    }
}
