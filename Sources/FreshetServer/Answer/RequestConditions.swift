/// What a request says about the answer it wants, as far as documents heed it.
///
/// Fields are read from raw bytes without allocating: the fast lane does this for every request.
struct RequestConditions {
    /// Whether `gzip` is welcome.
    var acceptsGzip = false
    /// The greatest age in seconds the reader likes: `max-age=N`, or 0 for `no-cache`.
    var youngerThan: Int64?
    /// `no-transform`: the bytes must not be compressed.
    var forbidsTransform = false
    /// `only-if-cached`: answer from what is held or say 504.
    var onlyIfCached = false

    /// Reads `Accept-Encoding` (RFC 9110 section 12.5.3): gzip by name or `*`, with a weight above zero.
    static func acceptsGzip(_ value: UnsafeRawBufferPointer) -> Bool {
        var byName: Bool?
        var byStar: Bool?
        var items = FieldScanner(value, separator: UInt8(ascii: ","))
        while let item = items.next() {
            var parts = FieldScanner(item, separator: UInt8(ascii: ";"))
            guard let name = parts.next() else { continue }
            let isGzip = name.isWord("gzip") || name.isWord("x-gzip")
            guard isGzip || name.isWord("*") else { continue }
            var isWanted = true
            while let parameter = parts.next() { if isZeroWeight(parameter) { isWanted = false } }
            if isGzip { byName = isWanted } else { byStar = isWanted }
        }
        return byName ?? byStar ?? false
    }

    /// Reads the directives of a request's `Cache-Control`; unknown ones are ignored.
    mutating func readCacheControl(_ value: UnsafeRawBufferPointer) {
        var items = FieldScanner(value, separator: UInt8(ascii: ","))
        while let item = items.next() {
            var parts = FieldScanner(item, separator: UInt8(ascii: "="))
            guard let name = parts.next() else { continue }
            if name.isWord("no-cache") {
                youngerThan = 0
            } else if name.isWord("max-age") {
                guard let seconds = parts.next().flatMap(RequestConditions.number), parts.next() == nil else {
                    continue
                }
                youngerThan = min(youngerThan ?? .max, seconds)
            } else if name.isWord("no-transform") {
                forbidsTransform = true
            } else if name.isWord("only-if-cached") {
                onlyIfCached = true
            }
        }
    }

    /// Whether an `If-None-Match` list names a tag or is `*`; weak comparison (RFC 9110 section 13.1.2).
    static func matches(_ list: UnsafeRawBufferPointer, tag: UnsafeRawBufferPointer) -> Bool {
        var items = FieldScanner(list, separator: UInt8(ascii: ","))
        while let item = items.next() {
            if item.isWord("*") { return true }
            let isWeak = item.count > 2 && item[0] == UInt8(ascii: "W") && item[1] == UInt8(ascii: "/")
            let candidate = isWeak ? UnsafeRawBufferPointer(rebasing: item[2...]) : item
            if candidate.count == tag.count, candidate.elementsEqual(tag) { return true }
        }
        return false
    }

    private static func isZeroWeight(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count > 2, text[0] | 0x20 == UInt8(ascii: "q"), text[1] == UInt8(ascii: "=") else { return false }
        for index in 2..<text.count where text[index] != UInt8(ascii: "0") && text[index] != UInt8(ascii: ".") {
            return false
        }
        return true
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            let (scaled, overflows) = value.multipliedReportingOverflow(by: 10)
            value = overflows ? .max / 100 : scaled + Int64(byte - 48)
        }
        return bytes.isEmpty ? nil : value
    }
}

/// Gives the items of a list one after the other, without the blanks around them; empty ones are left out.
struct FieldScanner {
    private let bytes: UnsafeRawBufferPointer
    private let separator: UInt8
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer, separator: UInt8) { (self.bytes, self.separator) = (bytes, separator) }

    mutating func next() -> UnsafeRawBufferPointer? {
        while position < bytes.count {
            var start = position
            while position < bytes.count, bytes[position] != separator { position += 1 }
            var end = position
            position += 1
            while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
            while end > start, bytes[end - 1] == 32 || bytes[end - 1] == 9 { end -= 1 }
            if start < end { return UnsafeRawBufferPointer(rebasing: bytes[start..<end]) }
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are this lower-case ASCII word in any case.
    func isWord(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let letters = word.utf8Start
        for index in 0..<count {
            let byte = self[index]
            guard ((65...90).contains(byte) ? byte | 0x20 : byte) == letters[index] else { return false }
        }
        return true
    }
}

extension String {
    /// The bytes of the text, for parsers that read bytes.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = self
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
