/// The text of a number, taken apart: `-12.50e1` is the digits 1250, the scale 1, negative.
struct DecimalText {
    /// Whether the number is below zero.
    private(set) var isNegative = false
    /// The digits without leading zeros, as values 0...9; empty for zero.
    private(set) var digits: [UInt8] = []
    /// How many of the digits stand behind the point; never negative.
    private(set) var scale = 0

    /// Most digits that a number is spelled out with; what is longer cannot be a 128-bit decimal anyway.
    private static let mostDigits = 400

    /// Reads a JSON number; `nil` for other texts and for numbers with an exponent beyond what could ever fit.
    init?(_ text: String) {
        guard let parts = DecimalText.parts(text) else { return nil }
        isNegative = parts.isNegative
        digits = Array(parts.digits.drop { $0 == 0 })
        scale = parts.fraction
        guard parts.exponent != 0 else { return }
        guard abs(parts.exponent) < DecimalText.mostDigits else {
            guard digits.isEmpty else { return nil }
            scale = 0
            return
        }
        scale -= parts.exponent
        if scale < 0 {
            if !digits.isEmpty { digits += Array(repeating: 0, count: -scale) }
            scale = 0
        }
    }

    /// Digits before the point.
    var integerDigits: Int { max(0, digits.count - scale) }

    /// The scale without the zeros at the end.
    var neededScale: Int {
        let zeros = digits.reversed().prefix { $0 == 0 }.count
        return digits.isEmpty ? 0 : max(0, scale - zeros)
    }

    /// The number times ten to the power of `wanted`; `nil` when that is no whole number of at most 38 digits.
    func unscaled(_ wanted: Int) -> Int128? {
        guard neededScale <= wanted else { return nil }
        guard !digits.isEmpty else { return 0 }
        guard integerDigits + wanted <= 38 else { return nil }
        var value: Int128 = 0
        for digit in digits.dropLast(max(0, scale - wanted)) { value = value * 10 + Int128(digit) }
        for _ in 0..<max(0, wanted - scale) { value *= 10 }
        return isNegative ? -value : value
    }

    /// Whether the text is a number as JSON writes it.
    static func isJSONNumber(_ text: String) -> Bool { parts(text) != nil }

    private struct Parts {
        var isNegative = false
        var digits: [UInt8] = []
        var fraction = 0
        var exponent = 0
    }

    private static func parts(_ text: String) -> Parts? {
        var parts = Parts()
        var rest = Substring(text).utf8
        func digit() -> UInt8? { rest.first.flatMap { (48...57).contains($0) ? $0 - 48 : nil } }
        if rest.first == UInt8(ascii: "-") {
            parts.isNegative = true
            rest.removeFirst()
        }
        while let next = digit() {
            parts.digits.append(next)
            rest.removeFirst()
        }
        guard !parts.digits.isEmpty, parts.digits.count == 1 || parts.digits[0] != 0 else { return nil }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            while let next = digit() {
                parts.digits.append(next)
                parts.fraction += 1
                rest.removeFirst()
            }
            guard parts.fraction > 0 else { return nil }
        }
        guard let mark = rest.first else { return parts }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return nil }
        rest.removeFirst()
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        while let next = digit() {
            // More than a million is as far as infinity here.
            parts.exponent = min(parts.exponent * 10 + Int(next), 1_000_000)
            rest.removeFirst()
        }
        parts.exponent *= isNegative ? -1 : 1
        return rest.isEmpty ? parts : nil
    }
}
