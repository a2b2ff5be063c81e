/// A typed value in the BigQuery mock.
enum BigQueryValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case string(String)
    /// Microseconds since 1970.
    case timestamp(Int64)
    /// `2023-05-28`.
    case date(String)
    case numeric(BigQueryNumber)
    case json(String)

    /// Reads a value as a load job finds it in its line.
    ///
    /// - Throws: ``BigQueryFailure`` when the column's type cannot take it exactly.
    init(_ json: MockJSON, type: BigQueryType, name: String) throws(BigQueryFailure) {
        if case .null = json, type != .json {
            self = .null
            return
        }
        guard let value = Self.read(json, type) else {
            throw .invalid(
                "Error while reading data, error message: JSON parsing error: Could not convert value to "
                    + "\(type.rawValue.lowercased()). Field: \(name); Value: \(json.text)")
        }
        self = value
    }

    private static func read(_ json: MockJSON, _ type: BigQueryType) -> BigQueryValue? {
        switch (type, json) {
        case (.json, let value): return isExact(value) ? .json(value.text) : nil
        case (.string, .string(let text)): return .string(text)
        case (.string, .number(let text)): return .string(text)
        case (.string, .bool(let flag)): return .string(flag ? "true" : "false")
        case (.boolean, .bool(let flag)): return .boolean(flag)
        case (.integer, .number(let text)):
            // Numbers are read as doubles there: what is not one comes out as another.
            return Int64(text).flatMap { $0.magnitude <= 1 << 53 ? .integer($0) : nil }
        case (.float, .number(let text)): return Double(text).map { .float($0) }
        case (.numeric, .number(let text)), (.bigNumeric, .number(let text)): return number(text, type)
        case (.timestamp, .number(let text)): return Int64(text).map { .timestamp($0 * 1_000_000) }
        case (_, .string(let text)): return parse(text, type)
        default: return nil
        }
    }

    /// Reads a value as text: a quoted one in a line, a query parameter, a literal.
    static func parse(_ text: String, _ type: BigQueryType) -> BigQueryValue? {
        switch type {
        case .integer: Int64(text).map { .integer($0) }
        case .float: Double(text).map { .float($0) }
        case .boolean: ["true": true, "false": false][text.lowercased()].map { .boolean($0) }
        case .string: .string(text)
        case .timestamp: BigQueryTime.microseconds(text).map { .timestamp($0) }
        case .date: BigQueryTime.days(text).map { _ in .date(text) }
        case .numeric, .bigNumeric: number(text, type)
        case .json: (try? MockJSON(parsing: text)).map { .json($0.text) }
        }
    }

    private static func number(_ text: String, _ type: BigQueryType) -> BigQueryValue? {
        guard let number = BigQueryNumber(text) else { return nil }
        let limit = type == .numeric ? (29, 9) : (38, 38)
        return number.whole.count <= limit.0 && number.fraction.count <= limit.1 ? .numeric(number) : nil
    }

    /// Whether the JSON type would keep every number in it.
    private static func isExact(_ json: MockJSON) -> Bool {
        switch json {
        case .number(let text):
            if Int64(text) != nil || UInt64(text) != nil { return true }
            guard let double = Double(text), double.isFinite else { return false }
            return BigQueryNumber(text) == BigQueryNumber(double.description)
        case .array(let items): return items.allSatisfy(isExact)
        case .object(let members): return members.allSatisfy { isExact($0.value) }
        default: return true
        }
    }

    /// The value after its column became wider.
    func widened(to type: BigQueryType) -> BigQueryValue {
        switch (self, type) {
        case (.integer(let value), .numeric), (.integer(let value), .bigNumeric):
            BigQueryNumber("\(value)").map { .numeric($0) } ?? .null
        case (.integer(let value), .float): .float(Double(value))
        case (.numeric(let value), .float): .float(Double(value.text) ?? .nan)
        default: self
        }
    }

    /// The value as the API writes it, everything as text.
    func wire(int64Timestamps: Bool) -> MockJSON {
        switch self {
        case .null: .null
        case .integer(let value): .string("\(value)")
        case .float(let value): .string(value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)")
        case .boolean(let value): .string(value ? "true" : "false")
        case .string(let value), .date(let value), .json(let value): .string(value)
        case .numeric(let value): .string(value.text)
        case .timestamp(let value): .string(int64Timestamps ? "\(value)" : "\(Double(value) / 1_000_000)")
        }
    }

    /// Which of two values comes first; `nil` when they cannot be compared.
    ///
    /// A null is below everything, as in `ORDER BY`.
    func order(_ other: BigQueryValue) -> Int? {
        switch (self, other) {
        case (.null, .null): 0
        case (.null, _): -1
        case (_, .null): 1
        case (.integer(let a), .integer(let b)), (.timestamp(let a), .timestamp(let b)): Self.sign(a, b)
        case (.boolean(let a), .boolean(let b)): Self.sign(a ? 1 : 0, b ? 1 : 0)
        case (.string(let a), .string(let b)), (.date(let a), .date(let b)):
            a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        case (.numeric(let a), .numeric(let b)): a.order(b)
        default:
            if let a = double, let b = other.double { Self.sign(a, b) } else { nil }
        }
    }

    private static func sign<Value: Comparable>(_ a: Value, _ b: Value) -> Int { a == b ? 0 : a < b ? -1 : 1 }

    private var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): value
        case .numeric(let value): Double(value.text)
        default: nil
        }
    }

    /// The same text for equal values of comparable types: what joins rows.
    var joinKey: String {
        switch self {
        case .null: "n"
        case .integer(let value): "d\(value)"
        case .numeric(let value): "d\(value.text)"
        case .float(let value): "f\(value)"
        case .boolean(let value): "b\(value)"
        case .string(let value): "s\(value)"
        case .timestamp(let value): "t\(value)"
        case .date(let value): "a\(value)"
        case .json(let value): "j\(value)"
        }
    }
}

/// An exact decimal number.
struct BigQueryNumber: Sendable, Equatable {
    private(set) var isNegative = false
    /// Digits in front of the point, none for zero.
    private(set) var whole: [UInt8] = []
    /// Digits behind the point without zeros at the end.
    private(set) var fraction: [UInt8] = []

    init?(_ text: String) {
        var (digits, exponent, seen, isFraction) = ([UInt8](), 0, 0, false)
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            isNegative = rest.first == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        while let byte = rest.popFirst() {
            if (0x30...0x39).contains(byte) {
                digits.append(byte)
                seen += 1
                exponent -= isFraction ? 1 : 0
            } else if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if byte | 0x20 == UInt8(ascii: "e"), let power = Int(String(rest) ?? ""), abs(power) < 5_000 {
                exponent += power
                break
            } else {
                return nil
            }
        }
        guard seen > 0 else { return nil }
        if exponent > 0 { digits += Array(repeating: 0x30, count: exponent) }
        let behind = max(0, -exponent)
        if digits.count < behind { digits = Array(repeating: 0x30, count: behind - digits.count) + digits }
        whole = Array(digits.dropLast(behind).drop { $0 == 0x30 })
        fraction = Array(digits.suffix(behind).reversed().drop { $0 == 0x30 }.reversed())
        if whole.isEmpty, fraction.isEmpty { isNegative = false }
    }

    /// Without an exponent and without zeros that mean nothing.
    var text: String {
        let front = whole.isEmpty ? [0x30] : whole
        let back = fraction.isEmpty ? [] : [UInt8(ascii: ".")] + fraction
        return (isNegative ? "-" : "") + String(decoding: front + back, as: UTF8.self)
    }

    func order(_ other: BigQueryNumber) -> Int {
        if isNegative != other.isNegative { return isNegative ? -1 : 1 }
        let up = isNegative ? -1 : 1
        if whole.count != other.whole.count { return whole.count < other.whole.count ? -up : up }
        let (a, b) = (whole + fraction, other.whole + other.fraction)
        return a == b ? 0 : a.lexicographicallyPrecedes(b) ? -up : up
    }
}

/// Reads moments and days.
enum BigQueryTime {
    /// `2023-05-28T14:42:40.25Z`, with a blank for the `T`, `UTC` or an offset for the `Z`, or no zone.
    static func microseconds(_ text: String) -> Int64? {
        var rest = Substring(text)
        guard let days = days(String(rest.prefix(10))) else { return nil }
        rest = rest.dropFirst(10)
        guard !rest.isEmpty else { return Int64(days) * 86_400_000_000 }
        guard let separator = rest.first, "Tt ".contains(separator) else { return nil }
        rest = rest.dropFirst()
        let parts = rest.prefix(8).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = two(parts[0], 23), let minute = two(parts[1], 59),
            let second = two(parts[2], 59)
        else { return nil }
        rest = rest.dropFirst(8)
        var micros = 0
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard (1...6).contains(digits.count), let value = Int(digits) else { return nil }
            micros = (0..<6 - digits.count).reduce(value) { value, _ in value * 10 }
            rest = rest.dropFirst(digits.count + 1)
        }
        guard let offset = offset(rest) else { return nil }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset)
        return seconds * 1_000_000 + Int64(micros)
    }

    private static func offset(_ zone: Substring) -> Int? {
        let zone = zone.drop { $0 == " " }
        if zone.isEmpty || zone == "Z" || zone == "z" || zone == "UTC" { return 0 }
        let parts = zone.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard zone.first == "+" || zone.first == "-", parts.count == 2, let hours = two(parts[0], 14),
            let minutes = two(parts[1], 59)
        else { return nil }
        return (zone.first == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }

    private static func two(_ text: Substring, _ most: Int) -> Int? {
        text.utf8.count == 2 ? Int(text).flatMap { (0...most).contains($0) ? $0 : nil } : nil
    }

    /// Days from 1970-01-01 to a day that exists.
    static func days(_ text: String) -> Int? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count == 10, parts.count == 3, parts[0].utf8.count == 4, let year = Int(parts[0]), year >= 1,
            let month = two(parts[1], 12), month >= 1, let day = two(parts[2], 31), day >= 1
        else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
        let civil = CivilTime(unixSeconds: Int64(days) * 86_400)
        return civil.month == month && civil.day == day ? days : nil
    }
}
