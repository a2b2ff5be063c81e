/// A text that does not follow the grammar of faults, limits or units, with what is accepted instead.
public struct MockSpecError: Error, Equatable, CustomStringConvertible {
    /// One or two sentences for the user.
    public let description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }
}

/// Units in fault and limit texts.
///
/// A number without a unit is refused wherever a unit has a meaning.
enum MockUnits {
    private static let durationUnits: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9),
    ]

    /// `200ms`, `1.5s`, `5m`, `1h`, `1d`, `PT10S`, `P1D`.
    static func duration(_ text: some StringProtocol) throws(MockSpecError) -> Duration {
        let text = String(text)
        if text.hasPrefix("P"), let nanoseconds = isoNanoseconds(text) { return try scaled(nanoseconds, text) }
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count)
        guard let value = Double(digits), let scale = durationUnits.first(where: { $0.0 == unit })?.1 else {
            throw MockSpecError(
                "\"\(text)\" is no duration. Write a number with ms, s, m, h or d, such as 200ms or PT10S.")
        }
        return try scaled(value * scale, text)
    }

    /// ISO 8601, such as `PT1S`, `PT0.25S` or `PT1H`; days only for whole days, since `P1D` and `PT24H` are one here.
    static func iso(_ duration: Duration) -> String {
        let nanoseconds = duration.nanosecondsClamped
        guard nanoseconds > 0 else { return "PT0S" }
        let day: Int64 = 86_400_000_000_000
        if nanoseconds % day == 0 { return "P\(nanoseconds / day)D" }
        let (hours, minutes) = (nanoseconds / 3_600_000_000_000, nanoseconds / 60_000_000_000 % 60)
        let rest = nanoseconds % 60_000_000_000
        var text = "PT" + (hours > 0 ? "\(hours)H" : "") + (minutes > 0 ? "\(minutes)M" : "")
        guard rest > 0 else { return text }
        text += "\(rest / 1_000_000_000)"
        if rest % 1_000_000_000 > 0 {
            var digits = String(rest % 1_000_000_000 + 1_000_000_000).dropFirst()
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text + "S"
    }

    private static func scaled(_ nanoseconds: Double, _ text: String) throws(MockSpecError) -> Duration {
        guard nanoseconds >= 0, nanoseconds < 9e18 else { throw MockSpecError("\"\(text)\" is longer than 285 years.") }
        return .nanoseconds(Int64(nanoseconds))
    }

    /// Days, hours, minutes and seconds; months and years have no fixed length and are refused.
    private static func isoNanoseconds(_ text: String) -> Double? {
        var (total, inTime, number, found) = (0.0, false, "", false)
        for character in text.dropFirst() {
            if character == "T" {
                guard !inTime, number.isEmpty else { return nil }
                inTime = true
            } else if character.isNumber || character == "." {
                number.append(character)
            } else {
                let scales: [Character: Double] =
                    inTime ? ["H": 3600e9, "M": 60e9, "S": 1e9] : ["D": 86_400e9, "W": 604_800e9]
                guard let value = Double(number), let scale = scales[character] else { return nil }
                (total, number, found) = (total + value * scale, "", true)
            }
        }
        return found && number.isEmpty ? total : nil
    }

    /// `100B`, `64kB`, `8MiB`, `1GB`.
    static func bytes(_ text: some StringProtocol) throws(MockSpecError) -> Int {
        let units: [(String, Double)] = [
            ("B", 1), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("KiB", 1024),
            ("MiB", 1_048_576),
            ("GiB", 1_073_741_824),
        ]
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count)
        guard let value = Double(digits), let scale = units.first(where: { $0.0 == unit })?.1, value * scale < 1e15
        else {
            throw MockSpecError(
                "\"\(text)\" is no size. Write a number with B, kB, MB, GB, KiB, MiB or GiB, such as 1GB.")
        }
        return Int(value * scale)
    }

    /// `1B/s`, `10kB/s`: bytes per second, at least 1.
    static func bytesPerSecond(_ text: some StringProtocol) throws(MockSpecError) -> Int {
        guard text.hasSuffix("/s") else {
            throw MockSpecError("\"\(text)\" is no speed. Write a size per second, such as 1B/s.")
        }
        return max(1, try bytes(text.dropLast(2)))
    }

    /// A whole number of at least `minimum`.
    static func count(_ text: some StringProtocol, atLeast minimum: Int = 1) throws(MockSpecError) -> Int {
        guard let value = Int(text), value >= minimum else {
            throw MockSpecError("\"\(text)\" is no whole number of \(minimum) or more.")
        }
        return value
    }
}
