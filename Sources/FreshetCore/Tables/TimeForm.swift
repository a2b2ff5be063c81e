/// How a moment was spelled, so that it can be written back exactly.
///
/// Known are `YYYY-MM-DDTHH:MM[:SS[.f{1,9}]]` with `T` or a space and with `Z`, `+HH:MM`, `-HH:MM` or no zone, and the
/// compact `YYYYMMDDTHHMM[SS[.f{1,9}]]` with `Z` or no zone. For every text that ``read(_:)`` takes,
/// ``print(seconds:nanoseconds:)`` gives the same bytes back.
public struct TimeForm: Hashable, Sendable {
    /// What stands between day and hour.
    public enum Separator: UInt32, Sendable {
        /// `T`.
        case t
        /// One space.
        case space
        /// `T`, and neither hyphens nor colons anywhere.
        case compact
    }

    /// What stands at the end.
    public enum Zone: Hashable, Sendable {
        /// Nothing: the moment is taken as UTC.
        case none
        /// `Z`.
        case utc
        /// Minutes that local time is ahead of UTC, 0...1439.
        case ahead(Int)
        /// Minutes that local time is behind UTC, 0...1439.
        case behind(Int)

        /// Seconds that local time is ahead of UTC.
        var seconds: Int64 {
            switch self {
            case .none, .utc: 0
            case .ahead(let minutes): Int64(minutes) * 60
            case .behind(let minutes): Int64(minutes) * -60
            }
        }
    }

    /// What stands between day and hour.
    public var separator: Separator
    /// Digits behind the second, 0...9; `nil` where the seconds are left out too.
    public var digits: Int?
    /// What stands at the end.
    public var zone: Zone

    /// Creates a form.
    public init(separator: Separator, digits: Int?, zone: Zone) {
        (self.separator, self.digits, self.zone) = (separator, digits, zone)
    }

    /// Reads a moment and its form.
    ///
    /// - Parameter bytes: The text.
    /// - Returns: `nil` for every text that ``print(seconds:nanoseconds:)`` would not give back byte for byte.
    public static func read(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> (form: TimeForm, seconds: Int64, nanoseconds: UInt32)? {
        // The shortest is 20230528T1442, the longest 2023-05-28T14:42:40.123456789+02:00.
        guard bytes.count >= 13, bytes.count <= 35, TimeScanner.isDigit(bytes[0]) else { return nil }
        var scanner = TimeScanner(bytes)
        return scanner.moment(isStrict: true)
    }

    /// Writes a moment in this form.
    ///
    /// - Parameters:
    ///   - seconds: Since 1970, in the years 1...9999.
    ///   - nanoseconds: 0...999,999,999; what is finer than ``digits`` is left out.
    /// - Returns: The text.
    public func print(seconds: Int64, nanoseconds: UInt32) -> String {
        let (days, time) = floorDivide(seconds &+ zone.seconds, 86_400)
        let date = CivilDate.date(fromDays: Int(days))
        let (dash, colon) = separator == .compact ? ("", "") : ("-", ":")
        var text = pad(date.year, 4) + dash + pad(date.month) + dash + pad(date.day)
        text += separator == .space ? " " : "T"
        text += pad(Int(time) / 3600) + colon + pad(Int(time) / 60 % 60)
        if let digits {
            text += colon + pad(Int(time) % 60)
            if digits > 0 { text += "." + pad(Int(nanoseconds), 9).prefix(digits) }
        }
        return text + zoneText
    }

    private var zoneText: String {
        switch zone {
        case .none: ""
        case .utc: "Z"
        case .ahead(let minutes): "+\(pad(minutes / 60)):\(pad(minutes % 60))"
        case .behind(let minutes): "-\(pad(minutes / 60)):\(pad(minutes % 60))"
        }
    }

    // MARK: Code

    /// The form in few characters: `T`, `_` (space) or `C` (compact), then `m` or the digits, then the zone.
    ///
    /// For example `T3Z`, `_0`, `Tm+02:00`, `C3Z`.
    public var code: String {
        let head =
            switch separator {
            case .t: "T"
            case .space: "_"
            case .compact: "C"
            }
        return head + (digits.map(String.init) ?? "m") + zoneText
    }

    /// Reads what ``code`` wrote.
    public init?(code: some StringProtocol) {
        let bytes = Array(code.utf8)
        guard bytes.count >= 2 else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "T"): separator = .t
        case UInt8(ascii: "_"): separator = .space
        case UInt8(ascii: "C"): separator = .compact
        default: return nil
        }
        switch bytes[1] {
        case UInt8(ascii: "m"): digits = nil
        case let digit where TimeScanner.isDigit(digit): digits = Int(digit - UInt8(ascii: "0"))
        default: return nil
        }
        let zone = bytes[2...].withUnsafeBufferPointer { rest in
            var scanner = TimeScanner(rest)
            return scanner.zone(isStrict: true, isCompact: false).flatMap { scanner.isAtEnd ? $0 : nil }
        }
        guard let zone else { return nil }
        self.zone = zone
    }
}
