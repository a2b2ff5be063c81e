/// Escapes text for JSON strings.
///
/// Escaped are the quote, the backslash and what is below U+0020, with the short forms where JSON has them;
/// everything else stays UTF-8.
public enum JSONEscape {
    /// Appends a text, escaped and without quotes.
    /// - Parameters:
    ///   - text: Any text.
    ///   - bytes: Where to append it.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { source in
            var start = 0
            for at in 0..<source.count where needsEscape(source[at]) {
                bytes.append(contentsOf: source[start..<at])
                append(escaped: source[at], to: &bytes)
                start = at + 1
            }
            bytes.append(contentsOf: source[start...])
        }
    }

    /// A text as a JSON string, quotes included.
    /// - Parameter text: Any text.
    /// - Returns: For example `"say \"hi\""`.
    public static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One character as it stands in a JSON string.
    static func escaped(_ scalar: Unicode.Scalar) -> String {
        guard scalar.isASCII, needsEscape(UInt8(ascii: scalar)) else { return String(scalar) }
        var bytes: [UInt8] = []
        append(escaped: UInt8(ascii: scalar), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @inline(__always) private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func append(escaped byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let digit = byte & 0xF
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            bytes.append(UInt8(ascii: "0") + byte >> 4)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
