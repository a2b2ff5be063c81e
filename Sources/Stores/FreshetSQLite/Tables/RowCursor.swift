import FoundationEssentials
import FreshetCore

/// Where a page ended: the values that its last row is sorted by, and which question it belongs to.
struct RowCursor {
    /// A value as a sort expression gives it.
    enum Value: Hashable {
        case stored(StoredValue)
        case bytes([UInt8])

        func bind(to statement: RawStatement, at index: CInt) {
            switch self {
            case .stored(let value): value.bind(to: statement, at: index)
            case .bytes(let bytes): statement.bind(bytes, at: index)
            }
        }

        var isNull: Bool { self == .stored(.null) }
    }

    var question: UInt64
    var values: [Value]

    /// URL-safe text.
    var text: String {
        var bytes = Self.bytes(question)
        for value in values {
            switch value {
            case .stored(.null): bytes.append(0)
            case .stored(.integer(let value)): bytes += [1] + Self.bytes(UInt64(bitPattern: value))
            case .stored(.double(let value)): bytes += [2] + Self.bytes(value.bitPattern)
            case .stored(.text(let text)): bytes += [3] + Self.bytes(UInt64(text.utf8.count)) + Array(text.utf8)
            case .bytes(let value): bytes += [4] + Self.bytes(UInt64(value.count)) + value
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
            switch tag {
            case 0: values.append(.stored(.null))
            case 1, 2:
                guard let number = Self.number(&bytes) else { return nil }
                values.append(
                    .stored(tag == 1 ? .integer(Int64(bitPattern: number)) : .double(Double(bitPattern: number))))
            case 3, 4:
                guard let length = Self.number(&bytes), length <= UInt64(bytes.count) else { return nil }
                let content = bytes.prefix(Int(length))
                bytes = bytes.dropFirst(Int(length))
                values.append(
                    tag == 3 ? .stored(.text(String(decoding: content, as: UTF8.self))) : .bytes([UInt8](content)))
            default: return nil
            }
        }
        guard values.count == count else { return nil }
    }

    init(question: UInt64, values: [Value]) { (self.question, self.values) = (question, values) }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        guard bytes.count >= 8 else { return nil }
        defer { bytes = bytes.dropFirst(8) }
        return bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
