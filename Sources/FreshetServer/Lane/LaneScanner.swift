#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads the head of one request from raw bytes, strictly: whatever it does not fully understand goes to NIO's decoder.
///
/// Pure: it looks at bytes and says what they are.
struct LaneScanner {
    /// A run of bytes in the scanned memory.
    typealias Span = Range<Int>

    /// What the bytes begin with.
    enum Verdict {
        /// The head is not complete yet.
        case incomplete
        /// A complete `GET` that the lane may answer, if it knows the target.
        case read(Head)
        /// A complete, well framed request that only the router understands: its head and body are so many bytes.
        case framed(length: Int)
        /// Where this request ends cannot be said here.
        case opaque
    }

    /// A complete head.
    struct Head {
        var target: Span
        var length: Int
        var ifNoneMatch: Span?
        var acceptEncoding: Span?
        var cacheControl: Span?
        var authorization: Span?
    }

    /// Heads longer than this are not for the lane.
    static let longestHead = 16 << 10
    /// Bodies longer than this are not followed.
    static let longestBody = 128 << 10

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var head = Head(target: 0..<0, length: 0)
    private var hosts = 0
    private var bodyLength = 0
    private var hasLength = false
    private var isForRouter = false

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Looks at bytes that begin where a request begins.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        var scanner = LaneScanner(bytes)
        return scanner.scan()
    }

    private enum Step { case next, done, incomplete, opaque }

    private mutating func scan() -> Verdict {
        switch requestLine() {
        case .next: break
        case .incomplete: return tooShort
        case .opaque, .done: return .opaque
        }
        for _ in 0..<100 {
            switch field() {
            case .next: continue
            case .incomplete: return tooShort
            case .opaque: return .opaque
            case .done:
                head.length = position
                // A request without a host, or with two, is wrong (RFC 9112 section 3.2): the router says so.
                if isForRouter || hosts != 1 || hasLength { return .framed(length: position + bodyLength) }
                return .read(head)
            }
        }
        return .opaque
    }

    private var tooShort: Verdict { bytes.count > LaneScanner.longestHead ? .opaque : .incomplete }

    private mutating func requestLine() -> Step {
        if bytes.count >= 5, bytes.loadUnaligned(as: UInt32.self) == LaneScanner.get {
            position = 4
        } else {
            switch otherMethod() {
            case .next: isForRouter = true
            case let step: return step
            }
        }
        let start = position
        while position < bytes.count, (0x21...0x7E).contains(bytes[position]) { position += 1 }
        guard position < bytes.count else { return .incomplete }
        guard bytes[position] == 32, position > start, bytes[start] == UInt8(ascii: "/") else { return .opaque }
        head.target = start..<position
        position += 1
        guard position + 10 <= bytes.count else { return .incomplete }
        guard matches("HTTP/1.1\r\n", at: position) else { return .opaque }
        position += 10
        return .next
    }

    private mutating func otherMethod() -> Step {
        while position < bytes.count, position < 10, (65...90).contains(bytes[position]) { position += 1 }
        guard position < bytes.count else { return .incomplete }
        guard bytes[position] == 32, position > 0 else { return .opaque }
        // A CONNECT changes what the bytes after it mean; PRI belongs to HTTP/2.
        guard !matches("CONNECT", at: 0), !matches("PRI", at: 0) else { return .opaque }
        position += 1
        return .next
    }

    private mutating func field() -> Step {
        guard position + 2 <= bytes.count else { return .incomplete }
        if bytes[position] == 13 {
            guard bytes[position + 1] == 10 else { return .opaque }
            position += 2
            return .done
        }
        let nameStart = position
        while position < bytes.count, LaneScanner.isToken(bytes[position]) { position += 1 }
        guard position < bytes.count else { return .incomplete }
        guard bytes[position] == UInt8(ascii: ":"), position > nameStart else { return .opaque }
        let name = nameStart..<position
        position += 1
        while position < bytes.count, bytes[position] == 32 || bytes[position] == 9 { position += 1 }
        let valueStart = position
        skipText()
        guard position + 1 < bytes.count else {
            return position < bytes.count && bytes[position] != 13 ? .opaque : .incomplete
        }
        guard bytes[position] == 13, bytes[position + 1] == 10 else { return .opaque }
        var valueEnd = position
        while valueEnd > valueStart, bytes[valueEnd - 1] == 32 || bytes[valueEnd - 1] == 9 { valueEnd -= 1 }
        position += 2
        // A line that begins with a blank would continue this one.
        if position < bytes.count, bytes[position] == 32 || bytes[position] == 9 { return .opaque }
        return note(name, valueStart..<valueEnd)
    }

    /// Goes to the next byte that is not field text: eight at a time while they are plain.
    private mutating func skipText() {
        while position + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let isDelete = (delete &- 0x0101_0101_0101_0101) & ~delete
            if (below | isDelete) & 0x8080_8080_8080_8080 != 0 { break }
            position += 8
        }
        while position < bytes.count, bytes[position] >= 32 || bytes[position] == 9, bytes[position] != 127 {
            position += 1
        }
    }

    /// Heeds the fields that change an answer or the framing; names are told apart by length and first letter before
    /// they are compared.
    private mutating func note(_ name: Span, _ value: Span) -> Step {
        let first = bytes[name.lowerBound] | 0x20
        switch (name.count, first) {
        case (2, UInt8(ascii: "t")): if isName(name, "te") { isForRouter = true }
        case (4, UInt8(ascii: "h")): if isName(name, "host") { hosts += 1 }
        case (5, UInt8(ascii: "r")): if isName(name, "range") { isForRouter = true }
        case (6, UInt8(ascii: "e")): if isName(name, "expect") { return .opaque }
        case (6, UInt8(ascii: "p")): if isName(name, "prefer") { isForRouter = true }
        case (7, UInt8(ascii: "u")): if isName(name, "upgrade") { return .opaque }
        case (8, UInt8(ascii: "i")): if isName(name, "if-match") || isName(name, "if-range") { isForRouter = true }
        case (10, UInt8(ascii: "c")):
            if isName(name, "connection"), !isName(value, "keep-alive") { return .opaque }
        case (13, UInt8(ascii: "i")):
            if isName(name, "if-none-match") { isForRouter = Self.repeats(&head.ifNoneMatch, value) || isForRouter }
        case (13, UInt8(ascii: "c")):
            if isName(name, "cache-control") { isForRouter = Self.repeats(&head.cacheControl, value) || isForRouter }
        case (13, UInt8(ascii: "a")):
            if isName(name, "authorization") { isForRouter = Self.repeats(&head.authorization, value) || isForRouter }
        case (14, UInt8(ascii: "c")): if isName(name, "content-length") { return noteLength(value) }
        case (15, UInt8(ascii: "a")):
            if isName(name, "accept-encoding") {
                isForRouter = Self.repeats(&head.acceptEncoding, value) || isForRouter
            }
        case (16, UInt8(ascii: "p")): if isName(name, "proxy-connection") { return .opaque }
        case (17, UInt8(ascii: "t")): if isName(name, "transfer-encoding") { return .opaque }
        case (17, UInt8(ascii: "i")): if isName(name, "if-modified-since") { isForRouter = true }
        case (19, UInt8(ascii: "i")): if isName(name, "if-unmodified-since") { isForRouter = true }
        default: break
        }
        return .next
    }

    /// Keeps a field's place; says whether the field was there before.
    private static func repeats(_ field: inout Span?, _ value: Span) -> Bool {
        defer { field = value }
        return field != nil
    }

    private mutating func noteLength(_ value: Span) -> Step {
        guard !hasLength, !value.isEmpty, value.count <= 8 else { return .opaque }
        for index in value {
            guard (48...57).contains(bytes[index]) else { return .opaque }
            bodyLength = bodyLength * 10 + Int(bytes[index] - 48)
        }
        hasLength = true
        return bodyLength <= LaneScanner.longestBody ? .next : .opaque
    }

    private func matches(_ text: StaticString, at offset: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset + length <= bytes.count, let base = bytes.baseAddress else { return false }
        return memcmp(base + offset, text.utf8Start, length) == 0
    }

    private func isName(_ span: Span, _ text: StaticString) -> Bool {
        UnsafeRawBufferPointer(rebasing: bytes[span]).isWord(text)
    }

    private static let get = UInt32(littleEndian: 0x2054_4547)

    /// RFC 9110 section 5.6.2, as two words of bits.
    private static func isToken(_ byte: UInt8) -> Bool {
        let bits: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : byte < 128 ? 0x57FF_FFFF_C7FF_FFFE : 0
        return bits >> UInt64(byte & 63) & 1 == 1
    }
}
