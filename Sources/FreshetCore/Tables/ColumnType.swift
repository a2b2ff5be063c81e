/// What the values of a column are.
///
/// A store keeps each exactly: a number that its own types would round is kept as text in the same column.
public enum ColumnType: String, Sendable, Hashable, Codable, CaseIterable {
    /// A whole number of 64 bits.
    case integer
    /// A number of any size and precision, exact.
    case decimal
    /// An IEEE 754 double; only by declaration, inference says ``decimal``.
    case float
    /// `true` or `false`.
    case boolean
    /// Unicode text.
    case text
    /// A moment in UTC.
    case timestamp
    /// A calendar day.
    case date
    /// A JSON value as text; only by declaration, inference makes rows.
    case json
}

/// How a moment or day is written in a document.
public enum TimeFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// RFC 3339 and its relatives: with or without seconds, fraction, zone (none is UTC); also `20230528T144240.000Z`.
    case iso
    /// Whole or fractional seconds since 1970.
    case unixSeconds = "unix_seconds"
    /// Milliseconds since 1970.
    case unixMilliseconds = "unix_milliseconds"
    /// Microseconds since 1970.
    case unixMicroseconds = "unix_microseconds"
    /// Nanoseconds since 1970.
    case unixNanoseconds = "unix_nanoseconds"
    /// `28.05.2023`, with ` 14:42` or ` 14:42:40` behind it or not.
    case dayMonthYear = "dd.MM.yyyy"
}

/// The kinds of JSON values that a column was seen to hold.
public struct SeenKinds: OptionSet, Sendable, Hashable {
    /// One bit for each kind.
    public let rawValue: UInt16

    /// Creates a set from its bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `null`.
    public static let null = SeenKinds(rawValue: 1)
    /// A number without fraction and exponent that fits 64 bits.
    public static let integer = SeenKinds(rawValue: 2)
    /// Any other number.
    public static let number = SeenKinds(rawValue: 4)
    /// `true` or `false`.
    public static let boolean = SeenKinds(rawValue: 8)
    /// Text that is no moment and no day.
    public static let text = SeenKinds(rawValue: 16)
    /// Text in one of the ISO forms of a moment that can be written back exactly.
    public static let timestamp = SeenKinds(rawValue: 32)
    /// Text of the form `2023-05-28`.
    public static let date = SeenKinds(rawValue: 64)
    /// A JSON value kept as text because that was asked for.
    public static let json = SeenKinds(rawValue: 128)
}
