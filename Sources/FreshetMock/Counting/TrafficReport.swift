/// What a mock has received, as it was when asked.
///
/// Nothing in it is a secret.
public struct TrafficReport: Sendable, Equatable {
    /// The most arrivals within any window of one length.
    public struct Peak: Sendable, Equatable {
        /// The length of the window.
        public let window: Duration
        /// The most arrivals any such window ever held.
        public let calls: Int
    }

    /// Calls made with one credential.
    public struct Key: Sendable, Equatable {
        /// The name the key was configured under, or `keyN`, numbered after these in the order of first use; `none` without one.
        public let name: String
        /// A short opaque hash, different in every run.
        public let id: String
        /// Arrivals.
        public let total: Int
        /// Peaks by window.
        public let peaks: [Peak]
        /// Requests in progress now.
        public let inFlight: Int
        /// The most requests ever in progress at once.
        public let maxInFlight: Int
        /// Answers by status; 0 stands for none sent.
        public let statuses: [Int: Int]
    }

    /// Calls of one endpoint.
    public struct Endpoint: Sendable, Equatable {
        /// Method and path template.
        public let name: String
        /// Arrivals.
        public let total: Int
        /// Peaks by window.
        public let peaks: [Peak]
    }

    /// One rule applied to one subject.
    public struct Limit: Sendable, Equatable {
        /// The rule's text.
        public let rule: String
        /// The key's name, the account, the address or the endpoint.
        public let subject: String
        /// Arrivals.
        public let total: Int
        /// The most arrivals within any window of the rule's length.
        public let maxInWindow: Int
        /// Arrivals that found the window full or too many requests in progress.
        public let violations: Int
        /// When the first violation happened, since the mock started.
        public let firstViolation: Duration?
        /// Requests that were answered 429 because of this rule.
        public let rejected: Int
        /// The most requests ever in progress at once.
        public let maxInFlight: Int
        /// False when so many calls fell into one window that old ones had to be forgotten.
        public let isExact: Bool
    }

    /// All arrivals.
    public let total: Int
    /// Peaks of all arrivals.
    public let peaks: [Peak]
    /// By credential, in the order of first use.
    public let keys: [Key]
    /// By endpoint, in the order of first use.
    public let endpoints: [Endpoint]
    /// By rule and subject.
    public let limits: [Limit]
    /// Connections accepted.
    public let connections: Int
    /// Connections open now.
    public let openConnections: Int

    /// Violations of all rules: zero proves that no declared limit was ever broken.
    public var violations: Int { limits.reduce(0) { $0 + $1.violations } }

    /// The calls of the key with this configured name or `keyN`.
    public func key(_ name: String) -> Key? { keys.first { $0.name == name } }

    /// The report as JSON.
    public var json: MockJSON {
        [
            "total": .int(total), "peaks": Self.json(peaks), "violations": .int(violations),
            "connections": .int(connections), "open_connections": .int(openConnections),
            "keys": .array(keys.map(Self.json)),
            "endpoints": .array(
                endpoints.map { ["endpoint": .string($0.name), "total": .int($0.total), "peaks": Self.json($0.peaks)] }),
            "limits": limitsJSON,
        ]
    }

    /// Only the rules, as JSON.
    public var limitsJSON: MockJSON { .array(limits.map(Self.json)) }

    private static func json(_ peaks: [Peak]) -> MockJSON {
        .array(peaks.map { ["window": .string(MockUnits.iso($0.window)), "calls": .int($0.calls)] })
    }

    private static func json(_ key: Key) -> MockJSON {
        let statuses = key.statuses.sorted { $0.key < $1.key }.map { MockJSON.Member("\($0.key)", .int($0.value)) }
        return [
            "name": .string(key.name), "key_id": .string(key.id), "total": .int(key.total), "peaks": json(key.peaks),
            "in_flight": .int(key.inFlight), "max_in_flight": .int(key.maxInFlight), "statuses": .object(statuses),
        ]
    }

    private static func json(_ limit: Limit) -> MockJSON {
        [
            "rule": .string(limit.rule), "subject": .string(limit.subject), "total": .int(limit.total),
            "max_in_window": .int(limit.maxInWindow), "violations": .int(limit.violations),
            "first_violation_seconds": limit.firstViolation.map { .number("\($0.asSeconds)") } ?? .null,
            "rejected": .int(limit.rejected), "max_in_flight": .int(limit.maxInFlight), "exact": .bool(limit.isExact),
        ]
    }
}
