import FreshetCore
import FreshetDocument
import Synchronization

/// Reads by key and half minute, written down for `freshet simulate` where that is asked for.
final class ReadsLog: Sendable {
    /// Named on purpose: a bare closure in a `Mutex` gets wrapped once more by every `withLock`.
    private struct Sink {
        var write: (@Sendable (String) -> Void)?
    }

    private let sink = Mutex(Sink())

    /// Says where lines go; called off the read road, one line for each key read since the last time.
    func open(_ write: @escaping @Sendable (String) -> Void) { sink.withLock { $0.write = write } }

    /// Writes reads down, each with the moment of the last.
    func write(_ reads: [(id: DocumentID, count: Int, last: Timestamp)]) {
        guard let write = sink.withLock({ $0.write }) else { return }
        for read in reads {
            var line = JSONWriter()
            line.beginObject()
            line.key("time")
            line.string(read.last.rfc3339)
            line.key("dataset")
            line.string("\(read.id.dataset)")
            line.key("key")
            line.string(read.id.key)
            line.key("count")
            line.int(read.count)
            line.endObject()
            write(String(decoding: line.bytes, as: UTF8.self))
        }
    }
}

extension Engine {
    /// Writes reads down as JSON lines with `time`, `dataset`, `key` and `count`, about twice a minute.
    public func logReads(_ write: @escaping @Sendable (String) -> Void) { context.readsLog.open(write) }
}
