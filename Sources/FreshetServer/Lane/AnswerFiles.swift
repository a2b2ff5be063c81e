import FreshetCore
import FreshetEngine
import NIOCore

/// Whole answers, head and body, of the larger documents that one event loop answers again and again, as files.
///
/// A head stays the same for a second. Within that second a hot document leaves without being put together or copied.
/// What is bounded: the number of files, by the slots, and the size of each, by ``largest``.
struct AnswerFiles {
    /// One answer as a file, and the same bytes once more for a client that does not take them at once.
    struct Whole {
        var file: MemoryFile
        var head: ByteBuffer
        var body: ByteBuffer
        var count: Int { head.readableBytes + body.readableBytes }
    }

    private struct Slot {
        var served: ServedDocument?
        var variant: UInt8 = 0
        var second: Int64 = .min
        var reads = 0
        var whole: Whole?
    }

    /// Bodies from this size on are worth it: below, copying costs less than passing pages on.
    static let smallest = 12 << 10
    /// Bodies up to this size are kept.
    static let largest = 64 << 10
    /// The read within a second at which the file is made: it costs as much as is saved by about so many reads.
    static let worth = 6

    private var slots = [Slot](repeating: Slot(), count: 128)

    /// The answer as a file; `nil` when it is not worth having, or may change within the second.
    mutating func whole(_ answer: DocumentAnswer) -> Whole? {
        let size = answer.body.readableBytes
        guard size >= AnswerFiles.smallest, size <= AnswerFiles.largest else { return nil }
        // A stale answer names a reason that may change at any moment.
        guard answer.staleReason == nil else { return nil }
        let variant: UInt8 = (answer.isCompressed ? 1 : 0) | (answer.face == .proxy ? 2 : 0)
        let address = UInt(bitPattern: ObjectIdentifier(answer.served).hashValue)
        let index = Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 57)
        let second = answer.now.seconds
        guard slots[index].served === answer.served, slots[index].variant == variant, slots[index].second == second
        else {
            slots[index] = Slot(served: answer.served, variant: variant, second: second, reads: 1)
            return nil
        }
        slots[index].reads += 1
        guard slots[index].reads >= AnswerFiles.worth else { return nil }
        // Tried once a second at most, should the system have none to give.
        if slots[index].reads == AnswerFiles.worth { slots[index].whole = AnswerFiles.make(answer) }
        return slots[index].whole
    }

    private static func make(_ answer: DocumentAnswer) -> Whole? {
        var head = ByteBuffer()
        answer.writeHead(to: &head, isNotModified: false)
        let body = answer.body
        return MemoryFile([head, body]).map { Whole(file: $0, head: head, body: body) }
    }
}
