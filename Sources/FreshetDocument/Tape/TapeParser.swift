/// The machine that turns source bytes into tape words.
///
/// The read position lives in a local variable and is passed from scan to scan: kept in the struct it would go
/// through memory at every token. While a container is open its second word links to the container around it, so no
/// stack is needed.
struct TapeParser: ~Copyable {
    private let scan: JSONScanner
    private let limits: JSONLimits
    private var words: UnsafeMutablePointer<TapeWord>
    private var capacity: Int
    private var used = 0

    private init(scan: JSONScanner, limits: JSONLimits) {
        self.scan = scan
        self.limits = limits
        // Real documents need a word for every 6 to 16 bytes; a wrong guess costs a copy, not correctness.
        capacity = scan.end / 8 + 16
        words = .allocate(capacity: capacity)
    }

    deinit { words.deallocate() }

    /// Parses one document.
    static func parse(
        _ source: UnsafeBufferPointer<UInt8>, limits: JSONLimits
    ) throws(JSONError) -> ContiguousArray<TapeWord> {
        guard source.count <= limits.maxBytes else { throw .tooLarge(offset: limits.maxBytes, limit: limits.maxBytes) }
        guard let base = source.baseAddress, source.count > 0 else { throw .empty }
        var parser = TapeParser(scan: JSONScanner(base: base, end: source.count), limits: limits)
        try parser.run()
        return parser.tape()
    }

    /// The words so far, in an array of their own size.
    private borrowing func tape() -> ContiguousArray<TapeWord> {
        ContiguousArray(UnsafeBufferPointer(start: words, count: used))
    }

    /// The innermost open container.
    private struct Open {
        var index = 0
        var isObject = false
        /// Members completed so far.
        var count = 0
        var depth = 0
    }

    private mutating func run() throws(JSONError) {
        var at = try start()
        var open = Open()
        var nodes = 0
        while true {
            if used &+ 4 > capacity { grow() }
            nodes &+= 1
            guard nodes <= limits.maxNodes else { throw .tooManyNodes(offset: at, limit: limits.maxNodes) }
            guard at < scan.end else { throw .unexpectedEnd(offset: at) }
            let byte = scan.base[at]
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                at = try push(&open, at: at, isObject: byte == UInt8(ascii: "{"))
                guard at < scan.end else { throw .unexpectedEnd(offset: at) }
                if scan.base[at] != (open.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if open.isObject { at = try key(at, orElse: .keyOrObjectEnd) }
                    continue
                }
            } else {
                at = try scalar(byte, at: at)
                open.count &+= 1
            }
            // A value is complete: close containers until one goes on with a comma.
            while true {
                guard open.depth > 0 else { return try finish(at) }
                at = scan.space(at)
                guard at < scan.end else { throw .unexpectedEnd(offset: at) }
                let byte = scan.base[at]
                if byte == UInt8(ascii: ",") {
                    at = scan.space(at &+ 1)
                    if open.isObject { at = try key(at, orElse: .key) }
                    break
                }
                guard byte == (open.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    let expected: JSONError.Expectation = open.isObject ? .commaOrObjectEnd : .commaOrArrayEnd
                    throw .unexpectedByte(offset: at, byte: byte, expected: expected)
                }
                at &+= 1
                pop(&open, end: at)
            }
        }
    }

    private func start() throws(JSONError) -> Int {
        if scan.end >= 3, scan.base[0] == 0xEF, scan.base[1] == 0xBB, scan.base[2] == 0xBF { throw .byteOrderMark }
        let at = scan.space(0)
        guard at < scan.end else { throw .empty }
        return at
    }

    private func finish(_ at: Int) throws(JSONError) {
        let rest = scan.space(at)
        guard rest == scan.end else { throw .trailingContent(offset: rest) }
    }

    @inline(__always)
    private mutating func push(_ open: inout Open, at: Int, isObject: Bool) throws(JSONError) -> Int {
        guard open.depth < limits.maxDepth else { throw .tooDeep(offset: at, limit: limits.maxDepth) }
        // The count so far waits in the outer container's first word, the way back in the new one's second.
        if open.depth > 0 {
            let outer = words[open.index]
            words[open.index] = TapeWord(outer.kind, offset: outer.offset, length: open.count)
        }
        words[used] = TapeWord(isObject ? .object : .array, offset: at, length: 0)
        words[used &+ 1] = .end(tape: open.index, byte: 0)
        open = Open(index: used, isObject: isObject, count: 0, depth: open.depth &+ 1)
        used &+= 2
        return scan.space(at &+ 1)
    }

    @inline(__always)
    private mutating func pop(_ open: inout Open, end: Int) {
        let head = words[open.index]
        let outer = words[open.index &+ 1].endOnTape
        words[open.index] = TapeWord(head.kind, offset: head.offset, length: open.count)
        words[open.index &+ 1] = .end(tape: used, byte: end)
        open.depth &-= 1
        open.index = outer
        guard open.depth > 0 else { return }
        open.isObject = words[outer].kind == .object
        open.count = words[outer].length &+ 1
    }

    /// Reads a key and its colon; `at` is where the key must start, the result where its value does.
    @inline(__always)
    private mutating func key(_ at: Int, orElse expected: JSONError.Expectation) throws(JSONError) -> Int {
        guard at < scan.end else { throw .unexpectedEnd(offset: at) }
        guard scan.base[at] == UInt8(ascii: "\"") else {
            throw .unexpectedByte(offset: at, byte: scan.base[at], expected: expected)
        }
        let text = try scan.string(at &+ 1)
        append(try scalarWord(text.escaped ? .escapedKey : .plainKey, from: at &+ 1, to: text.end))
        let colon = scan.space(text.end &+ 1)
        guard colon < scan.end else { throw .unexpectedEnd(offset: colon) }
        guard scan.base[colon] == UInt8(ascii: ":") else {
            throw .unexpectedByte(offset: colon, byte: scan.base[colon], expected: .colon)
        }
        return scan.space(colon &+ 1)
    }

    @inline(__always)
    private mutating func scalar(_ byte: UInt8, at: Int) throws(JSONError) -> Int {
        switch byte {
        case UInt8(ascii: "\""):
            let text = try scan.string(at &+ 1)
            append(try scalarWord(text.escaped ? .escapedString : .plainString, from: at &+ 1, to: text.end))
            return text.end &+ 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            let number = try scan.number(at)
            append(try scalarWord(number.isReal ? .real : .integer, from: at, to: number.end))
            return number.end
        case UInt8(ascii: "t"): return try literal("true", .isTrue, at: at)
        case UInt8(ascii: "f"): return try literal("false", .isFalse, at: at)
        case UInt8(ascii: "n"): return try literal("null", .null, at: at)
        default: throw .unexpectedByte(offset: at, byte: byte, expected: .value)
        }
    }

    @inline(__always)
    private mutating func literal(_ text: StaticString, _ kind: TapeWord.Kind, at: Int) throws(JSONError) -> Int {
        let length = text.utf8CodeUnitCount
        for step in 1..<length {
            guard at &+ step < scan.end else { throw .unexpectedEnd(offset: at &+ step) }
            let byte = scan.base[at &+ step]
            guard byte == text.utf8Start[step] else {
                throw .unexpectedByte(offset: at &+ step, byte: byte, expected: .literal)
            }
        }
        append(TapeWord(kind, offset: at, length: length))
        return at &+ length
    }

    @inline(__always)
    private func scalarWord(_ kind: TapeWord.Kind, from start: Int, to end: Int) throws(JSONError) -> TapeWord {
        guard end &- start <= JSONLimits.scalarBytes else {
            throw .tooLarge(offset: start, limit: JSONLimits.scalarBytes)
        }
        return TapeWord(kind, offset: start, length: end &- start)
    }

    /// Room for it was made at the top of the loop: one round writes at most a container and a key, or a scalar and a
    /// key.
    @inline(__always)
    private mutating func append(_ word: TapeWord) {
        words[used] = word
        used &+= 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<TapeWord>.allocate(capacity: capacity * 2)
        larger.update(from: words, count: used)
        words.deallocate()
        words = larger
        capacity *= 2
    }
}
