/// The members of an object in document order; each step skips over a whole value and allocates nothing.
public struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    /// One member of an object.
    public struct Member: Sendable {
        /// The key, as a value of kind string: ``JSONValue/string`` is its content.
        public let key: JSONValue
        /// What stands after the colon.
        public let value: JSONValue
    }

    let tape: JSONTape
    var index: Int
    let end: Int

    /// The next member, or nil after the last.
    public mutating func next() -> Member? {
        guard index < end else { return nil }
        let key = index
        index = tape.next(after: key + 1)
        return Member(key: JSONValue(tape: tape, index: key), value: JSONValue(tape: tape, index: key + 1))
    }
}

/// The elements of an array in order; each step skips over a whole value and allocates nothing.
public struct JSONElements: Sequence, IteratorProtocol, Sendable {
    let tape: JSONTape
    var index: Int
    let end: Int

    /// The next element, or nil after the last.
    public mutating func next() -> JSONValue? {
        guard index < end else { return nil }
        let element = index
        index = tape.next(after: element)
        return JSONValue(tape: tape, index: element)
    }
}
