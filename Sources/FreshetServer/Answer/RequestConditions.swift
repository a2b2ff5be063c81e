/// What a request says about the answer it wants, as far as documents heed it.
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
    static func acceptsGzip(_ value: some Collection<UInt8>) -> Bool {
        var byName: Bool?
        var byStar: Bool?
        for item in value.split(separator: UInt8(ascii: ",")) {
            let parts = item.split(separator: UInt8(ascii: ";"))
            guard let name = parts.first.map(trim) else { continue }
            let isWanted = !parts.dropFirst().contains { isZeroWeight(trim($0)) }
            if equals(name, "gzip") || equals(name, "x-gzip") {
                byName = isWanted
            } else if equals(name, "*") {
                byStar = isWanted
            }
        }
        return byName ?? byStar ?? false
    }

    /// Reads the directives of a request's `Cache-Control`; unknown ones are ignored.
    mutating func readCacheControl(_ value: some Collection<UInt8>) {
        for item in value.split(separator: UInt8(ascii: ",")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard let name = parts.first.map(trim) else { continue }
            if equals(name, "no-cache") {
                youngerThan = 0
            } else if equals(name, "max-age"), parts.count == 2, let seconds = number(trim(parts[1])) {
                youngerThan = min(youngerThan ?? .max, seconds)
            } else if equals(name, "no-transform") {
                forbidsTransform = true
            } else if equals(name, "only-if-cached") {
                onlyIfCached = true
            }
        }
    }

    /// Whether an `If-None-Match` list names a tag or is `*`; weak comparison (RFC 9110 section 13.1.2).
    static func matches(_ list: some Collection<UInt8>, tag: some Collection<UInt8>) -> Bool {
        for item in list.split(separator: UInt8(ascii: ",")) {
            var candidate = trim(item)
            if equals(candidate, "*") { return true }
            if candidate.starts(with: [UInt8(ascii: "W"), UInt8(ascii: "/")]) { candidate = candidate.dropFirst(2) }
            if candidate.elementsEqual(tag) { return true }
        }
        return false
    }

    private static func isZeroWeight(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, first | 0x20 == UInt8(ascii: "q"),
            text.dropFirst().first == UInt8(ascii: "=")
        else { return false }
        let weight = text.dropFirst(2)
        return !weight.isEmpty && weight.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
    }
}

private func trim<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
    var view = bytes[...]
    while let first = view.first, first == 32 || first == 9 { view = view.dropFirst() }
    var count = view.count
    while count > 0 {
        let last = view[view.index(view.startIndex, offsetBy: count - 1)]
        guard last == 32 || last == 9 else { break }
        count -= 1
    }
    return view.prefix(count)
}

private func equals(_ bytes: some Collection<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    var index = 0
    for byte in bytes {
        let lower = (65...90).contains(byte) ? byte | 0x20 : byte
        guard lower == text.utf8Start[index] else { return false }
        index += 1
    }
    return true
}

private func number(_ bytes: some Collection<UInt8>) -> Int64? {
    guard !bytes.isEmpty, bytes.count <= 18 else { return bytes.isEmpty ? nil : .max }
    var value: Int64 = 0
    for byte in bytes {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 48)
    }
    return value
}
