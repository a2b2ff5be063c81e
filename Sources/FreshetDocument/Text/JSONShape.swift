/// Quick looks at a body, before or after it failed to parse, that say what arrived instead of JSON.
public enum JSONShape {
    /// Whether the body is an HTML page, such as a proxy's error page sent with status 200.
    ///
    /// Looks at the first 1,024 bytes after white space and a byte order mark: they begin with `<` and hold a tag
    /// that only HTML uses.
    public static func looksLikeHTML(_ bytes: [UInt8]) -> Bool {
        guard let start = contentStart(bytes), bytes[start] == UInt8(ascii: "<") else { return false }
        let head = bytes[start..<min(start + 1_024, bytes.count)].map(lowercased)
        return htmlMarks.contains { mark in
            head.indices.contains { at in head[at] == UInt8(ascii: "<") && head[at...].starts(with: mark) }
        }
    }

    /// Whether the body is markup of any kind (HTML, XML): its first byte after white space and a byte order mark is
    /// `<`.
    public static func looksLikeMarkup(_ bytes: [UInt8]) -> Bool {
        contentStart(bytes).map { bytes[$0] == UInt8(ascii: "<") } ?? false
    }

    /// Whether the body is empty or holds nothing but JSON white space.
    public static func isWhitespaceOnly(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy(isSpace) }

    /// Whether the body is the literal `null`, with white space around it or not.
    public static func isNull(_ bytes: [UInt8]) -> Bool {
        guard let start = bytes.firstIndex(where: { !isSpace($0) }) else { return false }
        guard bytes[start...].starts(with: Array("null".utf8)) else { return false }
        return bytes[(start + 4)...].allSatisfy(isSpace)
    }

    @inline(__always) static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static let htmlMarks: [[UInt8]] = [
        "<!doctype html", "<html", "<head", "<title", "<body", "<script", "<meta", "<center", "<h1", "<div", "<p>",
    ].map { Array($0.utf8) }

    private static func contentStart(_ bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let start = bytes.starts(with: mark) ? 3 : 0
        return bytes[start...].firstIndex { !isSpace($0) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
