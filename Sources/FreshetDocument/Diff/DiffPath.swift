/// A place in a document, step by step from the root.
struct DiffPath {
    enum Step {
        case member(String)
        case element(Int)
        /// An element with the name of its key and the text that is its value.
        case keyed(Int, name: String, value: String)
    }

    private(set) var steps: [Step] = []

    func appending(_ step: Step) -> DiffPath {
        var longer = self
        longer.steps.append(step)
        return longer
    }

    /// RFC 6901.
    var pointer: String {
        var text = ""
        for step in steps {
            text += "/"
            switch step {
            case .member(let name): text += JSONPointer.escaped(name)
            case .element(let index), .keyed(let index, _, _): text += String(index)
            }
        }
        return text
    }

    /// A JSONPath (RFC 9535).
    var description: String {
        var text = ""
        var plain: [JSONPath.Segment] = []
        func flush() {
            let piece = JSONPath(segments: plain).description
            text += text.isEmpty ? piece : String(piece.dropFirst())
            plain = []
        }
        for step in steps {
            switch step {
            case .member(let name): plain.append(JSONPath.Segment(.name(name)))
            case .element(let index): plain.append(JSONPath.Segment(.index(index)))
            case .keyed(_, let name, let value):
                flush()
                // `['name']` of the key: what stands behind `$`.
                let key = JSONPath(segments: [JSONPath.Segment(.name(name))]).description.dropFirst()
                text += "[?@\(key)==\(value)]"
            }
        }
        flush()
        return text
    }

    /// Whether a path selects this place.
    func isSelected(by path: JSONPath) -> Bool {
        JSONPointer.selects(
            path.segments[...],
            steps.map { step in
                switch step {
                case .member(let name): name
                case .element(let index), .keyed(let index, _, _): String(index)
                }
            }[...], prefix: false)
    }
}

/// RFC 6901.
enum JSONPointer {
    static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var text = ""
        for character in name.unicodeScalars {
            switch character {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    /// The names and indexes of a pointer; `nil` when it is none.
    static func tokens(_ pointer: String) -> [String]? {
        if pointer.isEmpty { return [] }
        guard pointer.unicodeScalars.first == "/" else { return nil }
        var tokens = [""]
        var isEscape = false
        for scalar in pointer.unicodeScalars.dropFirst() {
            if isEscape {
                guard scalar == "0" || scalar == "1" else { return nil }
                tokens[tokens.count - 1] += scalar == "0" ? "~" : "/"
                isEscape = false
            } else if scalar == "/" {
                tokens.append("")
            } else if scalar == "~" {
                isEscape = true
            } else {
                tokens[tokens.count - 1].unicodeScalars.append(scalar)
            }
        }
        return isEscape ? nil : tokens
    }

    /// Whether the steps of a path fit the tokens, all of them or (with `prefix`) the first ones.
    static func selects(_ steps: ArraySlice<JSONPath.Segment>, _ tokens: ArraySlice<String>, prefix: Bool) -> Bool {
        // The places in `tokens` that the steps so far may have reached: no recursion, however many `..` there are.
        var reached: Set<Int> = [tokens.startIndex]
        for step in steps {
            var next: Set<Int> = []
            for place in reached {
                let last = step.descends ? tokens.endIndex : min(place + 1, tokens.endIndex)
                for at in place..<max(place, last) where fits(step.selector, tokens[at]) { next.insert(at + 1) }
            }
            reached = next
            if reached.isEmpty { return false }
        }
        return prefix || reached.contains(tokens.endIndex)
    }

    private static func fits(_ selector: JSONPath.Selector, _ token: String) -> Bool {
        switch selector {
        case .any: true
        case .name(let name): name.utf8.elementsEqual(token.utf8)
        case .index(let index): token == String(index)
        }
    }
}

extension JSONPath {
    /// Whether the place that an RFC 6901 pointer names is selected by this path, or lies inside something that is.
    ///
    /// An index that counts from the end selects nothing here, because a pointer does not say how many elements there are.
    /// - Parameter pointer: As in ``JSONChange/pointer``; what is no pointer is not covered.
    /// - Returns: Whether it is.
    public func covers(pointer: String) -> Bool {
        guard let tokens = JSONPointer.tokens(pointer) else { return false }
        return JSONPointer.selects(segments[...], tokens[...], prefix: true)
    }

    /// Whether this path selects everything in the array that a pointer names, as `$.list[*]` does for `/list`.
    ///
    /// - Parameter pointer: As in ``JSONChange/pointer``.
    /// - Returns: Whether it does.
    public func coversElements(ofArrayAt pointer: String) -> Bool {
        guard let last = segments.last, last.selector == .any, let tokens = JSONPointer.tokens(pointer) else {
            return false
        }
        return JSONPointer.selects(segments.dropLast(), tokens[...], prefix: false)
    }
}
