/// How far local time is ahead of UTC, moment by moment.
///
/// A zone is a sequence of stretches in which the offset is constant. Offsets lie within ±26 h, as in RFC 8536.
public protocol ZoneRules: Sendable {
    /// The offset of local time at a moment, in seconds east of UTC.
    func offset(at moment: Timestamp) -> Int

    /// The first moment after `moment` from which a new stretch counts; `nil` when the offset never changes again.
    ///
    /// The new stretch may have the same offset as the one before.
    func nextChange(after moment: Timestamp) -> Timestamp?
}

/// The zone whose local time is UTC.
public struct UTCRules: ZoneRules {
    /// Creates the rules.
    public init() {}

    /// Always 0.
    public func offset(at moment: Timestamp) -> Int { 0 }

    /// Always `nil`.
    public func nextChange(after moment: Timestamp) -> Timestamp? { nil }
}

enum ZoneLimits {
    /// The largest distance of local time from UTC, in seconds.
    static let offset = 26 * 3600
}
