import FreshetCore

/// A server that counts calls in exact sliding windows, one list of arrival times per limit and member.
struct SlidingServer {
    let limits: [LimitConfig]
    let accountOfKey: [String: String]
    private var arrivals: [String: [Int64]] = [:]
    private var heads: [String: Int] = [:]
    private(set) var total = 0
    private(set) var violations: [String] = []
    /// The most seen in any window, by limit index.
    private(set) var peak: [Int: Int] = [:]

    init(_ source: SourceConfig) {
        limits = source.limits
        accountOfKey = Dictionary(uniqueKeysWithValues: source.auth.keys.map { ($0.id, $0.account) })
    }

    /// Calls must arrive in the order of time.
    mutating func arrive(key: String, dataset: DatasetID, at nanoseconds: Int64) {
        total += 1
        for (index, limit) in limits.enumerated() {
            if let only = limit.datasets, !only.contains(dataset) { continue }
            let member =
                switch limit.scope {
                case .key: key
                case .account: accountOfKey[key] ?? ""
                case .ip: ""
                case .endpoint: dataset.description
                }
            let name = "\(index) \(member)"
            let per = limit.per.components.seconds * 1_000_000_000 + limit.per.components.attoseconds / 1_000_000_000
            // Taken out while it changes, so that it is not copied.
            var times = arrivals.removeValue(forKey: name) ?? []
            var head = heads[name] ?? 0
            while head < times.count, times[head] <= nanoseconds - per { head += 1 }
            times.append(nanoseconds)
            let count = times.count - head
            if count > limit.calls { violations.append("\(name): \(count) of \(limit.calls) at \(nanoseconds)") }
            peak[index] = max(peak[index] ?? 0, count)
            if head > 4096 {
                times.removeFirst(head)
                head = 0
            }
            arrivals[name] = times
            heads[name] = head
        }
    }
}

/// SplitMix64: small, seeded, the same on every machine.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
