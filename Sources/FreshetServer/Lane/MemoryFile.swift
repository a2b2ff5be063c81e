import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A nameless file in memory, written once: its pages can be sent without copying, and live until the last is sent.
final class MemoryFile {
    let descriptor: CInt

    /// Creates a file that holds these bytes; `nil` when there is no memory for it, or no `/dev/shm`.
    init?(_ pieces: [ByteBuffer]) {
        let name = "/freshet-\(getpid())-\(UInt64.random(in: .min ... .max))"
        descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        shm_unlink(name)
        for piece in pieces {
            let count = piece.withUnsafeReadableBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count == piece.readableBytes else { return nil }
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
