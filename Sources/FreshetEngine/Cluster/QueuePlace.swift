public import FreshetCore

/// Where the queue of a deployment is, as all its processes agreed.
enum QueuePlace: Sendable, Hashable {
    /// In the store alone, since a moment of the wall clock of whoever switched.
    case store(since: Timestamp)
    /// In the line that was begun with this epoch, in front of the store.
    case line(epoch: String, since: Timestamp)

    /// The value that says so, swapped by whoever changes it.
    static let name = "cluster/queue"

    /// When it was agreed.
    var since: Timestamp {
        switch self {
        case .store(let since), .line(_, let since): since
        }
    }

    /// The epoch of the line; `nil` in the store.
    var epoch: String? { if case .line(let epoch, _) = self { epoch } else { nil } }

    /// Reads what the store has kept; `nil` when it says nothing that can be understood.
    init?(stored bytes: [UInt8]?) {
        guard let bytes else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count >= 2, let micros = Int64(words[1]) else { return nil }
        let since = Timestamp(microseconds: micros)
        switch words[0] {
        case "store": self = .store(since: since)
        case "line" where words.count == 3: self = .line(epoch: words[2], since: since)
        default: return nil
        }
    }

    /// As it is stored.
    var bytes: [UInt8] {
        switch self {
        case .store(let since): Array("store \(since.microseconds)".utf8)
        case .line(let epoch, let since): Array("line \(since.microseconds) \(epoch)".utf8)
        }
    }
}

/// Moves the queue when a coordinator is given up.
public enum QueueHandover {
    /// Puts the queue into the store if it is in a line.
    ///
    /// - Parameters:
    ///   - store: The store that all processes share.
    ///   - now: The wall clock.
    /// - Returns: Whether it was in a line.
    /// - Throws: ``StoreError`` when it could not be moved.
    public static func toStore(_ store: any StateStore, now: Timestamp) async throws(StoreError) -> Bool {
        guard let bytes = try await store.value(QueuePlace.name), QueuePlace(stored: bytes)?.epoch != nil else {
            return false
        }
        return try await store.swapValue(bytes, with: QueuePlace.store(since: now).bytes, for: QueuePlace.name)
    }
}
