import FreshetCore
import FreshetEngine
import NIOCore

/// Whole answers, head and body in one piece, of the larger documents that one event loop answers again and again.
///
/// A head stays the same for a second. Within that second a hot document leaves as one buffer that is neither put
/// together nor copied; a document that comes only once is never kept. The memory is bounded by the number of slots
/// and ``largest``.
struct WholeCache {
    private struct Slot {
        var served: ServedDocument?
        var variant: UInt8 = 0
        var second: Int64 = .min
        var buffer: ByteBuffer?
    }

    /// Bodies from this size on are worth it.
    static let smallest = 4 << 10
    /// Bodies up to this size are kept.
    static let largest = 32 << 10

    private var slots = [Slot](repeating: Slot(), count: 128)

    /// The whole answer; `nil` when it is not worth keeping, or may change within the second.
    mutating func whole(_ answer: DocumentAnswer) -> ByteBuffer? {
        let size = answer.body.readableBytes
        // A stale answer names a reason that may change at any moment.
        guard size >= WholeCache.smallest, size <= WholeCache.largest, answer.staleReason == nil else { return nil }
        let variant: UInt8 = (answer.isCompressed ? 1 : 0) | (answer.face == .proxy ? 2 : 0)
        let address = UInt(bitPattern: ObjectIdentifier(answer.served).hashValue)
        let index = Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 57)
        let second = answer.now.seconds
        guard slots[index].served === answer.served, slots[index].variant == variant else {
            slots[index] = Slot(served: answer.served, variant: variant)
            return nil
        }
        if slots[index].second == second, let buffer = slots[index].buffer { return buffer }
        var buffer = ByteBufferAllocator().buffer(capacity: size + 1024)
        answer.writeHead(to: &buffer, isNotModified: false)
        buffer.writeImmutableBuffer(answer.body)
        slots[index].second = second
        slots[index].buffer = buffer
        return buffer
    }
}
