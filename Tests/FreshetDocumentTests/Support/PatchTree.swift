import FreshetDocument

/// A document that changes can be applied to: the reference that ``DocumentDiff`` is held against.
indirect enum PatchTree: Equatable {
    case scalar(String)
    case array([PatchTree])
    case object([String: PatchTree])

    struct Broken: Error {}

    init(_ value: JSONValue) {
        switch value.kind {
        case .object:
            self = .object(
                Dictionary(
                    value.members.map { ($0.key.string ?? "", PatchTree($0.value)) }, uniquingKeysWith: { $1 }))
        case .array: self = .array(value.elements.map { PatchTree($0) })
        case .string: self = .scalar("s" + (value.string ?? ""))
        default: self = .scalar(value.rawText)
        }
    }

    mutating func apply(_ change: JSONChange) throws {
        let tokens = change.pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
        try apply(change, tokens[...])
    }

    private mutating func apply(_ change: JSONChange, _ tokens: ArraySlice<String>) throws {
        guard let first = tokens.first, tokens.count > (change.operation == .reorder ? 0 : 1) else {
            return try act(change, tokens.first)
        }
        switch self {
        case .object(var members):
            guard var inner = members[first] else { throw Broken() }
            try inner.apply(change, tokens.dropFirst())
            members[first] = inner
            self = .object(members)
        case .array(var elements):
            guard let index = Int(first), elements.indices.contains(index) else { throw Broken() }
            try elements[index].apply(change, tokens.dropFirst())
            self = .array(elements)
        case .scalar: throw Broken()
        }
    }

    /// Acts on this value (without a token) or on the one in it that the last token names.
    private mutating func act(_ change: JSONChange, _ token: String?) throws {
        let after = try change.after.map { PatchTree(try json($0)) }
        let before = try change.before.map { PatchTree(try json($0)) }
        guard let token else {
            if change.operation == .reorder, case .array(let elements) = self {
                guard change.order.sorted() == Array(elements.indices) else { throw Broken() }
                self = .array(change.order.map { elements[$0] })
            } else {
                guard change.operation == .replace, let after, before == self else { throw Broken() }
                self = after
            }
            return
        }
        switch self {
        case .object(var members):
            guard members[token] == before else { throw Broken() }
            members[token] = after
            self = .object(members)
        case .array(var elements):
            guard let index = Int(token), (0...elements.count).contains(index) else { throw Broken() }
            if change.operation == .add {
                elements.insert(after ?? .scalar("?"), at: index)
            } else {
                guard index < elements.count, elements[index] == before else { throw Broken() }
                if let after { elements[index] = after } else { elements.remove(at: index) }
            }
            self = .array(elements)
        case .scalar: throw Broken()
        }
    }
}

extension Tree {
    /// A list of records that are known by a key, as APIs have them.
    static func records(_ generator: inout SplitMix) -> Tree {
        let name = ["tag", "id", "x"][generator.below(3)]
        let numbers = (0..<generator.below(12)).map { $0 * 3 }
        return .object([
            Member(
                key: "list",
                value: .array(
                    numbers.map { number in
                        .object([
                            Member(key: name, value: .string("#\(number)")),
                            Member(key: "n", value: .number(Tree.numbers[generator.below(Tree.numbers.count)])),
                        ])
                    })), Member(key: "at", value: .number("1")),
        ])
    }

    /// The same with every array in another order.
    func reordered(_ generator: inout SplitMix) -> Tree {
        switch self {
        case .array(let elements): .array(elements.map { $0.reordered(&generator) }.shuffled(using: &generator))
        case .object(let members):
            .object(members.map { Member(key: $0.key, value: $0.value.reordered(&generator)) })
        default: self
        }
    }
}
