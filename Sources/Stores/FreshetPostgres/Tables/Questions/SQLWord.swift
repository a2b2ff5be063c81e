/// A piece of an SQL statement, as PostgreSQL's own lexer cuts it.
enum SQLWord: Equatable {
    /// A key word or a name without quotes, in lower case.
    case word(String)
    /// A name in double quotes.
    case name(String)
    /// A text or a number.
    case value
    /// `(`, `)`, `,`, `.` or `;`.
    case mark(Character)
    /// Anything else: operators, casts, brackets.
    case other
}

/// Cuts a statement into words.
///
/// What PostgreSQL could read in two ways, by settings or by escapes in names, is refused rather than guessed.
struct SQLLexer {
    /// Why a statement cannot be cut.
    struct Failure: Error {
        var why: String
    }

    private let bytes: [UInt8]
    private var at = 0
    private(set) var words: [SQLWord] = []
    /// Where each word begins.
    private(set) var places: [Int] = []

    init(_ text: String) throws(Failure) {
        bytes = Array(text.utf8)
        guard !bytes.contains(0) else { throw Failure(why: "a statement cannot hold U+0000") }
        while at < bytes.count { try next() }
    }

    private func peek(_ ahead: Int = 0) -> UInt8 { at + ahead < bytes.count ? bytes[at + ahead] : 0 }

    private mutating func add(_ word: SQLWord, from start: Int) {
        words.append(word)
        places.append(start)
    }

    private mutating func next() throws(Failure) {
        let (byte, start) = (peek(), at)
        switch byte {
        case 9...13, 32: at += 1
        case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"): skipLine()
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try skipComment()
        case UInt8(ascii: "'"):
            try skipText(escapes: false)
            add(.value, from: start)
        case UInt8(ascii: "\""):
            add(.name(try readName()), from: start)
        case UInt8(ascii: "$"):
            try dollar(start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            at += 1
            while Self.isName(peek()) || (peek() == UInt8(ascii: ".") && peek(1) != UInt8(ascii: ".")) { at += 1 }
            add(.value, from: start)
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: ";"):
            at += 1
            add(.mark(Character(Unicode.Scalar(byte))), from: start)
        case _ where Self.isNameStart(byte): try word(start)
        default:
            at += 1
            add(.other, from: start)
        }
    }

    private mutating func word(_ start: Int) throws(Failure) {
        while Self.isName(peek()) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        // Only ASCII is folded, whatever the locale.
        let folded = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 128 ? Unicode.Scalar(UInt8($0.value) | Self.fold($0)) : $0 }))
        if peek() == UInt8(ascii: "&"), folded == "u", [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(peek(1)) {
            throw Failure(why: "names and texts with U& are not understood here; write the characters themselves")
        }
        if peek() == UInt8(ascii: "'"), ["e", "b", "x", "n"].contains(folded) {
            try skipText(escapes: folded == "e")
            add(.value, from: start)
            return
        }
        add(.word(folded), from: start)
    }

    private static func fold(_ scalar: Unicode.Scalar) -> UInt8 {
        (65...90).contains(scalar.value) ? 0x20 : 0
    }

    private mutating func skipLine() {
        while at < bytes.count, peek() != 10, peek() != 13 { at += 1 }
    }

    private mutating func skipComment() throws(Failure) {
        var depth = 0
        repeat {
            guard at < bytes.count else { throw Failure(why: "a comment has no end") }
            if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                (depth, at) = (depth + 1, at + 2)
            } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                (depth, at) = (depth - 1, at + 2)
            } else {
                at += 1
            }
        } while depth > 0
    }

    /// Skips a text in single quotes; `escapes` says whether a backslash is special.
    private mutating func skipText(escapes: Bool) throws(Failure) {
        at += 1
        while at < bytes.count {
            if escapes, peek() == UInt8(ascii: "\\") {
                at += 2
            } else if peek() != UInt8(ascii: "'") {
                at += 1
            } else if peek(1) == UInt8(ascii: "'") {
                at += 2
            } else {
                at += 1
                return
            }
        }
        throw Failure(why: "a text has no end")
    }

    private mutating func readName() throws(Failure) -> String {
        var name: [UInt8] = []
        at += 1
        while at < bytes.count {
            if peek() == UInt8(ascii: "\"") {
                guard peek(1) == UInt8(ascii: "\"") else {
                    at += 1
                    return String(decoding: name, as: UTF8.self)
                }
                at += 1
            }
            name.append(peek())
            at += 1
        }
        throw Failure(why: "a name has no end")
    }

    /// A text between dollar signs; a parameter has nothing to stand for.
    private mutating func dollar(_ start: Int) throws(Failure) {
        var end = at + 1
        while end < bytes.count, Self.isName(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), end == at + 1 || Self.isNameStart(bytes[at + 1])
        else {
            throw Failure(why: "a query takes no parameters")
        }
        let tag = bytes[at...end]
        at = end + 1
        while at + tag.count <= bytes.count {
            if bytes[at..<at + tag.count].elementsEqual(tag) {
                at += tag.count
                add(.value, from: start)
                return
            }
            at += 1
        }
        throw Failure(why: "a text has no end")
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: "_") || byte >= 128
    }

    private static func isName(_ byte: UInt8) -> Bool {
        isNameStart(byte) || byte &- 48 < 10 || byte == UInt8(ascii: "$")
    }
}
