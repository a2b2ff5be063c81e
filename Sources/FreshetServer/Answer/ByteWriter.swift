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
        for shift in stride(from: 60, through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
            byte(nibble < 10 ? 48 + nibble : 87 + nibble)
        }
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
