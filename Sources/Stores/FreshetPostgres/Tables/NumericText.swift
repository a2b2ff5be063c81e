import FreshetCore

/// Numbers of decimal columns on their way to PostgreSQL's `numeric` and back.
///
/// `numeric` keeps every digit, but not the spelling: what is read is spelled as any other store of Freshet spells it.
enum NumericText {
    /// More digits than this before the point, or behind it, are not for `numeric`.
    private static let (whole, fraction) = (131_072, 16_383)

    /// A double as `numeric` takes it: the same digits, with a point even where the value is whole.
    static func stored(_ value: Double) -> String {
        let text = "\(value)"
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "e")) else { return text }
        let plain = positional(text[..<mark], power: Int(text[text.index(after: mark)...]) ?? 0)
        return plain.utf8.contains(UInt8(ascii: ".")) ? plain : plain + ".0"
    }

    /// Whether `numeric` can hold the number exactly.
    ///
    /// - Parameter text: A number as JSON writes it.
    /// - Returns: `false` also for what is no number.
    static func fits(_ text: UnsafeRawBufferPointer) -> Bool {
        var (whole, fraction, isFraction, at) = (0, 0, false, 0)
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): if isFraction { fraction += 1 } else { whole += 1 }
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                let rest = String(decoding: text[(at + 1)...], as: UTF8.self)
                guard let power = Int(rest), abs(power) < 1_000_000 else { return false }
                return whole + power <= Self.whole && fraction - power <= Self.fraction
            default: return false
            }
            at += 1
        }
        return whole <= Self.whole && fraction <= Self.fraction
    }

    /// What PostgreSQL writes for a `numeric`, spelled as Freshet spells it.
    ///
    /// A whole number of 64 bits stays as it is, what a double stands for exactly is written as that double, and what would
    /// be mostly zeros is written with a power of ten.
    static func canonical(_ text: String) -> String {
        let hasPoint = text.utf8.contains(UInt8(ascii: "."))
        if !hasPoint, Int64(text) != nil { return text }
        if let value = Double(text), value.isNormal || value == 0 {
            let shortest = "\(value)"
            if text.utf8.count <= 15 || DecimalOrder.key(shortest) == DecimalOrder.key(text) { return shortest }
        }
        return text.utf8.count > 40 ? scientific(text) : text
    }

    /// Digits with a power of ten, where that is much shorter.
    private static func scientific(_ text: String) -> String {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let (whole, fraction) = (parts[0], parts.count > 1 ? parts[1] : "")
        let digits = Array((String(whole) + String(fraction)).utf8)
        guard let first = digits.firstIndex(where: { $0 != UInt8(ascii: "0") }),
            let last = digits.lastIndex(where: { $0 != UInt8(ascii: "0") }), digits.count - (last - first) > 20
        else { return text }
        let power = whole.utf8.count - 1 - first
        let head = String(decoding: digits[first...first], as: UTF8.self)
        let tail = String(decoding: digits[(first + 1)..<(last + 1)], as: UTF8.self)
        return (isNegative ? "-" : "") + head + (tail.isEmpty ? "" : ".\(tail)") + "e\(power)"
    }

    /// `1.5` times ten to a power, without an exponent.
    private static func positional(_ mantissa: Substring, power: Int) -> String {
        let isNegative = mantissa.utf8.first == UInt8(ascii: "-")
        let parts = mantissa.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
        var digits = String(parts[0]) + fraction
        let point = parts[0].utf8.count + power
        if point <= 0 {
            digits = "0." + String(repeating: "0", count: -point) + digits
        } else if point >= digits.utf8.count {
            digits += String(repeating: "0", count: point - digits.utf8.count)
        } else {
            digits.insert(".", at: digits.index(digits.startIndex, offsetBy: point))
        }
        return (isNegative ? "-" : "") + digits
    }
}
