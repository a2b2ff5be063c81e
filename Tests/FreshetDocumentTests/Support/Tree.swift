/// A document in memory, made by a generator and written in as many ways as JSON allows.
indirect enum Tree: Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([Tree])
    case object([Member])

    struct Member: Equatable {
        var key: String
        var value: Tree
    }

    static let words = [
        "id", "tag", "name", "key", "a", "b", "level", "members", "x y", "été", "日本", "\u{1F600}", "quo\"te",
        "back\\slash",
        "line\nbreak", "", "a long key of more than sixteen bytes", "\u{7F}", "\u{1}", "/",
    ]

    static let numbers = [
        "0", "-0", "1", "-1", "1.0", "1e-09", "1E+2", "0.1", "123456789012", "9007199254740993", "18446744073709551615",
        "-9223372036854775808", "0.123456789012345678", "3.141592653589793", "1e3", "5e-324", "12.50",
    ]

    static func random(_ generator: inout SplitMix, depth: Int = 4) -> Tree {
        switch generator.below(depth > 0 ? 9 : 5) {
        case 0: return .null
        case 1: return .bool(generator.chance(2))
        case 2, 3: return .number(numbers[generator.below(numbers.count)])
        case 4: return .string(text(&generator))
        case 5, 6:
            return .array((0..<generator.below(5)).map { _ in random(&generator, depth: depth - 1) })
        default:
            var members: [Member] = []
            for _ in 0..<generator.below(generator.chance(8) ? 40 : 6) {
                let key = generator.chance(3) ? text(&generator) : words[generator.below(words.count)]
                guard !members.contains(where: { $0.key == key }) else { continue }
                members.append(Member(key: key, value: random(&generator, depth: depth - 1)))
            }
            return .object(members)
        }
    }

    private static func text(_ generator: inout SplitMix) -> String {
        (0..<generator.below(4)).map { _ in words[generator.below(words.count)] }.joined()
    }

    /// The same content with the members of every object in another order.
    func shuffled(_ generator: inout SplitMix) -> Tree {
        switch self {
        case .array(let elements): .array(elements.map { $0.shuffled(&generator) })
        case .object(let members):
            .object(
                members.map { Member(key: $0.key, value: $0.value.shuffled(&generator)) }.shuffled(using: &generator))
        default: self
        }
    }

    /// The document with one value in it, or the whole, replaced by another.
    func mutated(_ generator: inout SplitMix) -> Tree {
        switch self {
        case .array(var elements) where !elements.isEmpty && !generator.chance(4):
            let place = generator.below(elements.count)
            switch generator.below(6) {
            case 0: elements.remove(at: place)
            case 1: elements.append(.random(&generator, depth: 1))
            case 2: elements.swapAt(place, 0)
            default: elements[place] = elements[place].mutated(&generator)
            }
            return .array(elements)
        case .object(var members) where !members.isEmpty && !generator.chance(4):
            let place = generator.below(members.count)
            if generator.chance(5) {
                members.remove(at: place)
            } else {
                members[place].value = members[place].value.mutated(&generator)
            }
            return .object(members)
        default: return .random(&generator, depth: 1)
        }
    }

    // MARK: Writing

    /// The document with random white space and, in strings, random escapes for characters that need none.
    func written(_ generator: inout SplitMix) -> [UInt8] {
        var text = ""
        write(to: &text, &generator)
        return Array(text.utf8)
    }

    /// The document without white space and needless escapes.
    var compact: [UInt8] {
        switch self {
        case .null: Array("null".utf8)
        case .bool(let value): Array("\(value)".utf8)
        case .number(let text): Array(text.utf8)
        case .string(let text): Tree.quoted(text)
        case .array(let elements):
            Array("[".utf8) + elements.map(\.compact).joined(separator: ",".utf8) + Array("]".utf8)
        case .object(let members):
            Array("{".utf8)
                + members.map { Tree.quoted($0.key) + Array(":".utf8) + $0.value.compact }.joined(separator: ",".utf8)
                + Array("}".utf8)
        }
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var escaped = "\""
        for scalar in text.unicodeScalars { escaped += escape(scalar, always: false) }
        return Array((escaped + "\"").utf8)
    }

    private func write(to text: inout String, _ generator: inout SplitMix) {
        text += Tree.space(&generator)
        switch self {
        case .null, .bool, .number: text += String(decoding: compact, as: UTF8.self)
        case .string(let content): Tree.write(content, to: &text, &generator)
        case .array(let elements):
            text += "["
            for (position, element) in elements.enumerated() {
                if position > 0 { text += "," }
                element.write(to: &text, &generator)
            }
            text += Tree.space(&generator) + "]"
        case .object(let members):
            text += "{"
            for (position, member) in members.enumerated() {
                if position > 0 { text += "," }
                text += Tree.space(&generator)
                Tree.write(member.key, to: &text, &generator)
                text += Tree.space(&generator) + ":"
                member.value.write(to: &text, &generator)
            }
            text += Tree.space(&generator) + "}"
        }
        text += Tree.space(&generator)
    }

    private static func write(_ content: String, to text: inout String, _ generator: inout SplitMix) {
        text += "\""
        for scalar in content.unicodeScalars { text += escape(scalar, always: generator.chance(5)) }
        text += "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, always: Bool) -> String {
        guard always || scalar.value < 0x20 || scalar == "\"" || scalar == "\\" else { return String(scalar) }
        return String(scalar).utf16.map { unit in
            let hex = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }.joined()
    }

    private static func space(_ generator: inout SplitMix) -> String {
        guard generator.chance(4) else { return "" }
        return ["\n          ", " ", "\t", "\r\n", "    "][generator.below(5)]
    }
}
