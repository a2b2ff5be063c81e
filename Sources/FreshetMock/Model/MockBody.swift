public import NIOCore
import Synchronization

/// The bytes of an answer, with what is derived from them (ETag, gzip) computed once and kept.
///
/// Share one instance between answers: a handler that keeps its bodies pays for hashing and compression only once.
public final class MockBody: Sendable {
    private struct Derived {
        var etag: String?
        var gzip: ByteBuffer?
    }

    /// The bytes.
    public let bytes: ByteBuffer
    private let derived = Mutex(Derived())

    /// Wraps bytes.
    public init(_ bytes: ByteBuffer) { self.bytes = bytes }

    /// Copies bytes.
    public convenience init(_ bytes: some Sequence<UInt8>) { self.init(ByteBuffer(bytes: bytes)) }

    /// Encodes text as UTF-8.
    public convenience init(_ text: String) { self.init(ByteBuffer(string: text)) }

    /// No bytes at all.
    public static let empty = MockBody(ByteBuffer())

    /// How many bytes there are.
    public var count: Int { bytes.readableBytes }

    /// A strong entity tag: equal bytes give an equal tag, in every run.
    public var etag: String {
        derived.withLock { derived in
            if let etag = derived.etag { return etag }
            let etag = bytes.withUnsafeReadableBytes { raw in
                "\"\(Mixer.hex(Mixer.hash(raw, seed: 1)))\(Mixer.hex(Mixer.hash(raw, seed: 2)).prefix(8))\""
            }
            derived.etag = etag
            return etag
        }
    }

    /// The bytes compressed with gzip.
    var gzip: ByteBuffer {
        derived.withLock { derived in
            if let gzip = derived.gzip { return gzip }
            let gzip = Gzip.compress(bytes)
            derived.gzip = gzip
            return gzip
        }
    }
}
