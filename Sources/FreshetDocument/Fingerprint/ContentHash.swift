/// A 128-bit hash in two lanes, after the manner of wyhash.
///
/// Every 16 bytes are folded in by a full 64 × 64 bit multiplication per lane: fast and well spread, but no defence
/// against somebody who wants two documents to collide.
///
/// Stored fingerprints depend on every constant here: a change makes each stored document look changed once. A test
/// holds the values.
struct ContentHash: Equatable, Sendable, BitwiseCopyable {
    /// Keeps equal bytes in different roles apart.
    enum Seed: UInt64 {
        case bytes = 0x1D8E_4E27_C47D_124F
        case key = 0x9E6C_63D0_676A_9A99
        case string = 0xD6E8_FEB8_6659_FD93
        case number = 0xCA5A_8263_9512_1157
        case object = 0xE703_7ED1_A0B4_28DB
        case array = 0x8EBC_6AF0_9C88_C6E3
        case literal = 0x5899_65CC_7537_4CC3
    }

    var low: UInt64
    var high: UInt64

    private static let one: UInt64 = 0x2D35_8DCC_AA6C_78A5
    private static let two: UInt64 = 0x8BB8_4B93_962E_ACC9
    private static let three: UInt64 = 0x4B33_A62E_D433_D4A3
    private static let four: UInt64 = 0x4D5A_2DA5_1DE1_AA47

    @inline(__always) init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The hash of a number of fixed meaning, such as an empty array or `true`.
    @inline(__always) init(_ number: UInt64, seed: Seed) {
        self.init(low: seed.rawValue, high: ~seed.rawValue)
        fold(number, Self.two)
        finish(16)
    }

    /// The hash of some bytes.
    @inline(__always) init(_ buffer: UnsafeBufferPointer<UInt8>, seed: Seed) {
        self.init(low: seed.rawValue, high: ~seed.rawValue)
        let bytes = UnsafeRawBufferPointer(buffer)
        var at = 0
        while bytes.count &- at > 16 {
            fold(Self.eight(bytes, at), Self.eight(bytes, at &+ 8))
            at &+= 16
        }
        let tail = Self.tail(bytes, at)
        fold(tail.0, tail.1)
        finish(UInt64(truncatingIfNeeded: bytes.count))
    }

    /// Takes in another hash; the order of calls matters.
    @inline(__always) mutating func combine(_ other: ContentHash) { fold(other.low, other.high) }

    /// Takes in another hash; the order of calls does not matter, and taking in the same one twice does not cancel it.
    @inline(__always) mutating func add(_ other: ContentHash) {
        let (sum, carry) = low.addingReportingOverflow(other.low)
        low = sum
        high = high &+ other.high &+ (carry ? 1 : 0)
    }

    /// Ends the hash: spreads every bit over both lanes.
    @inline(__always) mutating func finish(_ length: UInt64) {
        let (one, two) = (low ^ length, high ^ Self.three)
        low = Self.multiply(one ^ Self.one, two) ^ high
        high = Self.multiply(two ^ Self.two, low ^ Self.four) ^ one
    }

    @inline(__always) private mutating func fold(_ first: UInt64, _ second: UInt64) {
        low = Self.multiply(first ^ Self.one, second ^ low)
        high = Self.multiply(first ^ high, second ^ Self.four)
    }

    @inline(__always) private static func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always) private static func eight(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    @inline(__always) private static func four(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    }

    /// The last 0 to 16 bytes as two words; reads overlap rather than loop.
    @inline(__always) private static func tail(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> (UInt64, UInt64) {
        let left = bytes.count &- at
        if left >= 8 { return (eight(bytes, at), eight(bytes, bytes.count &- 8)) }
        if left >= 4 { return (four(bytes, at), four(bytes, bytes.count &- 4)) }
        if left > 0 {
            let (first, middle, last) = (bytes[at], bytes[at &+ left &>> 1], bytes[bytes.count &- 1])
            return (UInt64(first) &<< 16 | UInt64(middle) &<< 8 | UInt64(last), 0)
        }
        return (0, 0)
    }
}
