extension JSONValue {
    /// The exact text of a number in the source, every digit and the form of its exponent kept; nil for every other
    /// kind.
    public var numberText: String? { word.kind.isNumber ? rawText : nil }

    /// Whether this is a number written without fraction and exponent.
    public var isInteger: Bool { word.kind == .integer }

    /// The value of a number written without fraction and exponent that fits 64 bits; nil otherwise (`1.0` and `1e3`
    /// included).
    public var int64: Int64? { integer() }

    /// The value of a number written without fraction and exponent that is not negative and fits 64 bits; nil
    /// otherwise.
    public var uint64: UInt64? { integer() }

    /// The `Double` nearest to a number; nil when its magnitude is beyond `Double`, or this is no number.
    ///
    /// Not exact for more than 15 digits: use ``numberText`` where the digits matter.
    public var double: Double? {
        let word = word
        guard word.kind.isNumber else { return nil }
        let quick = tape.bytes.withUnsafeBufferPointer { Self.quickDouble(JSONText.source(of: word, in: $0)) }
        if let quick { return quick }
        guard let value = Double(rawText), value.isFinite else { return nil }
        return value
    }

    private func integer<Integer: FixedWidthInteger>() -> Integer? {
        let word = word
        guard word.kind == .integer else { return nil }
        return tape.bytes.withUnsafeBufferPointer { bytes in
            var digits = JSONText.source(of: word, in: bytes)[...]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits = digits.dropFirst() }
            var value: Integer = 0
            for digit in digits {
                let (shifted, tooLong) = value.multipliedReportingOverflow(by: 10)
                let step = Integer(digit &- UInt8(ascii: "0"))
                // Going down from zero reaches the smallest integer, which has no positive twin.
                let (sum, tooLarge) =
                    isNegative ? shifted.subtractingReportingOverflow(step) : shifted.addingReportingOverflow(step)
                if tooLong || tooLarge { return nil }
                value = sum
            }
            return value
        }
    }

    /// The value of a number of at most 15 digits without exponent; nil for the others.
    ///
    /// Digits and power of ten are then exact doubles, and one correctly rounded division gives the nearest result
    /// (Clinger's fast path).
    private static func quickDouble(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard text.count <= 17 else { return nil }
        var digits: Int64 = 0
        var count = 0
        var scale: Int?
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits = digits &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
                count += 1
                if let places = scale { scale = places + 1 }
            case UInt8(ascii: "."): scale = 0
            case UInt8(ascii: "-"): continue
            default: return nil
            }
        }
        guard count <= 15 else { return nil }
        let magnitude = Double(digits) / powersOfTen[scale ?? 0]
        return text.first == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}
