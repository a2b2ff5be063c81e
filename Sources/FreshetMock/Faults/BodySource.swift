import NIOCore

/// A body that is made while it is sent, so that a gigabyte costs one chunk of memory.
struct BodySource: Sendable {
    private enum Part: Sendable {
        /// These bytes once.
        case once(ByteBuffer)
        /// These bytes this many times.
        case repeated(ByteBuffer, Int)

        var length: Int {
            switch self {
            case .once(let buffer): buffer.readableBytes
            case .repeated(let buffer, let count): buffer.readableBytes * count
            }
        }
    }

    /// How many bytes all parts hold.
    let length: Int
    private var parts: [Part]

    private init(_ parts: [Part]) {
        self.parts = parts.reversed().filter { $0.length > 0 }
        length = parts.reduce(0) { $0 + $1.length }
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { parts.isEmpty }

    /// The next piece, at most 64 KiB, or `nil` at the end.
    mutating func next() -> ByteBuffer? {
        switch parts.popLast() {
        case .once(let buffer): return buffer
        case .repeated(let buffer, let count):
            if count > 1 { parts.append(.repeated(buffer, count - 1)) }
            return buffer
        case nil: return nil
        }
    }

    /// A valid JSON document of exactly `bytes` bytes, at least 32.
    static func oversize(bytes: Int) -> BodySource {
        let (head, tail) = (ByteBuffer(string: "{\"filler\":\""), ByteBuffer(string: "\"}"))
        let filler = bytes - head.readableBytes - tail.readableBytes
        let chunk = ByteBuffer(repeating: UInt8(ascii: "x"), count: 65_536)
        let rest = ByteBuffer(repeating: UInt8(ascii: "x"), count: filler % 65_536)
        return BodySource([.once(head), .repeated(chunk, filler / 65_536), .once(rest), .once(tail)])
    }

    /// A gzip stream that unpacks to a valid JSON document of exactly `bytes` bytes, at least 16.
    ///
    /// One block that refers to nothing before it is packed once and sent again and again; the checksum of the whole is
    /// combined from the checksum of the block. So nothing of the unpacked size is ever made.
    static func gzipBomb(bytes: Int) -> BodySource {
        let (head, tail) = (Array("{\"filler\":\"".utf8), Array("\"}".utf8))
        let filler = bytes - head.count - tail.count
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1_048_576)
        let last = [UInt8](repeating: UInt8(ascii: "x"), count: filler % block.count) + tail
        var crc = Gzip.crc(head)
        let blockCRC = Gzip.crc(block)
        for _ in 0..<filler / block.count { crc = Gzip.combine(crc, blockCRC, secondLength: block.count) }
        crc = Gzip.combine(crc, Gzip.crc(last), secondLength: last.count)
        var trailer = ByteBuffer()
        trailer.writeInteger(UInt32(truncatingIfNeeded: crc), endianness: .little)
        trailer.writeInteger(UInt32(truncatingIfNeeded: bytes), endianness: .little)
        return BodySource([
            .once(ByteBuffer(bytes: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])), .once(Gzip.repeatableBlock(head)),
            .repeated(Gzip.repeatableBlock(block), filler / block.count), .once(Gzip.finalBlock(last)), .once(trailer),
        ])
    }
}
