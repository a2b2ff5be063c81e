import CZlib

/// Undoes gzip, zlib or raw deflate, a chunk at a time, into bounded memory.
///
/// It is a class because zlib keeps the address of its stream; it is used by one task only.
final class Inflater {
    enum Fault: Error { case corrupt }

    private static let chunk = 64 << 10
    /// Adding 32 to the window bits lets zlib tell gzip from zlib by the header; negative bits mean no header at all.
    private static let detectWindow: Int32 = 15 + 32
    private static let rawWindow: Int32 = -15

    // zlib stores this address in its state, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var scratch = [UInt8](repeating: 0, count: Inflater.chunk)
    private var isReady = false
    private var sawInput = false
    /// Whether the end of a stream was reached with nothing after it so far.
    private(set) var isComplete = false
    private let allowsRaw: Bool

    /// - Parameter allowsRaw: Whether a stream without any header is accepted, as some servers mean by `deflate`.
    init(allowsRaw: Bool) {
        self.allowsRaw = allowsRaw
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Inflates the next piece of input and hands on the output in chunks of at most 64 KiB.
    ///
    /// Several gzip members one after another are one body (RFC 1952 section 2.2); anything else after the end is a
    /// fault.
    ///
    /// - Throws: ``Fault`` for bytes that are not such a stream, and what `output` throws; the inflater is unusable
    /// then.
    func inflate(_ input: UnsafeRawBufferPointer, output: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        guard let base = input.baseAddress, !input.isEmpty else { return }
        if !isReady { try begin(firstByte: input[0]) }
        // zlib never writes to its input; the header lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        sawInput = true
        repeat {
            if isComplete {
                guard stream.pointee.avail_in > 0 else { return }
                guard inflateReset(stream) == Z_OK else { throw Fault.corrupt }
                isComplete = false
            }
            let status = try step(output)
            switch status {
            case Z_STREAM_END: isComplete = true
            case Z_OK: break
            case Z_BUF_ERROR: return  // no input left and nothing to write: the next piece goes on from here
            default: throw Fault.corrupt
            }
        } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
    }

    private func step(_ output: (UnsafeBufferPointer<UInt8>) throws -> Void) throws -> Int32 {
        try scratch.withUnsafeMutableBufferPointer { buffer in
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = UInt32(buffer.count)
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            let written = buffer.count - Int(stream.pointee.avail_out)
            if written > 0 { try output(UnsafeBufferPointer(rebasing: buffer[..<written])) }
            return status
        }
    }

    private func begin(firstByte: UInt8) throws {
        // A zlib header starts with compression method 8 in its low bits, a gzip header with 0x1F.
        let hasHeader = firstByte == 0x1F || firstByte & 0x0F == 8
        let window = hasHeader || !allowsRaw ? Inflater.detectWindow : Inflater.rawWindow
        guard freshet_inflate_init(stream, window) == Z_OK else { throw Fault.corrupt }
        isReady = true
    }

    /// Whether the input may end here: a complete stream, or no byte at all.
    var mayEnd: Bool { isComplete || !sawInput }
}
