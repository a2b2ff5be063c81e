import CZlib
import NIOCore

/// The gzip format over zlib.
enum Gzip {
    /// Adds 16 to the window bits: zlib writes or expects a gzip header instead of its own.
    private static let gzipWindow: Int32 = 15 + 16
    private static let rawWindow: Int32 = -15

    static func compress(_ input: ByteBuffer) -> ByteBuffer {
        deflate(Array(input.readableBytesView), window: gzipWindow, flush: Z_FINISH)
    }

    /// One raw deflate block run that ends on a byte boundary and refers to nothing before it, so that it may be repeated.
    static func repeatableBlock(_ bytes: [UInt8]) -> ByteBuffer {
        deflate(bytes, window: rawWindow, flush: Z_FULL_FLUSH)
    }

    /// A raw deflate stream that is complete.
    static func finalBlock(_ bytes: [UInt8]) -> ByteBuffer {
        deflate(bytes, window: rawWindow, flush: Z_FINISH)
    }

    static func crc(_ bytes: [UInt8]) -> UInt {
        bytes.withUnsafeBufferPointer { UInt(crc32(0, $0.baseAddress, UInt32($0.count))) }
    }

    static func combine(_ first: UInt, _ second: UInt, secondLength: Int) -> UInt {
        UInt(crc32_combine(first, second, secondLength))
    }

    /// Undoes ``compress(_:)``; `nil` when the input is no complete gzip stream or is larger than `limit`.
    static func decompress(_ input: [UInt8], limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard freshet_inflate_init(&stream, gzipWindow) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = input
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let status: Int32 = input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            var status = Z_OK
            while status == Z_OK, output.count <= limit {
                status = chunk.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    let status = inflate(&stream, Z_NO_FLUSH)
                    output.append(contentsOf: target.prefix(target.count - Int(stream.avail_out)))
                    return status
                }
            }
            return status
        }
        return status == Z_STREAM_END && output.count <= limit ? output : nil
    }

    private static func deflate(_ input: [UInt8], window: Int32, flush: Int32) -> ByteBuffer {
        var stream = z_stream()
        // The only failures are a lack of memory and a version mismatch: neither can be mended here.
        precondition(freshet_deflate_init(&stream, 6, window) == Z_OK, "zlib could not be initialised")
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(input.count))) + 64
        var input = input
        var output = ByteBuffer()
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(target.count)
                _ = CZlib.deflate(&stream, flush)
                return target.count - Int(stream.avail_out)
            }
        }
        return output
    }
}
