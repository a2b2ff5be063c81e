/// Whether it is worth connecting: decides, with the time given.
///
/// While the server is away one caller after another tries, ever more rarely; everybody else hears at once that it is away.
struct ServerHealth {
    /// What to do about a connection that is needed.
    enum Decision: Equatable {
        case connect
        /// Not now; the reason of the last failure.
        case refuse(String)
    }

    private var reason: String?
    private var next = Int64.min
    private var pause = Self.shortest
    private var isProbing = false

    private static let shortest: Int64 = 50_000_000
    private static let longest: Int64 = 1_000_000_000

    /// `now` and all times are nanoseconds of a monotonic clock.
    mutating func decide(now: Int64) -> Decision {
        guard let reason else { return .connect }
        guard now >= next, !isProbing else { return .refuse(reason) }
        isProbing = true
        return .connect
    }

    /// A connection was made.
    mutating func succeeded() {
        (reason, next, pause, isProbing) = (nil, .min, Self.shortest, false)
    }

    /// A connection could not be made.
    mutating func failed(_ why: String, now: Int64) {
        reason = why
        isProbing = false
        next = now + pause
        pause = min(pause * 2, Self.longest)
    }

    /// Why the server is thought to be away; `nil` when it is not.
    var outage: String? { reason }
}
