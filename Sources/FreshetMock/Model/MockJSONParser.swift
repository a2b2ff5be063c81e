/// Why a text is not JSON.
public struct MockJSONError: Error, Equatable, CustomStringConvertible {
    /// Offset of the byte that cannot be read, from 0.
    public let offset: Int
    /// What was expected there.
    public let expected: String

    /// One sentence for the user.
    public var description: String { "The text is not JSON: expected \(expected) at byte \(offset)." }
}

extension MockJSON {
    /// Reads one JSON text.
    ///
    /// - Parameter bytes: UTF-8; nesting deeper than 512 is refused.
    /// - Throws: ``MockJSONError`` with the offset of the first byte that cannot be read.
    public init(parsing bytes: some Sequence<UInt8>) throws(MockJSONError) {
        var parser = Parser(bytes: Array(bytes))
        self = try parser.document()
    }

    /// Reads one JSON text.
    public init(parsing text: String) throws(MockJSONError) {
        try self.init(parsing: text.utf8)
    }

    private struct Parser {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func document() throws(MockJSONError) -> MockJSON {
            let value = try value(depth: 0)
            skipSpace()
            guard index == bytes.count else { throw fail("the end") }
            return value
        }

        private func fail(_ expected: String) -> MockJSONError { MockJSONError(offset: index, expected: expected) }

        private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        private mutating func skipSpace() {
            while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
        }

        private mutating func take(_ byte: Character) -> Bool {
            guard let expected = byte.asciiValue, current == expected else { return false }
            index += 1
            return true
        }

        private mutating func value(depth: Int) throws(MockJSONError) -> MockJSON {
            guard depth < 512 else { throw fail("at most 512 levels") }
            skipSpace()
            switch current {
            case UInt8(ascii: "{"): return try object(depth: depth)
            case UInt8(ascii: "["): return try array(depth: depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }

        private mutating func word(_ word: String, _ value: MockJSON) throws(MockJSONError) -> MockJSON {
            guard bytes[index...].starts(with: word.utf8) else { throw fail(word) }
            index += word.utf8.count
            return value
        }

        private mutating func number() throws(MockJSONError) -> MockJSON {
            let start = index
            _ = take("-")
            if !take("0") { try digits() }
            if take(".") { try digits() }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                try digits()
            }
            return .number(String(decoding: bytes[start..<index], as: UTF8.self))
        }

        private mutating func digits() throws(MockJSONError) {
            let start = index
            while let byte = current, byte >= 0x30, byte <= 0x39 { index += 1 }
            guard index > start else { throw fail("a value") }
        }

        private mutating func array(depth: Int) throws(MockJSONError) -> MockJSON {
            index += 1
            var items: [MockJSON] = []
            skipSpace()
            if take("]") { return .array(items) }
            repeat {
                items.append(try value(depth: depth + 1))
                skipSpace()
            } while take(",")
            guard take("]") else { throw fail("',' or ']'") }
            return .array(items)
        }

        private mutating func object(depth: Int) throws(MockJSONError) -> MockJSON {
            index += 1
            var members: [Member] = []
            skipSpace()
            if take("}") { return .object(members) }
            repeat {
                skipSpace()
                guard current == UInt8(ascii: "\"") else { throw fail("a name") }
                let name = try string()
                skipSpace()
                guard take(":") else { throw fail("':'") }
                members.append(Member(name, try value(depth: depth + 1)))
                skipSpace()
            } while take(",")
            guard take("}") else { throw fail("',' or '}'") }
            return .object(members)
        }

        private mutating func string() throws(MockJSONError) -> String {
            index += 1
            var out: [UInt8] = []
            while let byte = current {
                index += 1
                switch byte {
                case UInt8(ascii: "\""):
                    return String(decoding: out, as: UTF8.self)
                case UInt8(ascii: "\\"): try escape(into: &out)
                case 0..<0x20: throw fail("no control character in a string")
                default: out.append(byte)
                }
            }
            throw fail("the end of a string")
        }

        private mutating func escape(into out: inout [UInt8]) throws(MockJSONError) {
            guard let byte = current else { throw fail("an escape") }
            index += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var code = try hex4()
                if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
                    let low = try hex4()
                    guard (0xDC00..<0xE000).contains(low) else { throw fail("a low surrogate") }
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(code) else { throw fail("a whole surrogate pair") }
                out.append(contentsOf: String(Character(scalar)).utf8)
            default: throw fail("an escape")
            }
        }

        private mutating func hex4() throws(MockJSONError) -> UInt32 {
            guard index + 4 <= bytes.count,
                let code = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
            else { throw fail("four hexadecimal digits") }
            index += 4
            return code
        }
    }
}
