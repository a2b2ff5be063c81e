/// A value inside a ``JSONTape``: a reference of two words that is cheap to make, copy and pass on.
///
/// It keeps the whole tape alive. Nothing is converted before it is asked for, and everything can be asked for as the
/// exact bytes of the source.
public struct JSONValue: Sendable {
    /// What a value is.
    public enum Kind: String, Hashable, Sendable {
        /// Members, each a key and a value.
        case object
        /// Elements in order.
        case array
        /// Text.
        case string
        /// A number of any size and precision.
        case number
        /// `true` or `false`.
        case bool
        /// The literal `null`.
        case null
    }

    /// The document this value belongs to.
    public let tape: JSONTape
    let index: Int

    @inline(__always) init(tape: JSONTape, index: Int) {
        self.tape = tape
        self.index = index
    }

    @inline(__always) var word: TapeWord { tape.words[index] }

    /// What this value is.
    public var kind: Kind {
        switch word.kind {
        case .object: .object
        case .array: .array
        case .integer, .real: .number
        case .isTrue, .isFalse: .bool
        case .null: .null
        default: .string
        }
    }

    /// Whether this value is `null`.
    public var isNull: Bool { word.kind == .null }

    /// The value of `true` or `false`; nil for every other kind.
    public var bool: Bool? {
        switch word.kind {
        case .isTrue: true
        case .isFalse: false
        default: nil
        }
    }

    /// Members of an object (repeated keys counted each time) or elements of an array; 0 for every other kind.
    ///
    /// Costs nothing: the parser counted them.
    public var count: Int { word.kind.isContainer ? word.length : 0 }

    // MARK: Source

    /// Where the value stands in ``JSONTape/bytes``, the quotes of a string and the brackets of a container included.
    public var byteRange: Range<Int> {
        let word = word
        if word.kind.isContainer { return word.offset..<tape.words[index + 1].endInSource }
        if word.kind.isString { return word.offset - 1..<word.offset + word.length + 1 }
        return word.offset..<word.offset + word.length
    }

    /// The exact bytes of the value in the source, as a slice that shares the document's storage.
    public var rawBytes: ArraySlice<UInt8> { tape.bytes[byteRange] }

    /// The exact text of the value in the source.
    public var rawText: String { String(decoding: rawBytes, as: UTF8.self) }

    // MARK: Text

    /// The content of a string with its escapes resolved; nil for every other kind.
    public var string: String? {
        let word = word
        guard word.kind.isString else { return nil }
        if !word.kind.isEscaped {
            return String(decoding: tape.bytes[word.offset..<word.offset + word.length], as: UTF8.self)
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The UTF-8 content of a string, or the text of a number; empty for every other kind.
    var content: [UInt8] {
        let word = word
        guard word.kind.isString || word.kind.isNumber else { return [] }
        return tape.bytes.withUnsafeBufferPointer { bytes in
            let source = JSONText.source(of: word, in: bytes)
            guard word.kind.isEscaped else { return [UInt8](source) }
            var content: [UInt8] = []
            JSONText.unescape(source, into: &content)
            return content
        }
    }

    /// Whether this is a string whose content has exactly the UTF-8 bytes of `text`; allocates nothing unless it
    /// holds escapes.
    ///
    /// Swift's `==` on strings holds "é" and "e" with a combining accent to be equal; this does not.
    public func isString(_ text: String) -> Bool {
        let word = word
        guard word.kind.isString else { return false }
        var text = text
        return text.withUTF8 { name in
            tape.bytes.withUnsafeBufferPointer { JSONText.content(of: word, in: $0, equals: name) }
        }
    }

    // MARK: Inside containers

    /// The value of an object's last member with this key; nil when there is none or this is no object.
    ///
    /// Takes time in proportion to the members before the end of the object, whatever they contain.
    public subscript(key: String) -> JSONValue? {
        guard word.kind == .object else { return nil }
        var key = key
        return key.withUTF8 { tape.member(of: index, named: $0) }.map { JSONValue(tape: tape, index: $0) }
    }

    /// The element of an array at a position, -1 being the last; nil when there is none or this is no array.
    ///
    /// Takes time in proportion to the position; iterate over ``elements`` to see them all.
    public subscript(position: Int) -> JSONValue? {
        guard word.kind == .array else { return nil }
        return tape.element(of: index, at: position).map { JSONValue(tape: tape, index: $0) }
    }

    /// The members of an object in document order, repeated keys included; none for every other kind.
    public var members: JSONMembers {
        guard word.kind == .object else { return JSONMembers(tape: tape, index: 0, end: 0) }
        return JSONMembers(tape: tape, index: index + 2, end: tape.words[index + 1].endOnTape)
    }

    /// The elements of an array in order; none for every other kind.
    public var elements: JSONElements {
        guard word.kind == .array else { return JSONElements(tape: tape, index: 0, end: 0) }
        return JSONElements(tape: tape, index: index + 2, end: tape.words[index + 1].endOnTape)
    }
}

extension JSONValue: CustomStringConvertible {
    /// The exact text of the value in the source.
    public var description: String { rawText }
}
