/// A parsed JSON document: its source bytes and a flat index of the values in them.
///
/// Parsing is strict RFC 8259 (no trailing commas, comments, byte order mark, leading zeros, lone surrogates,
/// trailing text, or bytes that are not UTF-8), iterative, and one pass. Nothing is converted: numbers keep their
/// exact text and strings are unescaped only when asked for. A tape never changes after `init`, so any number of
/// tasks may read it at once.
///
/// **Duplicate keys** are accepted and kept: iteration shows all of them, while every look-up by key, and
/// ``Fingerprint`` and
/// ``DocumentDiff``, take the **last**, as most JSON readers do.
///
/// ```swift
/// let tape = try JSONTape(Array(#"{"tag":"#2PP","level":12}"#.utf8))
/// let level = tape.root["level"]?.int64  // 12
/// ```
public final class JSONTape: Sendable {
    /// The document exactly as it was given.
    public let bytes: [UInt8]
    let words: ContiguousArray<TapeWord>

    /// Parses a document and keeps its bytes; the array is shared, not copied.
    /// - Parameters:
    ///   - bytes: One JSON document, with white space around it or not.
    ///   - limits: What is refused for its size.
    /// - Throws: The first fault in the document, with its byte offset.
    public init(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        words = try bytes.withUnsafeBufferPointer { (source) throws(JSONError) in
            try TapeParser.parse(source, limits: limits)
        }
        self.bytes = bytes
    }

    /// Parses a copy of the document in a raw buffer.
    /// - Parameters:
    ///   - buffer: One JSON document.
    ///   - limits: What is refused for its size.
    /// - Throws: The first fault in the document, with its byte offset.
    public convenience init(copying buffer: UnsafeRawBufferPointer, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init([UInt8](buffer), limits: limits)
    }

    /// Parses a copy of the document in a span.
    /// - Parameters:
    ///   - span: One JSON document.
    ///   - limits: What is refused for its size.
    /// - Throws: The first fault in the document, with its byte offset.
    public convenience init(copying span: Span<UInt8>, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init(span.withUnsafeBufferPointer { [UInt8]($0) }, limits: limits)
    }

    /// Parses the UTF-8 form of a text.
    /// - Parameters:
    ///   - text: One JSON document.
    ///   - limits: What is refused for its size.
    /// - Throws: The first fault in the document, with its byte offset.
    public convenience init(text: String, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init([UInt8](text.utf8), limits: limits)
    }

    /// The value that the document is.
    public var root: JSONValue { JSONValue(tape: self, index: 0) }

    /// The index of the first word after the value at `index`.
    @inline(__always) func next(after index: Int) -> Int {
        words[index].kind.isContainer ? words[index + 1].endOnTape : index + 1
    }

    /// The value of the last member of the object at `object` whose key has these UTF-8 bytes.
    func member(of object: Int, named name: UnsafeBufferPointer<UInt8>) -> Int? {
        let end = words[object + 1].endOnTape
        return bytes.withUnsafeBufferPointer { source in
            var found: Int?
            var index = object + 2
            while index < end {
                if JSONText.content(of: words[index], in: source, equals: name) { found = index + 1 }
                index = next(after: index + 1)
            }
            return found
        }
    }

    /// The element of the array at `array` at a position; negative positions count from the end, -1 being the last.
    func element(of array: Int, at position: Int) -> Int? {
        let count = words[array].length
        let wanted = position < 0 ? count + position : position
        guard wanted >= 0, wanted < count else { return nil }
        var index = array + 2
        for _ in 0..<wanted { index = next(after: index) }
        return index
    }
}
