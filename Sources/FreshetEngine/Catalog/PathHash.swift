/// A seeded 64-bit hash of bytes, fast on short ones; the seed is drawn per process, so that collisions cannot be made up.
struct PathHash: Sendable {
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = seed ^ 0x9E37_79B9_7F4A_7C15
        var offset = 0
        let count = bytes.count
        while offset + 8 <= count {
            state = PathHash.mix(
                state ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0xA076_1D64_78BD_642F ^ seed)
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < count {
            tail = tail << 8 | UInt64(bytes[offset])
            offset += 1
        }
        state = PathHash.mix(state ^ tail, 0xE703_7ED1_A0B4_28DB)
        return PathHash.mix(state ^ UInt64(truncatingIfNeeded: count), 0x8EBC_6AF0_9C88_C6E3 ^ seed)
    }

    /// Hashes a document's address: the record of its dataset stands for the dataset.
    func hash(key: String, dataset: DatasetRecord) -> UInt64 {
        var key = key
        let text = key.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
        return PathHash.mix(text ^ UInt64(truncatingIfNeeded: dataset.number), 0x5899_65CC_7537_4CC3)
    }

    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
