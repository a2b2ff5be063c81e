/// The text of a number taken apart: sign, significant digits, power of ten.
///
/// The value is `digits × 10^exponent`, with neither leading nor trailing zeros among the digits.
struct DecimalText {
    /// Whether it is below zero; a zero never is.
    var isNegative = false
    /// The digits as a number while there are at most 19 of them.
    var magnitude: UInt64 = 0
    /// How many significant digits there are; 0 for zero.
    var digits = 0
    /// The power of ten; beyond ±1,000,000 it is cut off there.
    var exponent = 0

    private static let limit = 1_000_000

    /// Reads a number as JSON writes it, and also with a plus sign or leading zeros; `nil` for anything else.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        var at = 0
        if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            at = 1
        }
        var (seen, zeros, isFraction) = (0, 0, false)
        loop: while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "0"):
                if digits > 0 { zeros += 1 }
                if isFraction { exponent -= 1 }
                seen += 1
            case UInt8(ascii: "1")...UInt8(ascii: "9"):
                append(byte - UInt8(ascii: "0"), after: zeros)
                if isFraction { exponent -= 1 }
                zeros = 0
                seen += 1
            case UInt8(ascii: "."):
                guard !isFraction, seen > 0 else { return nil }
                isFraction = true
            default: break loop
            }
            at += 1
        }
        guard seen > 0, bytes[at - 1] != UInt8(ascii: ".") else { return nil }
        exponent += zeros
        if at < bytes.count {
            guard let power = Self.power(bytes[at...]) else { return nil }
            exponent += power
        }
        exponent = max(-Self.limit, min(Self.limit, exponent))
        if digits == 0 { (isNegative, exponent) = (false, 0) }
    }

    private mutating func append(_ digit: UInt8, after zeros: Int) {
        for _ in 0..<min(zeros, 20) { magnitude = magnitude &* 10 }
        magnitude = magnitude &* 10 &+ UInt64(digit)
        digits += zeros + 1
    }

    private static func power(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard let first = bytes.first, first | 0x20 == UInt8(ascii: "e") else { return nil }
        var rest = bytes.dropFirst()
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return nil }
        var value = 0
        for byte in rest {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = min(limit * 10, value * 10 + Int(byte - UInt8(ascii: "0")))
        }
        return isNegative ? -value : value
    }

    // MARK: Values

    /// The value where it is a whole number of 64 bits.
    var integer: Int64? {
        guard digits > 0 else { return 0 }
        guard exponent >= 0, digits + exponent <= 19 else { return nil }
        var value = magnitude
        for _ in 0..<exponent { value *= 10 }
        if isNegative { return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }

    /// The double that stands for exactly this number: its shortest decimal form has the same digits.
    func double(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard digits <= 17 else { return nil }
        if digits <= 15, abs(exponent) <= 22 {
            // Digits and power are exact doubles, so that one operation rounds once (Clinger); 15 digits come back.
            let power = Self.powers[abs(exponent)]
            let value = exponent < 0 ? Double(magnitude) / power : Double(magnitude) * power
            return isNegative ? -value : value
        }
        guard let value = Double(String(decoding: bytes, as: UTF8.self)), value.isNormal else { return nil }
        var shortest = "\(value)"
        let same = shortest.withUTF8 { Self($0) }
        guard let same, same.magnitude == magnitude, same.digits == digits, same.exponent == exponent else {
            return nil
        }
        return value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    // MARK: Order

    /// Bytes that stand in the order of the numbers that they were made of, whatever their size and precision.
    ///
    /// - Parameter bytes: The text of a number.
    /// - Returns: `nil` when it is none.
    static func orderKey(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let number = DecimalText(bytes) else { return nil }
        guard number.digits > 0 else { return [1] }
        let flip: UInt8 = number.isNegative ? 0xFF : 0
        var key: [UInt8] = [number.isNegative ? 0 : 2]
        // Where the first digit stands: the power of ten of a number 0.d1d2d3….
        let place = UInt32(number.digits + number.exponent + 1 << 24)
        for shift in [24, 16, 8, 0] { key.append(UInt8(truncatingIfNeeded: place >> UInt32(shift)) ^ flip) }
        var left = number.digits
        for byte in bytes where left > 0 && byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") {
            if left == number.digits, byte == UInt8(ascii: "0") { continue }
            key.append(byte ^ flip)
            left -= 1
        }
        if number.isNegative { key.append(0xFF) }
        return key
    }

    /// The order key of a text; see ``orderKey(_:)-(UnsafeBufferPointer<UInt8>)``.
    static func orderKey(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { orderKey($0) }
    }
}

/// The order of numbers of any size and precision.
public enum DecimalOrder {
    /// Bytes that stand in the order of the numbers that they were made of.
    ///
    /// - Parameter text: A number as JSON writes it.
    /// - Returns: `nil` when it is none.
    public static func key(_ text: String) -> [UInt8]? { DecimalText.orderKey(text) }
}
