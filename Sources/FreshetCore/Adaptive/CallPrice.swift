#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a call must save, in reader-seconds, so that all calls are used and the line stays short; pure.
///
/// The water level of the water-filling: it rises while more is due than calls can do, and falls while calls are left over. At 0 calls are
/// not scarce, and keys are refreshed at the pace of their classes.
public struct CallPrice: Sendable, Hashable {
    /// With so many seconds of calls in the line the price rises.
    public static let long = 12.0
    /// With fewer it falls.
    public static let short = 3.0
    /// By this share it moves in a second: slowly against the bursts of an hour's beginning, fast against the hours of a day.
    static let speed = 0.0015
    /// Below this a price is none: even an interval of a minute is worth more.
    static let least = 10.0
    /// Nothing is worth more: where even that does not shorten the line, every key waits for its longest interval.
    static let most = 1e9

    /// Reader-seconds; 0 when calls are not scarce.
    public private(set) var value: Double
    private var at: Timestamp?

    /// Starts at a price that was kept.
    public init(value: Double = 0) { self.value = value.isFinite ? max(0, value) : 0 }

    /// Moves the price.
    ///
    /// - Parameters:
    ///   - line: The seconds that calls need for all that is due now.
    ///   - now: The moment.
    public mutating func move(line: Double, now: Timestamp) {
        let passed = at.map { min(10, max(0, (now - $0).inSeconds)) } ?? 0
        at = now
        if line > CallPrice.long {
            let raised = max(value, CallPrice.least) * exp(CallPrice.speed * passed * min(4, line / CallPrice.long))
            value = min(raised, CallPrice.most)
        } else if line < CallPrice.short {
            // Fastest when no call finds anything to do.
            value *= exp(-CallPrice.speed * passed * (4 - 3 * max(0, line) / CallPrice.short))
            if value < CallPrice.least { value = 0 }
        }
    }

    /// The calls a second that a source grants to what is not urgent, on average; `nil` without any limit.
    public static func rate(of source: SourceConfig) -> Double? {
        let keys = Double(max(1, source.auth.keys.count))
        let accounts = Double(max(1, Set(source.auth.keys.map(\.account)).count))
        let rates = source.limits.filter { $0.datasets == nil && $0.scope != .endpoint }.map { limit in
            let members =
                switch limit.scope {
                case .key: keys
                case .account: accounts
                case .ip, .endpoint: 1.0
                }
            return Double(limit.calls) * members / max(1e-9, limit.per.inSeconds)
        }
        return rates.min().map { $0 * (1 - source.reserve) }
    }
}
