import NIOCore

/// A piece of a body of unknown length (RFC 9112, section 7.1): its length in hexadecimal digits, a line break, the piece, a
/// line break.
enum HTTPChunk {
    /// Bytes as a chunk; they must not be empty, since an empty chunk ends the body.
    static func framed(_ content: ByteBuffer) -> ByteBuffer {
        let length = String(content.readableBytes, radix: 16)
        var chunk = ByteBuffer()
        chunk.reserveCapacity(content.readableBytes + length.utf8.count + 4)
        chunk.writeString(length)
        chunk.writeString("\r\n")
        chunk.writeImmutableBuffer(content)
        chunk.writeString("\r\n")
        return chunk
    }

    /// The piece within a chunk that ``framed(_:)`` made; it shares the memory.
    static func content(_ chunk: ByteBuffer) -> ByteBuffer {
        let view = chunk.readableBytesView
        let head = view.firstIndex(of: UInt8(ascii: "\n")).map { $0 - view.startIndex + 1 } ?? 0
        return chunk.getSlice(at: chunk.readerIndex + head, length: max(0, chunk.readableBytes - head - 2)) ?? chunk
    }
}
