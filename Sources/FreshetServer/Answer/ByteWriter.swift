import FreshetCore
import NIOCore

/// Writes text into memory that was made large enough before; the fast way to put an answer's head together.
struct ByteWriter {
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        precondition(memory.count > 0)
        // Memory that is not empty has an address.
        start = memory.baseAddress.unsafelyUnwrapped
        capacity = memory.count
    }

    mutating func literal(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        precondition(count + length <= capacity)
        (start + count).copyMemory(from: text.utf8Start, byteCount: length)
        count += length
    }

    mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            precondition(count + bytes.count <= capacity)
            if let base = bytes.baseAddress { (start + count).copyMemory(from: base, byteCount: bytes.count) }
            count += bytes.count
        }
    }

    mutating func byte(_ byte: UInt8) {
        precondition(count < capacity)
        (start + count).storeBytes(of: byte, as: UInt8.self)
        count += 1
    }

    mutating func number(_ value: Int64) {
        precondition(count + 20 <= capacity)
        if value < 0 { byte(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, rest >= bound {
            digits += 1
            bound = bound &* 10
        }
        var position = count + digits
        repeat {
            position -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            (start + position).storeBytes(of: 48 + UInt8(truncatingIfNeeded: digit), as: UInt8.self)
            rest = quotient
        } while position > count
        count += digits
    }

    /// Sixteen lower-case hexadecimal digits.
    mutating func hex(_ value: UInt64) {
        precondition(count + 16 <= capacity)
        (start + count).storeBytes(of: ByteWriter.hexDigits(UInt32(truncatingIfNeeded: value >> 32)), as: UInt64.self)
        (start + count + 8).storeBytes(of: ByteWriter.hexDigits(UInt32(truncatingIfNeeded: value)), as: UInt64.self)
        count += 16
    }

    /// Eight digits, the first in the lowest address: the nibbles are spread over eight bytes, then all made text at once.
    private static func hexDigits(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value)
        spread = (spread << 16 | spread) & 0x0000_FFFF_0000_FFFF
        spread = (spread << 8 | spread) & 0x00FF_00FF_00FF_00FF
        spread = (spread << 4 | spread) & 0x0F0F_0F0F_0F0F_0F0F
        let areLetters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (spread &+ 0x3030_3030_3030_3030 &+ areLetters &* 39).bigEndian
    }

    /// The first `length` bytes of a prepared text, with the second of the day written over `hh:mm:ss` at `clock`.
    mutating func template(_ text: SIMD32<UInt8>, length: Int, clock: Int, _ second: Int) {
        precondition(count + 32 <= capacity && length <= 32 && clock + 8 <= length)
        (start + count).storeBytes(of: text, as: SIMD32<UInt8>.self)
        let (hour, rest) = second.quotientAndRemainder(dividingBy: 3600)
        twoDigits(hour, at: count + clock)
        twoDigits(rest / 60, at: count + clock + 3)
        twoDigits(rest % 60, at: count + clock + 6)
        count += length
    }

    private func twoDigits(_ value: Int, at position: Int) {
        let digits = UInt16(48 + value / 10) | UInt16(48 + value % 10) << 8
        (start + position).storeBytes(of: digits.littleEndian, as: UInt16.self)
    }

    private mutating func padded(_ value: Int, _ width: Int) {
        precondition(count + width <= capacity)
        var rest = value
        for position in stride(from: count + width - 1, through: count, by: -1) {
            (start + position).storeBytes(of: 48 + UInt8(truncatingIfNeeded: rest % 10), as: UInt8.self)
            rest /= 10
        }
        count += width
    }

    /// IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`: the same text as ``Timestamp/httpDate``.
    mutating func httpDate(_ moment: Timestamp) {
        let date = CivilDate(moment)
        guard (0...9999).contains(date.year) else { return text(moment.httpDate) }
        name(date.weekday, of: "SunMonTueWedThuFriSat")
        literal(", ")
        padded(date.day, 2)
        byte(32)
        name(date.month - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec")
        byte(32)
        padded(date.year, 4)
        byte(32)
        clock(date)
        literal(" GMT")
    }

    /// RFC 3339 in UTC to the second.
    mutating func rfc3339(_ moment: Timestamp) {
        let date = CivilDate(moment)
        guard (0...9999).contains(date.year) else { return text(Timestamp(seconds: moment.seconds).rfc3339) }
        padded(date.year, 4)
        byte(45)
        padded(date.month, 2)
        byte(45)
        padded(date.day, 2)
        byte(84)
        clock(date)
        byte(90)
    }

    private mutating func clock(_ date: CivilDate) {
        padded(date.hour, 2)
        byte(58)
        padded(date.minute, 2)
        byte(58)
        padded(date.second, 2)
    }

    private mutating func name(_ index: Int, of names: StaticString) {
        precondition(count + 3 <= capacity && index >= 0 && index * 3 + 3 <= names.utf8CodeUnitCount)
        (start + count).copyMemory(from: names.utf8Start + index * 3, byteCount: 3)
        count += 3
    }
}
