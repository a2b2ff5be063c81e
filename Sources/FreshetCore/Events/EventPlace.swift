/// A place in the event log: `epoch:offset`, as clients send it back.
public struct EventPlace: Sendable, Hashable {
    /// The log.
    public var epoch: String
    /// The last event that was seen, 0 before the first.
    public var offset: Int64

    /// Names a place.
    public init(epoch: String, offset: Int64) { (self.epoch, self.offset) = (epoch, offset) }

    /// Reads the text form; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let offset = Int64(parts[1]), offset >= 0 else { return nil }
        self.init(epoch: String(parts[0]), offset: offset)
    }

    /// The text form.
    public var text: String { "\(epoch):\(offset)" }
}

extension EventStore {
    /// The offset of the newest event, 0 before the first.
    ///
    /// - Throws: ``StoreError`` when the log cannot be read.
    public func newestOffset() async throws(StoreError) -> Int64 {
        // Offsets have no gaps: there is something behind every offset below the newest, and nothing from there on.
        var (below, beyond): (Int64, Int64) = (-1, 1)
        while try await !events(after: beyond, limit: 1).events.isEmpty { (below, beyond) = (beyond, beyond * 2) }
        while beyond - below > 1 {
            let middle = below + (beyond - below) / 2
            if try await events(after: middle, limit: 1).events.isEmpty { beyond = middle } else { below = middle }
        }
        return beyond
    }
}
