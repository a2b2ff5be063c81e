/// Builds a JSON document by appending to bytes, with commas, escapes and (when pretty) indentation put in.
///
/// Calls follow the document from left to right; in an object each value is preceded by ``key(_:)``. Calls that do
/// not make a document (a value without its key, an end that closes nothing) stop a debug build; a release build
/// writes what it was told.
///
/// ```swift
/// var json = JSONWriter()
/// json.beginObject()
/// json.field("tag", "#2PP")
/// json.key("levels"); json.beginArray(); json.int(1); json.int(2); json.endArray()
/// json.endObject()
/// json.text  // {"tag":"#2PP","levels":[1,2]}
/// ```
public struct JSONWriter: Sendable {
    /// How the document is laid out.
    public enum Style: Hashable, Sendable {
        /// No white space at all.
        case compact
        /// One member or element per line, indented by two blanks per level, `": "` after keys; empty containers on
        /// one line.
        case pretty
    }

    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []
    private let isPretty: Bool
    private var closers: [UInt8] = []
    /// Whether something stands before the next value in its container.
    private var needsComma = false
    private var followsKey = false

    /// Starts an empty document.
    /// - Parameters:
    ///   - style: How it is laid out.
    ///   - capacity: Bytes to reserve.
    public init(style: Style = .compact, reserving capacity: Int = 256) {
        isPretty = style == .pretty
        bytes.reserveCapacity(capacity)
    }

    /// What has been written so far, as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Containers

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{"), UInt8(ascii: "}")) }

    /// Closes the object opened last.
    public mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "["), UInt8(ascii: "]")) }

    /// Closes the array opened last.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes the key of the value that comes next.
    public mutating func key(_ name: String) {
        assert(closers.last == UInt8(ascii: "}") && !followsKey, "a key belongs into an object, before its value")
        separate()
        quote(name)
        afterKey()
    }

    // MARK: Values

    /// Writes a string.
    public mutating func string(_ text: String) {
        beforeValue()
        quote(text)
    }

    /// Writes a signed integer of at most 64 bits.
    public mutating func int(_ value: some SignedInteger) {
        beforeValue()
        digits(UInt64(value.magnitude), isNegative: value < 0)
    }

    /// Writes an unsigned integer of at most 64 bits.
    public mutating func uint(_ value: some UnsignedInteger) {
        beforeValue()
        digits(UInt64(value), isNegative: false)
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) {
        beforeValue()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        beforeValue()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes the shortest text that reads back as this number; JSON has no infinities and no NaN, which become `null`.
    public mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        beforeValue()
        bytes.append(contentsOf: value.description.utf8)
    }

    /// Writes bytes that are a JSON value already, as they are.
    public mutating func raw(_ value: some Collection<UInt8>) {
        beforeValue()
        bytes.append(contentsOf: value)
    }

    /// Writes a value of a document: its exact source bytes when compact, laid out anew (scalars exact) when pretty.
    public mutating func value(_ value: JSONValue) {
        guard isPretty, value.word.kind.isContainer else { return raw(value.rawBytes) }
        var ends: [Int] = []
        var index = value.index
        repeat {
            let inner = JSONValue(tape: value.tape, index: index)
            let kind = inner.word.kind
            if kind.isContainer {
                if kind == .object { beginObject() } else { beginArray() }
                ends.append(value.tape.words[index + 1].endOnTape)
                index += 2
            } else {
                if kind.isKey {
                    separate()
                    bytes.append(contentsOf: inner.rawBytes)
                    afterKey()
                } else {
                    raw(inner.rawBytes)
                }
                index += 1
            }
            while ends.last == index {
                ends.removeLast()
                if closers.last == UInt8(ascii: "}") { endObject() } else { endArray() }
            }
        } while !ends.isEmpty
    }

    // MARK: Layout

    private mutating func open(_ opener: UInt8, _ closer: UInt8) {
        beforeValue()
        bytes.append(opener)
        closers.append(closer)
        needsComma = false
    }

    private mutating func close(_ closer: UInt8) {
        assert(closers.last == closer && !followsKey, "an end must close the container that was opened last")
        closers.removeLast()
        if isPretty, needsComma { newLine() }
        bytes.append(closer)
        needsComma = true
    }

    private mutating func beforeValue() {
        if followsKey {
            followsKey = false
        } else {
            assert(closers.last != UInt8(ascii: "}"), "a value in an object needs a key before it")
            assert(!closers.isEmpty || bytes.isEmpty, "a document is one value")
            separate()
        }
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        if isPretty, !closers.isEmpty { newLine() }
    }

    private mutating func afterKey() {
        bytes.append(UInt8(ascii: ":"))
        if isPretty { bytes.append(UInt8(ascii: " ")) }
        followsKey = true
    }

    private mutating func newLine() {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: closers.count * 2))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        JSONEscape.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func digits(_ magnitude: UInt64, isNegative: Bool) {
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
