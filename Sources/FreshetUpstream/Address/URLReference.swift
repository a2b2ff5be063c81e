/// A URL reference (absolute or relative) in its four parts, percent-encoded where RFC 3986 wants it.
struct URLReference {
    /// Lower case.
    var scheme: String?
    var authority: Substring?
    var path: String
    var query: String?

    /// Splits a reference; `nil` when it holds control characters.
    ///
    /// Surrounding white space and the fragment are dropped.
    init?(_ text: String) {
        var rest = URLReference.trim(text[...])
        guard !rest.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        if let hash = rest.firstIndex(of: "#") { rest = rest[..<hash] }
        if let colon = rest.firstIndex(of: ":"), URLReference.isScheme(rest[..<colon]) {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = rest[..<end]
            rest = rest[end...]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = URLBytes.normalise(rest[rest.index(after: mark)...], keeping: URLBytes.isQuery)
            rest = rest[..<mark]
        }
        path = URLBytes.normalise(rest, keeping: URLBytes.isPath)
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, URLBytes.isLetter(first) else { return false }
        return text.utf8.allSatisfy {
            URLBytes.isLetter($0) || URLBytes.isDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: ".")
        }
    }
}

/// The byte classes of RFC 3986.
enum URLBytes {
    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
    }

    static func isPath(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "/"):
            true
        default: isUnreserved(byte)
        }
    }

    static func isQuery(_ byte: UInt8) -> Bool { isPath(byte) || byte == UInt8(ascii: "?") }

    /// Percent-encodes what may not stand as it is; escapes that are there already stay.
    static func normalise(_ text: Substring, keeping isAllowed: (UInt8) -> Bool) -> String {
        let bytes = Array(text.utf8)
        if bytes.allSatisfy({ isAllowed($0) }) { return String(text) }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 16)
        for (index, byte) in bytes.enumerated() {
            let isEscape =
                byte == UInt8(ascii: "%") && index + 2 < bytes.count && HexDigit.value(of: bytes[index + 1]) != nil
                && HexDigit.value(of: bytes[index + 2]) != nil
            if isAllowed(byte) || isEscape {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), HexDigit.digit(byte >> 4), HexDigit.digit(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Hexadecimal digits.
enum HexDigit {
    static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }
}
