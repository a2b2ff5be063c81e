/// Exact amounts of money: whole US dollars inside, billions in the seed's files and routes.
public enum Dollars {
    /// A decimal number as written, moved by powers of ten and rounded to a whole one.
    public struct Read: Sendable, Hashable {
        /// The nearest whole number, halves away from zero.
        public var whole: Int64
        /// Whether nothing was rounded off.
        public var isExact: Bool
    }

    /// Reads a JSON number that counts dollars.
    ///
    /// - Returns: `nil` when the text is no JSON number, or one beyond ±9·10¹⁷.
    public static func read(_ text: String) -> Read? { read(text, shift: 0) }

    /// Reads a JSON number that counts billions of dollars.
    public static func read(billions text: String) -> Read? { read(text, shift: 9) }

    private static func read(_ text: String, shift: Int) -> Read? {
        var (digits, point, exponent): ([UInt8], Int?, Int) = ([], nil, 0)
        var bytes = Array(text.utf8)[...]
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes = bytes.dropFirst() }
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte &- UInt8(ascii: "0"))
            case UInt8(ascii: ".") where point == nil: point = digits.count
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard let written = Int(String(decoding: bytes, as: UTF8.self)), abs(written) < 400 else { return nil }
                (exponent, bytes) = (written, [])
            default: return nil
            }
        }
        guard !digits.isEmpty else { return nil }
        // The digits in front of the point, once it has moved.
        let places = (point ?? digits.count) + exponent + shift
        var value: Int64 = 0
        for index in 0..<max(0, places) {
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            value = product + Int64(index < digits.count ? digits[index] : 0)
            if over || value > 900_000_000_000_000_000 { return nil }
        }
        let rest = places < 0 ? digits[...] : digits.dropFirst(places)
        let isExact = rest.allSatisfy { $0 == 0 }
        if places >= 0, let next = rest.first, next >= 5 { value += 1 }
        return Read(whole: isNegative ? -value : value, isExact: isExact)
    }

    /// An amount in billions, exact, in the form that the seed's files have: `14.141570821`, `53.0`, `3.3439e-05`.
    public static func billions(_ dollars: Int64) -> String {
        guard dollars != 0 else { return "0.0" }
        return (dollars < 0 ? "-" : "") + write(Array(String(dollars.magnitude).utf8), first: -10)
    }

    /// A number of dollars with parts of one, such as `90885114.99999999`, in billions to its last digit.
    ///
    /// - Returns: `nil` when the text is no JSON number without an exponent.
    static func billions(parts text: String) -> String? {
        let halves = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard halves.count == 2, halves.joined().allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return write(Array(halves.joined()), first: -10 - halves[1].count)
    }

    /// A number of billions as dollars, to its last digit: the other way.
    ///
    /// - Returns: `nil` when the text is no JSON number of zero or more, or a whole number of dollars.
    static func parts(billions text: String) -> String? {
        let halves = text.utf8.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E")
        }
        let number = halves[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard halves.count <= 2, number.count <= 2, number.joined().allSatisfy({ (0x30...0x39).contains($0) }),
            let exponent = halves.count == 2 ? Int(String(decoding: halves[1], as: UTF8.self)) : 0, abs(exponent) < 400
        else { return nil }
        var digits = Array(number.joined())
        // The digits in front of the point, once it has moved.
        var places = number[0].count + exponent + 9
        if places <= 0 {
            digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: 1 - places), at: 0)
            places = 1
        }
        guard places < digits.count else { return nil }
        let whole = digits[..<places].drop { $0 == UInt8(ascii: "0") }
        return (whole.isEmpty ? "0" : String(decoding: whole, as: UTF8.self)) + "."
            + String(decoding: digits[places...], as: UTF8.self)
    }

    /// Digits with the point where it belongs: the first of them stands for ten to the power of `first` and their number.
    private static func write(_ all: [UInt8], first: Int) -> String {
        // The place of the first digit as a power of ten.
        let leading = all.prefix { $0 == UInt8(ascii: "0") }.count
        let power = first + all.count - leading
        var digits = String(decoding: all.dropFirst(leading), as: UTF8.self)
        while digits.last == "0" { digits.removeLast() }
        guard !digits.isEmpty else { return "0.0" }
        if power < -4 {
            let rest = digits.dropFirst()
            let exponent = -power < 10 ? "0\(-power)" : "\(-power)"
            return "\(digits.prefix(1))\(rest.isEmpty ? "" : "." + rest)e-\(exponent)"
        }
        if power < 0 { return "0." + String(repeating: "0", count: -power - 1) + digits }
        let back = digits.dropFirst(power + 1)
        let front = digits.prefix(power + 1) + String(repeating: "0", count: max(0, power + 1 - digits.count))
        return "\(front).\(back.isEmpty ? "0" : back)"
    }
}
