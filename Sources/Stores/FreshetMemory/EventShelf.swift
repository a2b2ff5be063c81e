import FreshetCore

/// The event log.
struct EventShelf {
    var epoch = ""
    private var events: [Event] = []
    private var last: Int64 = 0

    mutating func append(_ new: [NewEvent], now: Timestamp) -> [Event] {
        let written = new.map { event in
            last += 1
            return Event(event, offset: last, at: now)
        }
        events += written
        return written
    }

    func events(after offset: Int64, limit: Int) -> (events: [Event], oldest: Int64?) {
        guard let oldest = events.first?.offset else { return ([], nil) }
        // Without gaps, an offset says where it stands.
        let start = min(max(0, Int(clamping: offset) - Int(oldest) + 1), events.count)
        return (Array(events[start...].prefix(max(0, limit))), oldest)
    }

    mutating func remove(before: Timestamp, limit: Int) -> Int {
        let count = events.prefix(max(0, limit)).prefix { $0.at < before }.count
        events.removeFirst(count)
        return count
    }
}
