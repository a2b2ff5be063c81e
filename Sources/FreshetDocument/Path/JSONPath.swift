/// A path into JSON documents, in the part of RFC 9535 that configuration needs.
///
/// `$` is the document; after it come, in any number: `.name`, `['name']` or `["name"]` (a member), `[2]` or `[-1]` (an
/// element, from the end when negative), `.*` or `[*]` (every member or element), and each of these after `..` instead
/// (`..name`, `..*`, `..[0]`), which looks at every depth. A name after a dot consists of letters, digits, `_`, `-` and
/// everything beyond ASCII; other names need the bracket form.
///
/// ```swift
/// let donations = try JSONPath("$.memberList[*].donations")
/// let counts = donations.matches(in: tape.root).compactMap(\.int64)
/// ```
public struct JSONPath: Hashable, Sendable {
    /// What one step selects.
    enum Selector: Hashable, Sendable {
        case name(String)
        case index(Int)
        case any
    }

    /// One step of a path.
    struct Segment: Hashable, Sendable {
        let selector: Selector
        /// Whether the step applies at every depth below, too (`..`).
        let descends: Bool

        init(_ selector: Selector, descends: Bool = false) {
            self.selector = selector
            self.descends = descends
        }

        // Names are compared as bytes, as documents are: Swift's equality of strings is looser.
        static func == (left: Segment, right: Segment) -> Bool {
            guard left.descends == right.descends else { return false }
            switch (left.selector, right.selector) {
            case (.name(let one), .name(let two)): return one.utf8.elementsEqual(two.utf8)
            case (.index(let one), .index(let two)): return one == two
            case (.any, .any): return true
            default: return false
            }
        }
    }

    let segments: [Segment]

    /// The path `$`: the document itself.
    public static let root = JSONPath(segments: [])

    init(segments: [Segment]) { self.segments = segments }

    /// Reads a path.
    /// - Parameter text: The path, beginning with `$`.
    /// - Throws: What is wrong and at which character.
    public init(_ text: String) throws(JSONPathError) {
        var parser = JSONPathParser(text)
        segments = try parser.segments()
    }

    /// Whether the path is `$`.
    public var isRoot: Bool { segments.isEmpty }

    /// Whether the path can match at most one value: it has neither `*` nor `..`.
    public var isSingular: Bool { segments.allSatisfy { !$0.descends && $0.selector != .any } }

    /// This path, one step longer.
    func appending(_ selector: Selector) -> JSONPath { JSONPath(segments: segments + [Segment(selector)]) }

    // MARK: Evaluation

    /// Every value that the path selects, each once, in document order.
    ///
    /// Of repeated keys, a name selects the last and `*` selects all.
    /// - Parameter value: What `$` stands for.
    /// - Returns: The values, none when nothing is selected.
    public func matches(in value: JSONValue) -> [JSONValue] {
        let tape = value.tape
        var found = [value.index]
        for segment in segments where !found.isEmpty {
            var next: [Int] = []
            for index in found {
                Self.select(segment.selector, of: index, on: tape, into: &next)
                guard segment.descends, tape.words[index].kind.isContainer else { continue }
                // All descendants stand on the tape between the container and its end.
                var inner = index + 2
                let end = tape.words[index + 1].endOnTape
                while inner < end {
                    let isContainer = tape.words[inner].kind.isContainer
                    if isContainer { Self.select(segment.selector, of: inner, on: tape, into: &next) }
                    inner += isContainer ? 2 : 1
                }
            }
            if segment.descends { next = Self.sortedOnce(next) }
            found = next
        }
        return found.map { JSONValue(tape: tape, index: $0) }
    }

    /// The first value in document order that the path selects, or nil.
    /// - Parameter value: What `$` stands for.
    /// - Returns: The value, without evaluating the rest where that can be avoided.
    public func first(in value: JSONValue) -> JSONValue? {
        guard isSingular else { return matches(in: value).first }
        var at = value
        for segment in segments {
            let next: JSONValue? =
                switch segment.selector {
                case .name(let name): at[name]
                case .index(let position): at[position]
                case .any: nil
                }
            guard let next else { return nil }
            at = next
        }
        return at
    }

    private static func select(_ selector: Selector, of index: Int, on tape: JSONTape, into found: inout [Int]) {
        let kind = tape.words[index].kind
        switch selector {
        case .name(var name):
            guard kind == .object else { return }
            if let match = name.withUTF8({ tape.member(of: index, named: $0) }) { found.append(match) }
        case .index(let position):
            guard kind == .array else { return }
            if let match = tape.element(of: index, at: position) { found.append(match) }
        case .any:
            guard kind.isContainer else { return }
            let end = tape.words[index + 1].endOnTape
            var child = index + 2
            while child < end {
                if tape.words[child].kind.isKey { child += 1 }
                found.append(child)
                child = tape.next(after: child)
            }
        }
    }

    private static func sortedOnce(_ indexes: [Int]) -> [Int] {
        var once: [Int] = []
        once.reserveCapacity(indexes.count)
        for index in indexes.sorted() where once.last != index { once.append(index) }
        return once
    }
}

extension JSONPath: CustomStringConvertible {
    /// The path in its shortest form, which ``init(_:)`` reads back.
    public var description: String {
        var text = "$"
        for segment in segments {
            if segment.descends { text += ".." }
            switch segment.selector {
            case .name(let name) where JSONPathParser.isPlain(name): text += segment.descends ? name : "." + name
            case .name(let name): text += "['" + Self.quoted(name) + "']"
            case .index(let position): text += "[\(position)]"
            case .any: text += segment.descends ? "*" : "[*]"
            }
        }
        return text
    }

    private static func quoted(_ name: String) -> String {
        var text = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "'": text += "\\'"
            case "\"": text.unicodeScalars.append(scalar)
            default: text += JSONEscape.escaped(scalar)
            }
        }
        return text
    }
}
