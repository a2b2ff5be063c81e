import CZlib

/// Compresses the pages of a file: the gzip form, as Parquet's codec of that name wants it.
enum PageCompressor {
    /// The compressed bytes.
    ///
    /// - Throws: ``ExportError/compressor(_:)`` when zlib cannot work, such as without memory.
    static func gzip(_ bytes: [UInt8]) throws(ExportError) -> [UInt8] {
        var stream = z_stream()
        // 15 window bits, 16 more ask for the gzip form; level 4 is twice as fast as the default and nearly as small.
        let started = freshet_deflate_init(&stream, 4, 31)
        guard started == Z_OK else { throw .compressor(started) }
        defer { deflateEnd(&stream) }
        let room = Int(deflateBound(&stream, UInt(bytes.count)))
        var result = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            bytes.withUnsafeBufferPointer { input in
                // zlib reads from `next_in` only; its type lacks the `const`.
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = memory.baseAddress
                stream.avail_out = UInt32(room)
                result = deflate(&stream, Z_FINISH)
            }
            count = room - Int(stream.avail_out)
        }
        guard result == Z_STREAM_END else { throw .compressor(result) }
        return output
    }
}
