import FreshetCore
import Synchronization

/// Remembers what was made of a document and its rows for a few seconds.
///
/// An entry holds for one content of its document: a refresh ends it at once. What says how old an answer is stands outside of it.
final class AnswerCache: Sendable {
    /// Which content of a document an entry was made of.
    struct Stamp: Sendable, Hashable {
        var version: Int
        var updated: Timestamp?
    }

    private struct Entry {
        var stamp: Stamp
        var body: [UInt8]
        var until: Duration
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var bytes = 0
    }

    /// How long what rows of other documents tell may go unseen.
    static let memory = Duration.seconds(10)
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: Bytes kept at most.
    init(capacity: Int = 64 << 20) { self.capacity = capacity }

    /// The entry of a name, if it was made of this content a moment ago; with `orOlder`, however long ago.
    func body(_ name: String, _ stamp: Stamp, now: Duration, orOlder: Bool = false) -> [UInt8]? {
        state.withLock { state in
            guard let entry = state.entries[name], entry.stamp == stamp, orOlder || entry.until > now else {
                return nil
            }
            return entry.body
        }
    }

    /// Keeps an entry; when there are too many bytes, all others are forgotten.
    func keep(_ body: [UInt8], as name: String, _ stamp: Stamp, now: Duration) {
        state.withLock { state in
            if state.bytes + body.count > capacity { state = State() }
            let old = state.entries.updateValue(Entry(stamp: stamp, body: body, until: now + Self.memory), forKey: name)
            state.bytes += body.count - (old?.body.count ?? 0)
        }
    }
}
