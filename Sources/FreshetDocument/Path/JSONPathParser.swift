/// Reads the text of a path.
struct JSONPathParser {
    private let text: String
    private let scalars: [Unicode.Scalar]
    private var at = 0
    /// For each segment that was read, whether it stood in brackets.
    private(set) var isBracketed: [Bool] = []

    init(_ text: String) {
        self.text = text
        scalars = Array(text.unicodeScalars)
    }

    /// Whether a name can stand after a dot.
    static func isPlain(_ name: String) -> Bool { !name.isEmpty && name.unicodeScalars.allSatisfy(isPlain) }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: scalar.value >= 0x80
        }
    }

    /// Reads the whole text.
    mutating func segments() throws(JSONPathError) -> [JSONPath.Segment] {
        guard take("$") else { throw fault("a path begins with $") }
        var segments: [JSONPath.Segment] = []
        while let next = peek {
            switch next {
            case ".":
                at += 1
                let descends = take(".")
                isBracketed.append(descends && peek == "[")
                let selector = descends && peek == "[" ? try bracket() : try dotted()
                segments.append(JSONPath.Segment(selector, descends: descends))
            case "[":
                isBracketed.append(true)
                segments.append(JSONPath.Segment(try bracket()))
            default:
                throw fault("expected '.' or '[' here; names with other characters are written ['name']")
            }
        }
        return segments
    }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    private func fault(_ reason: String, at position: Int? = nil) -> JSONPathError {
        JSONPathError(path: text, position: (position ?? at) + 1, reason: reason)
    }

    /// What follows a dot: a name or an asterisk.
    private mutating func dotted() throws(JSONPathError) -> JSONPath.Selector {
        if take("*") { return .any }
        let start = at
        while let next = peek, Self.isPlain(next) { at += 1 }
        guard at > start else { throw fault("a name or * must follow the dot") }
        return .name(string(scalars[start..<at]))
    }

    /// A bracket with what is in it.
    private mutating func bracket() throws(JSONPathError) -> JSONPath.Selector {
        at += 1
        let selector: JSONPath.Selector
        switch peek {
        case "*":
            at += 1
            selector = .any
        case "'", "\"":
            selector = .name(try quoted())
        case .some("-"), .some("0"..."9"):
            selector = .index(try number())
        case "?", "(":
            throw fault("filters and expressions are not supported")
        default:
            throw fault("a bracket holds a quoted name, a whole number or *")
        }
        if peek == ":" || peek == "," { throw fault("slices and unions are not supported") }
        guard take("]") else { throw fault("expected ']'") }
        return selector
    }

    private mutating func number() throws(JSONPathError) -> Int {
        let start = at
        let isNegative = take("-")
        let digits = at
        while let next = peek, ("0"..."9").contains(next) { at += 1 }
        guard at > digits else { throw fault("a digit must follow the minus sign") }
        if scalars[digits] == "0", isNegative || at > digits + 1 {
            throw fault("an index has no leading zero, and 0 has no sign", at: start)
        }
        guard let value = Int(string(scalars[start..<at])) else { throw fault("the index is too large", at: start) }
        return value
    }

    private mutating func quoted() throws(JSONPathError) -> String {
        let quote = scalars[at]
        at += 1
        var name = String.UnicodeScalarView()
        while let next = peek {
            at += 1
            if next == quote { return String(name) }
            name.append(next == "\\" ? try escape(quote) : next)
        }
        throw fault("the quoted name does not end")
    }

    /// What an escape in a quoted name stands for; the backslash has been read.
    private mutating func escape(_ quote: Unicode.Scalar) throws(JSONPathError) -> Unicode.Scalar {
        let start = at - 1
        guard let letter = peek else { throw fault("the quoted name does not end") }
        at += 1
        switch letter {
        case "\\", "/", quote: return letter
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            var value = try codeUnit(start)
            if value & 0xFC00 == 0xD800, take("\\"), take("u") {
                let low = try codeUnit(start)
                guard low & 0xFC00 == 0xDC00 else { throw fault("the surrogate pair is not complete", at: start) }
                value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(value) else {
                throw fault("the surrogate pair is not complete", at: start)
            }
            return scalar
        default:
            throw fault("'\\\(letter)' is no escape", at: start)
        }
    }

    private mutating func codeUnit(_ start: Int) throws(JSONPathError) -> UInt32 {
        guard at + 4 <= scalars.count else { throw fault("four hexadecimal digits must follow \\u", at: start) }
        let digits = scalars[at..<at + 4]
        let isHex = digits.allSatisfy { $0.isASCII && JSONText.hexValue(UInt8(ascii: $0)) != nil }
        guard isHex, let value = UInt32(string(digits), radix: 16) else {
            throw fault("four hexadecimal digits must follow \\u", at: start)
        }
        at += 4
        return value
    }

    private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
