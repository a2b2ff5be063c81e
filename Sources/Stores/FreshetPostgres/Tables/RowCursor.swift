import FoundationEssentials
import FreshetCore

/// Where a page ended: the values that its last row is sorted by, and which question it belongs to.
struct RowCursor {
    /// A value as a sort expression gives it.
    enum Value: Hashable {
        case null
        case integer(Int64)
        case double(Double)
        /// Text, or a `numeric` as text.
        case text(String)
    }

    var question: UInt64
    var values: [Value]

    init(question: UInt64, values: [Value]) { (self.question, self.values) = (question, values) }

    /// URL-safe text.
    var text: String {
        var bytes = Self.bytes(question)
        for value in values {
            switch value {
            case .null: bytes.append(0)
            case .integer(let value): bytes += [1] + Self.bytes(UInt64(bitPattern: value))
            case .double(let value): bytes += [2] + Self.bytes(value.bitPattern)
            case .text(let text): bytes += [3] + Self.bytes(UInt64(text.utf8.count)) + Array(text.utf8)
            }
        }
        var text = ""
        for character in Data(bytes).base64EncodedString() {
            switch character {
            case "+": text.append("-")
            case "/": text.append("_")
            case "=": break
            default: text.append(character)
            }
        }
        return text
    }

    /// Reads what ``text`` wrote for the same question.
    init?(_ text: String, question: UInt64, count: Int) {
        var padded = String(
            text.map { character -> Character in
                character == "-" ? "+" : character == "_" ? "/" : character
            })
        while padded.utf8.count % 4 != 0 { padded.append("=") }
        guard let data = Data(base64Encoded: padded) else { return nil }
        var bytes = [UInt8](data)[...]
        guard let found = Self.number(&bytes), found == question else { return nil }
        self.question = question
        values = []
        while let tag = bytes.popFirst() {
            guard tag > 0 else {
                values.append(.null)
                continue
            }
            guard let number = Self.number(&bytes) else { return nil }
            switch tag {
            case 1: values.append(.integer(Int64(bitPattern: number)))
            case 2: values.append(.double(Double(bitPattern: number)))
            case 3:
                guard number <= UInt64(bytes.count) else { return nil }
                values.append(.text(String(decoding: bytes.prefix(Int(number)), as: UTF8.self)))
                bytes = bytes.dropFirst(Int(number))
            default: return nil
            }
        }
        guard values.count == count else { return nil }
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        guard bytes.count >= 8 else { return nil }
        defer { bytes = bytes.dropFirst(8) }
        return bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
