/// Why a document was refused by ``JSONTape``.
///
/// Every case names a byte offset from the start of the input (0 is the first byte) and none carries more of the
/// document than one printable character, so an error may be logged and shown.
public enum JSONError: Error, Hashable, Sendable {
    /// What the grammar allowed at the place where something else stood.
    public enum Expectation: String, Hashable, Sendable {
        /// The start of any value.
        case value = "a value"
        /// The first key of an object, or its end.
        case keyOrObjectEnd = "a key in double quotes or '}'"
        /// The key that follows a comma.
        case key = "a key in double quotes"
        /// The colon between a key and its value.
        case colon = "':'"
        /// What follows a value in an object.
        case commaOrObjectEnd = "',' or '}'"
        /// What follows a value in an array.
        case commaOrArrayEnd = "',' or ']'"
        /// The rest of `true`, `false` or `null`.
        case literal = "true, false or null"
    }

    /// The input holds no byte, or only white space.
    case empty
    /// The input stops before the document is complete: what a cut connection leaves behind.
    case unexpectedEnd(offset: Int)
    /// A byte stands where the grammar does not allow it.
    case unexpectedByte(offset: Int, byte: UInt8, expected: Expectation)
    /// The input starts with a UTF-8 byte order mark, which RFC 8259 forbids in JSON that travels.
    case byteOrderMark
    /// A string holds bytes that are not UTF-8: overlong forms, encoded surrogates, stray or missing continuation
    /// bytes.
    case invalidUTF8(offset: Int)
    /// A string holds an unescaped character below U+0020.
    case controlCharacter(offset: Int)
    /// A backslash is followed by something that is no JSON escape.
    case invalidEscape(offset: Int)
    /// A `\u` escape names half of a surrogate pair and the other half does not follow.
    case loneSurrogate(offset: Int)
    /// A number breaks the grammar: a leading zero, a missing digit, a plus sign.
    case invalidNumber(offset: Int)
    /// Something other than white space follows the document.
    case trailingContent(offset: Int)
    /// Arrays and objects nest deeper than the limit.
    case tooDeep(offset: Int, limit: Int)
    /// The document holds more values than the limit.
    case tooManyNodes(offset: Int, limit: Int)
    /// The input, or one string or number in it, is longer than the limit in bytes.
    case tooLarge(offset: Int, limit: Int)

    /// The byte at which the document was refused, counted from 0.
    public var offset: Int {
        switch self {
        case .empty, .byteOrderMark: 0
        case .unexpectedEnd(let offset), .unexpectedByte(let offset, _, _), .invalidUTF8(let offset),
            .controlCharacter(let offset), .invalidEscape(let offset), .loneSurrogate(let offset),
            .invalidNumber(let offset), .trailingContent(let offset), .tooDeep(let offset, _),
            .tooManyNodes(let offset, _), .tooLarge(let offset, _):
            offset
        }
    }

    /// Whether the bytes seen could be the beginning of a valid document, so that a second attempt may bring the rest.
    public var isTruncated: Bool {
        if case .unexpectedEnd = self { true } else { false }
    }

    /// Whether the document was refused for its size or depth and not for its grammar.
    public var isLimit: Bool {
        switch self {
        case .tooDeep, .tooManyNodes, .tooLarge: true
        default: false
        }
    }
}

extension JSONError: CustomStringConvertible {
    /// One sentence that says what was seen and where.
    public var description: String {
        switch self {
        case .empty:
            "The body is empty."
        case .unexpectedEnd(let offset):
            "The JSON ends at byte \(offset) before it is complete (truncated)."
        case .unexpectedByte(let offset, let byte, let expected):
            "Expected \(expected.rawValue) at byte \(offset) and found \(Self.show(byte))."
        case .byteOrderMark:
            "The JSON starts with a byte order mark, which RFC 8259 forbids."
        case .invalidUTF8(let offset):
            "The string at byte \(offset) is not valid UTF-8."
        case .controlCharacter(let offset):
            "The string at byte \(offset) holds a control character that must be escaped."
        case .invalidEscape(let offset):
            "The backslash at byte \(offset) does not start a JSON escape."
        case .loneSurrogate(let offset):
            "The escape at byte \(offset) is half of a surrogate pair without its other half."
        case .invalidNumber(let offset):
            "The number is malformed at byte \(offset)."
        case .trailingContent(let offset):
            "Something follows the end of the JSON document at byte \(offset)."
        case .tooDeep(let offset, let limit):
            "The JSON nests deeper than \(limit) levels at byte \(offset)."
        case .tooManyNodes(let offset, let limit):
            "The JSON holds more than \(limit) values (reached at byte \(offset))."
        case .tooLarge(let offset, let limit):
            "The JSON, or one value in it at byte \(offset), is longer than \(limit) bytes."
        }
    }

    private static func show(_ byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "'\(Unicode.Scalar(byte))'" }
        let hex = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (hex.utf8.count == 1 ? "0" + hex : hex)
    }
}
