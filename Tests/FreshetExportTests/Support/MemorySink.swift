import FreshetExport

/// Keeps what is written.
final class MemorySink: ByteSink {
    private(set) var bytes: [UInt8] = []
    /// Fails once so many bytes were written.
    private let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    func write(_ bytes: [UInt8]) throws(ExportError) {
        guard self.bytes.count + bytes.count <= limit else { throw .cannotWrite("No space left on device") }
        self.bytes += bytes
    }
}
