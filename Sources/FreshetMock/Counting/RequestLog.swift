/// One request that a mock has answered, without secrets.
public struct RequestRecord: Sendable, Equatable {
    /// When the head was read, since 1970.
    public let time: Duration
    /// The method.
    public let method: String
    /// Path and query, with the values of key parameters replaced by `<redacted>`.
    public let target: String
    /// The key's name in reports.
    public let key: String
    /// What was answered; 0 when nothing was.
    public let status: Int
    /// The faults that struck.
    public let faults: [String]

    var json: MockJSON {
        [
            "time": .string(CivilTime(unixSeconds: time.components.seconds).rfc3339(milliseconds: time)),
            "method": .string(method),
            "path": .string(target),
            "key": .string(key), "status": .int(status), "faults": .array(faults.map { .string($0) }),
        ]
    }
}

/// The last requests, in a ring.
struct RequestLog {
    private var ring: [RequestRecord] = []
    private var next = 0
    private let capacity: Int

    /// - Parameter capacity: Records kept, 0 or more.
    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ record: RequestRecord) {
        guard capacity > 0 else { return }
        if ring.count < capacity {
            ring.append(record)
        } else {
            ring[next] = record
            next = (next + 1) % capacity
        }
    }

    mutating func reset() { self = RequestLog(capacity: capacity) }

    /// The last `limit` records, newest first.
    func last(_ limit: Int) -> [RequestRecord] {
        (0..<min(max(0, limit), ring.count)).map { ring[(next + ring.count - 1 - $0) % ring.count] }
    }
}

/// Guesses path templates: a segment that looks like an identifier becomes `{}`.
enum PathTemplate {
    static func guess(_ path: Substring) -> String {
        var out = ""
        for bytes in path.utf8.split(separator: UInt8(ascii: "/")) {
            let segment = Substring(bytes)
            out += "/"
            out += isIdentifier(segment) ? "{}" : segment
        }
        return out.isEmpty ? "/" : out
    }

    private static func isIdentifier(_ segment: Substring) -> Bool {
        let bytes = segment.utf8
        if bytes.first == UInt8(ascii: "%") || bytes.count > 24 { return true }
        let digits = bytes.count { (0x30...0x39).contains($0) }
        let isVersion = digits < bytes.count && bytes.first == UInt8(ascii: "v") && digits == bytes.count - 1
        return digits > 0 && !isVersion && (digits == bytes.count || digits * 3 >= bytes.count || bytes.count > 12)
    }
}
