/// Reads the content of strings whose source text the parser has checked.
enum JSONText {
    /// The value of a hexadecimal digit, or nil.
    @inline(__always) static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }

    /// The bytes between the quotes of a string or key, or those of a number.
    @inline(__always) static func source(
        of word: TapeWord, in bytes: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[word.offset..<word.offset + word.length])
    }

    /// Whether a string or key stands for exactly these UTF-8 bytes; no Unicode normalisation is applied.
    @inline(__always) static func content(
        of word: TapeWord, in bytes: UnsafeBufferPointer<UInt8>, equals name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        if !word.kind.isEscaped {
            guard word.length == name.count else { return false }
            return equal(source(of: word, in: bytes), name)
        }
        // An escape is never shorter than what it stands for.
        guard word.length > name.count else { return false }
        var content: [UInt8] = []
        unescape(source(of: word, in: bytes), into: &content)
        return content.withUnsafeBufferPointer { $0.count == name.count && equal($0, name) }
    }

    /// Whether two buffers of equal length hold the same bytes.
    @inline(__always) static func equal(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool
    {
        let (count, one, two) = (left.count, UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        var at = 0
        while at &+ 8 <= count {
            let same =
                one.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                == two.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if !same { return false }
            at &+= 8
        }
        while at < count {
            if left[at] != right[at] { return false }
            at &+= 1
        }
        return true
    }

    /// Appends what a checked string source stands for, as UTF-8.
    static func unescape(_ source: UnsafeBufferPointer<UInt8>, into content: inout [UInt8]) {
        content.reserveCapacity(content.count + source.count)
        var at = 0
        while at < source.count {
            let byte = source[at]
            guard byte == UInt8(ascii: "\\") else {
                content.append(byte)
                at += 1
                continue
            }
            guard source[at + 1] == UInt8(ascii: "u") else {
                content.append(short(source[at + 1]))
                at += 2
                continue
            }
            var scalar = unit(source, at)
            at += 6
            if scalar & 0xFC00 == 0xD800 {
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(source, at) & 0x3FF
                at += 6
            }
            append(scalar, to: &content)
        }
    }

    /// What the letter of a two-character escape stands for.
    private static func short(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func unit(_ source: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt32 {
        var unit: UInt32 = 0
        for digit in at + 2..<at + 6 { unit = unit << 4 | UInt32(hexValue(source[digit]) ?? 0) }
        return unit
    }

    private static func append(_ scalar: UInt32, to content: inout [UInt8]) {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(scalar >> shift & 0x3F) }
        switch scalar {
        case 0..<0x80:
            content.append(UInt8(scalar))
        case 0x80..<0x800:
            content.append(0xC0 | UInt8(scalar >> 6))
            content.append(tail(0))
        case 0x800..<0x10000:
            content.append(0xE0 | UInt8(scalar >> 12))
            content.append(tail(6))
            content.append(tail(0))
        default:
            content.append(0xF0 | UInt8(scalar >> 18))
            content.append(tail(12))
            content.append(tail(6))
            content.append(tail(0))
        }
    }
}
