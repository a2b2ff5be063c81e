/// Hashes of values that are kept in files: they never change from one version of Freshet to the next.
///
/// Multiply and fold, eight bytes at a time (the idea of wyhash). They tell equal rows from changed ones; nothing secret and
/// no defence against a chosen collision rests on them.
public enum RowHash {
    @inline(__always)
    static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    static let (k1, k2, k3): (UInt64, UInt64, UInt64) = (
        0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3
    )

    /// The hash of bytes.
    @inlinable
    public static func bytes(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 { hash(bytes, seed) }

    @usableFromInline
    static func hash(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        var state = mix(seed ^ k1, UInt64(truncatingIfNeeded: bytes.count) ^ k2)
        var at = 0
        let count = bytes.count
        while at &+ 16 <= count {
            let a = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let b = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self))
            state = mix(a ^ state, b ^ k2)
            at &+= 16
        }
        if at &+ 8 <= count {
            state = mix(
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ state, k3)
            at &+= 8
        }
        var tail: UInt64 = 0
        while at < count {
            tail = tail << 8 | UInt64(bytes[at])
            at &+= 1
        }
        return mix(tail ^ state, k1 ^ seed)
    }

    /// The hash of a text.
    public static func text(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var text = text
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0), seed) }
    }

    @inline(__always)
    static func integer(_ value: Int64) -> UInt64 { mix(UInt64(bitPattern: value) ^ k2, k3) }

    @inline(__always)
    static func double(_ bits: Int64) -> UInt64 { mix(UInt64(bitPattern: bits) ^ k3, k1) }
}

/// The identity of a row inside its document: 128 bits made of the values of its key columns.
public struct RowKey: Hashable, Sendable {
    /// Half of it.
    public var a: UInt64
    /// The other half.
    public var b: UInt64

    @inlinable
    init(a: UInt64, b: UInt64) { (self.a, self.b) = (a, b) }

    /// The bits are well mixed already.
    @inlinable
    public func hash(into hasher: inout Hasher) { hasher.combine(a) }
}

/// Makes a ``RowKey`` of the values of the key columns, in their order, as a store keeps them.
///
/// Its seed is drawn anew by each process, so that no upstream can choose values that collide.
public struct RowKeyMaker: Sendable {
    private static let seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    private var a = seeds.0
    private var b = seeds.1

    /// Creates a maker that has seen no value.
    public init() {}

    /// Adds a whole number; a boolean is 0 or 1.
    public mutating func add(integer value: Int64) { fold(UInt64(bitPattern: value), 1) }

    /// Adds a double; a whole one is the same as that whole number.
    public mutating func add(double value: Double) {
        if let whole = Int64(exactly: value) { add(integer: whole) } else { fold(value.bitPattern, 2) }
    }

    /// Adds a text.
    public mutating func add(text bytes: UnsafeRawBufferPointer) {
        fold(RowHash.hash(bytes, a), 3)
        b = RowHash.mix(b ^ RowHash.hash(bytes, b), RowHash.k3)
    }

    /// The identity of the values added so far.
    public var key: RowKey { RowKey(a: a, b: b) }

    private mutating func fold(_ value: UInt64, _ tag: UInt64) {
        a = RowHash.mix(a ^ value, RowHash.k1 ^ tag)
        b = RowHash.mix(b ^ value ^ RowHash.k2, RowHash.k3 &+ tag)
    }
}
