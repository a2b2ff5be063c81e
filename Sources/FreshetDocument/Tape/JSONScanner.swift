/// Finds the ends of JSON tokens in a buffer, and checks them on the way.
///
/// Every function takes the offset to read at and returns the offset after what it read; none reads at or beyond `end`.
struct JSONScanner: BitwiseCopyable {
    let base: UnsafePointer<UInt8>
    let end: Int

    @inline(__always) private func eight(_ at: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    // MARK: White space

    /// Skips white space; most tokens have none or one blank before them, which is answered inline.
    @inline(__always) func space(_ at: Int) -> Int {
        guard at < end, base[at] <= 0x20 else { return at }
        if at &+ 1 < end, base[at] == 0x20, base[at &+ 1] > 0x20 { return at &+ 1 }
        return longSpace(at)
    }

    @inline(never) private func longSpace(_ start: Int) -> Int {
        var at = start
        while at < end {
            switch base[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at &+= 1
            default: return at
            }
            while at &+ 8 <= end, eight(at) == 0x2020_2020_2020_2020 { at &+= 8 }
        }
        return at
    }

    // MARK: Strings

    /// Reads a string's content; `start` is after the opening quote and `end` in the result is the closing one.
    @inline(__always) func string(_ start: Int) throws(JSONError) -> (end: Int, escaped: Bool) {
        var at = start
        var escaped = false
        while true {
            while at &+ 8 <= end {
                let special = Self.special(eight(at))
                if special != 0 {
                    at &+= special.trailingZeroBitCount &>> 3
                    break
                }
                at &+= 8
            }
            guard at < end else { throw .unexpectedEnd(offset: at) }
            let byte = base[at]
            if byte == UInt8(ascii: "\"") { return (at, escaped) }
            if byte == UInt8(ascii: "\\") {
                at = try escape(at)
                escaped = true
            } else if byte >= 0x80 {
                at = try multibyte(at)
            } else if byte < 0x20 {
                throw .controlCharacter(offset: at)
            } else {
                at &+= 1  // within the last seven bytes of the input
            }
        }
    }

    /// Sets the top bit of each byte that a string scan must look at: quote, backslash, below 0x20, above 0x7F.
    ///
    /// A borrow can flag bytes above a flagged one wrongly; the lowest flag, the only one used, is always right.
    @inline(__always) private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ 0x2222_2222_2222_2222
        let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let isQuote = (quote &- ones) & ~quote
        let isBackslash = (backslash &- ones) & ~backslash
        let isControl = (word &- 0x2020_2020_2020_2020) & ~word
        return (isQuote | isBackslash | isControl | word) & 0x8080_8080_8080_8080
    }

    /// Reads one escape, both halves of a surrogate pair included; `at` is the backslash.
    @inline(never) private func escape(_ at: Int) throws(JSONError) -> Int {
        guard at &+ 1 < end else { throw .unexpectedEnd(offset: end) }
        switch base[at &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return at &+ 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(at)
            guard unit & 0xF800 == 0xD800 else { return at &+ 6 }
            guard unit < 0xDC00 else { throw .loneSurrogate(offset: at) }
            guard at &+ 6 < end else { throw .unexpectedEnd(offset: end) }
            guard base[at &+ 6] == UInt8(ascii: "\\") else { throw .loneSurrogate(offset: at) }
            guard at &+ 7 < end else { throw .unexpectedEnd(offset: end) }
            guard base[at &+ 7] == UInt8(ascii: "u") else { throw .loneSurrogate(offset: at) }
            guard try codeUnit(at &+ 6) & 0xFC00 == 0xDC00 else { throw .loneSurrogate(offset: at) }
            return at &+ 12
        default:
            throw .invalidEscape(offset: at)
        }
    }

    /// The number written by the four digits of a `\u` escape; `at` is its backslash.
    private func codeUnit(_ at: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for digit in at &+ 2..<at &+ 6 {
            guard digit < end else { throw .unexpectedEnd(offset: end) }
            guard let value = JSONText.hexValue(base[digit]) else { throw .invalidEscape(offset: at) }
            unit = unit << 4 | UInt32(value)
        }
        return unit
    }

    /// Reads the run of non-ASCII characters at `at` by the table of well-formed UTF-8 (Unicode 15, table 3-7).
    @inline(never) private func multibyte(_ start: Int) throws(JSONError) -> Int {
        var at = start
        repeat {
            let lead = base[at]
            switch lead {
            case 0xC2...0xDF: at = try continuation(of: at, length: 2, second: 0x80...0xBF)
            case 0xE0: at = try continuation(of: at, length: 3, second: 0xA0...0xBF)
            case 0xED: at = try continuation(of: at, length: 3, second: 0x80...0x9F)
            case 0xE1...0xEF: at = try continuation(of: at, length: 3, second: 0x80...0xBF)
            case 0xF0: at = try continuation(of: at, length: 4, second: 0x90...0xBF)
            case 0xF1...0xF3: at = try continuation(of: at, length: 4, second: 0x80...0xBF)
            case 0xF4: at = try continuation(of: at, length: 4, second: 0x80...0x8F)
            default: throw .invalidUTF8(offset: at)
            }
        } while at < end && base[at] >= 0x80
        return at
    }

    @inline(__always) private func continuation(
        of at: Int, length: Int, second: ClosedRange<UInt8>
    ) throws(JSONError) -> Int {
        guard at &+ 1 < end else { throw .unexpectedEnd(offset: end) }
        guard second.contains(base[at &+ 1]) else { throw .invalidUTF8(offset: at) }
        for next in at &+ 2..<at &+ length {
            guard next < end else { throw .unexpectedEnd(offset: end) }
            guard base[next] & 0xC0 == 0x80 else { throw .invalidUTF8(offset: at) }
        }
        return at &+ length
    }

    // MARK: Numbers

    /// Reads a number; what follows it is the caller's concern, except a digit after a leading zero.
    @inline(__always) func number(_ start: Int) throws(JSONError) -> (end: Int, isReal: Bool) {
        var at = start
        if base[at] == UInt8(ascii: "-") { at &+= 1 }
        guard at < end else { throw .unexpectedEnd(offset: at) }
        if base[at] == UInt8(ascii: "0") {
            at &+= 1
            if at < end, isDigit(at) { throw .invalidNumber(offset: at) }
        } else {
            at = try digits(at)
        }
        guard at < end else { return (at, false) }
        var isReal = false
        if base[at] == UInt8(ascii: ".") {
            isReal = true
            at = try digits(at &+ 1)
            guard at < end else { return (at, true) }
        }
        if base[at] | 0x20 == UInt8(ascii: "e") {
            isReal = true
            at &+= 1
            if at < end, base[at] == UInt8(ascii: "+") || base[at] == UInt8(ascii: "-") { at &+= 1 }
            at = try digits(at)
        }
        return (at, isReal)
    }

    @inline(__always) private func isDigit(_ at: Int) -> Bool { base[at] &- UInt8(ascii: "0") <= 9 }

    /// Reads one digit or more.
    @inline(__always) private func digits(_ start: Int) throws(JSONError) -> Int {
        guard start < end else { throw .unexpectedEnd(offset: start) }
        guard isDigit(start) else { throw .invalidNumber(offset: start) }
        var at = start &+ 1
        while at < end, isDigit(at) { at &+= 1 }
        return at
    }
}
