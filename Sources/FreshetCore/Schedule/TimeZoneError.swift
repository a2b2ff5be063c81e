/// Why time zone data could not be read.
public enum TimeZoneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes do not begin like a TZif file, or with a version that does not exist.
    case notZoneData
    /// The bytes end before the data that their header announces.
    case truncated
    /// The bytes contradict RFC 8536; the text says where.
    case malformed(String)
    /// The times count leap seconds, as in the `right/` zones.
    case leapSeconds
    /// The rule for the time after the last transition is not a POSIX TZ string; the text is the rule.
    case footer(String)

    /// A sentence for the person who named the zone.
    public var description: String {
        switch self {
        case .notZoneData: "the time zone data is not in TZif form (RFC 8536); reinstall the system's tzdata"
        case .truncated: "the time zone data ends too early; reinstall the system's tzdata"
        case .malformed(let what): "the time zone data is damaged: \(what); reinstall the system's tzdata"
        case .leapSeconds: "the time zone counts leap seconds; use the zone of the same name outside right/"
        case .footer(let text):
            "the time zone data is damaged: \"\(text)\" is not a rule for later years; "
                + "reinstall the system's tzdata"
        }
    }
}
