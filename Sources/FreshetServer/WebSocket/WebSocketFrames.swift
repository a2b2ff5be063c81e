import NIOCore
import NIOWebSocket

/// Frames as a server sends them: whole, without a mask (RFC 6455, section 5.2).
enum WebSocketFrames {
    static func text(_ text: String) -> ByteBuffer {
        var text = text
        return text.withUTF8 { frame(0x1, UnsafeRawBufferPointer($0)) }
    }

    static func pong(_ data: ByteBuffer) -> ByteBuffer { data.withUnsafeReadableBytes { frame(0xA, $0) } }

    /// The one ping that everybody gets.
    static let ping = frame(0x9, UnsafeRawBufferPointer(start: nil, count: 0))

    /// A close; `code` `nil` makes an empty one, and of `reason` at most 123 bytes are sent.
    static func close(_ code: UInt16?, _ reason: String = "") -> ByteBuffer {
        guard let code else { return frame(0x8, UnsafeRawBufferPointer(start: nil, count: 0)) }
        var short = reason
        while short.utf8.count > 123 { short.removeLast() }
        let bytes = [UInt8(code >> 8), UInt8(code & 255)] + Array(short.utf8)
        return bytes.withUnsafeBytes { frame(0x8, $0) }
    }

    private static func frame(_ opcode: UInt8, _ data: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: data.count + 10)
        buffer.writeInteger(0x80 | opcode)
        switch data.count {
        case ..<126: buffer.writeInteger(UInt8(data.count))
        case ..<65_536:
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(data.count))
        default:
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(UInt64(data.count))
        }
        buffer.writeBytes(data)
        return buffer
    }
}
