import FreshetCore

/// `numeric` in PostgreSQL's binary form: groups of four digits, a place, a sign, and the digits shown behind the point.
enum NumericBinary {
    /// Writes a number as JSON spells it, or as ``NumericText/stored(_:)`` does.
    ///
    /// - Parameters:
    ///   - text: The number; ``NumericText/fits(_:)`` must say yes.
    ///   - target: What it is appended to.
    static func append(_ text: UnsafeRawBufferPointer, to target: inout [UInt8]) {
        var (isNegative, power, point) = (false, 0, -1)
        var digits: [UInt8] = []
        digits.reserveCapacity(text.count)
        for (at, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte &- UInt8(ascii: "0"))
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                power = Int(String(decoding: text[(at + 1)...], as: UTF8.self)) ?? 0
            default: break
            }
            if byte | 0x20 == UInt8(ascii: "e") { break }
        }
        if point < 0 { point = digits.count }
        let scale = max(0, digits.count - point - power)
        append(digits, point: point + power, scale: scale, isNegative: isNegative, to: &target)
    }

    /// Writes digits whose point stands before the digit with this number.
    private static func append(
        _ digits: [UInt8], point: Int, scale: Int, isNegative: Bool, to target: inout [UInt8]
    ) {
        guard let first = digits.firstIndex(where: { $0 != 0 }), let last = digits.lastIndex(where: { $0 != 0 }) else {
            head(0, weight: 0, isNegative: false, scale: scale, to: &target)
            return
        }
        // The place of the first digit as a power of ten, and of its group as a power of 10,000.
        let place = point - first - 1
        let weight = place >= 0 ? place / 4 : -((3 - place) / 4)
        let lead = place - weight * 4
        // Zeros before the first digit fill its group.
        var groups: [UInt16] = []
        var (group, filled) = (UInt16(0), 3 - lead)
        for digit in digits[first...last] {
            group = group * 10 + UInt16(digit)
            filled += 1
            if filled == 4 {
                groups.append(group)
                (group, filled) = (0, 0)
            }
        }
        if filled > 0 {
            for _ in filled..<4 { group *= 10 }
            groups.append(group)
        }
        head(groups.count, weight: weight, isNegative: isNegative, scale: scale, to: &target)
        for group in groups { PGParameters.append(group, to: &target) }
    }

    private static func head(_ count: Int, weight: Int, isNegative: Bool, scale: Int, to target: inout [UInt8]) {
        PGParameters.append(UInt16(truncatingIfNeeded: count), to: &target)
        PGParameters.append(UInt16(truncatingIfNeeded: weight), to: &target)
        PGParameters.append(UInt16(isNegative ? 0x4000 : 0), to: &target)
        PGParameters.append(UInt16(truncatingIfNeeded: scale), to: &target)
    }

    /// A number as ``text(_:)`` gives it after it was stored.
    static func normal(_ text: UnsafeRawBufferPointer) -> String {
        var bytes: [UInt8] = []
        append(text, to: &bytes)
        return bytes.withUnsafeBytes { Self.text($0) } ?? String(decoding: text, as: UTF8.self)
    }

    /// The number in Freshet's spelling; `nil` for what is none, such as `NaN`.
    static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= 8 else { return nil }
        func half(_ at: Int) -> Int { Int(bytes[at * 2]) << 8 | Int(bytes[at * 2 + 1]) }
        let (count, weight, sign, scale) = (half(0), Int(Int16(truncatingIfNeeded: half(1))), half(2), half(3))
        guard sign == 0 || sign == 0x4000, bytes.count >= 8 + count * 2 else { return nil }
        if count == 1, weight == 0, scale == 0 { return (sign == 0 ? "" : "-") + String(half(4)) }
        var digits: [UInt8] = []
        digits.reserveCapacity(count * 4 + 4)
        for group in 0..<count {
            var (value, unit) = (half(4 + group), 1_000)
            while unit > 0 {
                digits.append(UInt8(ascii: "0") + UInt8(value / unit))
                (value, unit) = (value % unit, unit / 10)
            }
        }
        return spell(digits, point: (weight + 1) * 4, scale: scale, isNegative: sign != 0)
    }

    private static func spell(_ digits: [UInt8], point: Int, scale: Int, isNegative: Bool) -> String {
        let sign = isNegative ? "-" : ""
        let zero = UInt8(ascii: "0")
        if max(abs(point), scale) > 400, let first = digits.firstIndex(where: { $0 != zero }),
            let last = digits.lastIndex(where: { $0 != zero }), last - first < 400
        {
            let tail = String(decoding: digits[(first + 1)..<(last + 1)], as: UTF8.self)
            let head = String(decoding: digits[first...first], as: UTF8.self)
            return sign + head + (tail.isEmpty ? "" : ".\(tail)") + "e\(point - first - 1)"
        }
        var text: [UInt8] = []
        for at in 0..<max(point, 0) { text.append(at < digits.count ? digits[at] : zero) }
        let lead = text.firstIndex { $0 != zero } ?? text.count
        text.removeFirst(lead)
        if text.isEmpty { text.append(zero) }
        if scale > 0 {
            text.append(UInt8(ascii: "."))
            for place in 0..<scale {
                let at = point + place
                text.append(at >= 0 && at < digits.count ? digits[at] : zero)
            }
        }
        return NumericText.canonical(sign + String(decoding: text, as: UTF8.self))
    }
}
