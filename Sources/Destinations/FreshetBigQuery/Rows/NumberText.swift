/// The text of a number, so that no digit is lost on the way to a type that is not a double.
struct NumberText: Equatable {
    /// Significant digits, without zeros at either end; empty for zero.
    private(set) var digits: [UInt8] = []
    /// The power of ten of the digits' last one.
    private(set) var exponent = 0
    private(set) var isNegative = false

    /// Reads a number as JSON writes it; `nil` for anything else and for exponents that no number means.
    init?(_ text: some Collection<UInt8>) {
        var (seen, isFraction) = (0, false)
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") {
            isNegative = true
            rest = rest.dropFirst()
        }
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if !digits.isEmpty || byte != UInt8(ascii: "0") { digits.append(byte) }
                seen += 1
                if isFraction { exponent -= 1 }
            case UInt8(ascii: ".") where !isFraction && seen > 0: isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard seen > 0, let power = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), abs(power) < 1 << 30
                else { return nil }
                exponent += power
                rest = rest.suffix(0)
                continue
            default: return nil
            }
            rest = rest.dropFirst()
        }
        guard seen > 0 else { return nil }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { (exponent, isNegative) = (0, false) }
    }

    /// Digits in front of the point.
    var integerDigits: Int { max(0, digits.count + exponent) }

    /// Digits behind the point.
    var fractionDigits: Int { max(0, -exponent) }

    /// The number without an exponent; only for numbers whose digits are few.
    var plain: [UInt8] {
        let zero = UInt8(ascii: "0")
        var out: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        if exponent >= 0 {
            out += digits.isEmpty ? [zero] : digits + Array(repeating: zero, count: exponent)
            return out
        }
        let split = digits.count + exponent
        if split > 0 {
            out += digits[..<split]
        } else {
            out.append(zero)
        }
        out.append(UInt8(ascii: "."))
        if split < 0 { out += Array(repeating: zero, count: -split) }
        return out + digits[max(0, split)...]
    }

    /// Whether BigQuery's type holds it exactly.
    func fits(_ type: WarehouseType) -> Bool {
        switch type {
        case .int64: exponent >= 0 && integerDigits <= 19 && Int64(String(decoding: plain, as: UTF8.self)) != nil
        case .numeric: integerDigits <= 29 && fractionDigits <= 9
        case .bigNumeric: integerDigits <= 38 && fractionDigits <= 38
        default: false
        }
    }
}

/// Finds out whether BigQuery's JSON type keeps a JSON text as it is.
///
/// It holds numbers as 64-bit integers or doubles and refuses what would be rounded, and nests 500 levels at most.
enum JSONFit {
    static func isExact(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var (at, depth) = (0, 0)
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
                    at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > 500 { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let start = at
                while at < bytes.count, isNumber(bytes[at]) { at += 1 }
                guard isExact(bytes[start..<at]) else { return false }
                continue
            default: break
            }
            at += 1
        }
        return true
    }

    private static func isNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private static func isExact(_ number: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: number, as: UTF8.self)
        if Int64(text) != nil || UInt64(text) != nil { return true }
        guard let double = Double(text), double.isFinite, let exact = NumberText(number) else { return false }
        return NumberText(double.description.utf8) == exact
    }
}
