import CZlib
import FreshetEngine
import NIOCore

/// Compresses bodies once, for the clients that accept it.
enum Gzip {
    /// The largest body that is compressed on an event loop; larger ones are compressed off it.
    static let inlineLimit = 32 << 10

    /// The gzip form of the bytes, in a buffer without spare room; `nil` when it would not be smaller by a tenth.
    static func compress(_ body: ByteBuffer) -> [UInt8]? {
        let limit = body.readableBytes - body.readableBytes / 10
        guard limit > 0 else { return nil }
        var stream = z_stream()
        // 15 window bits, 16 more ask for the gzip form.
        guard freshet_deflate_init(&stream, 6, 31) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let output = [UInt8](unsafeUninitializedCapacity: limit) { memory, count in
            count = body.withUnsafeReadableBytes { input -> Int in
                // zlib reads from `next_in` only; its type lacks the `const`.
                stream.next_in = UnsafeMutablePointer(
                    mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
                stream.avail_in = UInt32(input.count)
                stream.next_out = memory.baseAddress
                stream.avail_out = UInt32(limit)
                let isComplete = deflate(&stream, Z_FINISH) == Z_STREAM_END
                return isComplete ? limit - Int(stream.avail_out) : 0
            }
        }
        return output.isEmpty ? nil : output
    }

    /// The gzip form, or the decision that there is none.
    static func form(of body: ByteBuffer) -> ServedDocument.Compressed {
        compress(body).map { .gzip(ServedDocument.exactBuffer($0)) } ?? .refused
    }

    /// The same off the caller's executor, for large bodies.
    @concurrent
    static func slowForm(of body: ByteBuffer) async -> ServedDocument.Compressed { form(of: body) }
}
