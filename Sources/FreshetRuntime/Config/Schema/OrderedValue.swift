/// A small tree of values that keeps the order of its keys, printed as JSON or YAML.
indirect enum OrderedValue: Sendable, Hashable {
    struct Pair: Sendable, Hashable {
        let key: String
        let value: OrderedValue
    }

    case text(String)
    /// A number or a boolean, as it is written.
    case bare(String)
    case list([OrderedValue])
    case map([Pair])

    static func object(_ pairs: [(String, OrderedValue?)]) -> OrderedValue {
        .map(pairs.compactMap { key, value in value.map { Pair(key: key, value: $0) } })
    }

    static func int(_ value: Int) -> OrderedValue { .bare(String(value)) }
    static func texts(_ values: [String]) -> OrderedValue { .list(values.map(OrderedValue.text)) }

    /// JSON with two spaces of indent.
    func json(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return OrderedValue.quoted(text)
        case .bare(let text): return text
        case .list(let items):
            if items.isEmpty { return "[]" }
            return "[\n" + items.map { inner + $0.json(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .map(let pairs):
            if pairs.isEmpty { return "{}" }
            let lines = pairs.map { "\(inner)\(OrderedValue.quoted($0.key)): \($0.value.json(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    /// YAML in one line, as a person would write it.
    var flow: String {
        switch self {
        case .text(let text): OrderedValue.yaml(text, inFlow: true)
        case .bare(let text): text
        case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .map(let pairs):
            pairs.isEmpty
                ? "{}"
                : "{ "
                    + pairs.map { "\(OrderedValue.yaml($0.key, inFlow: true)): \($0.value.flow)" }.joined(
                        separator: ", ")
                    + " }"
        }
    }

    /// YAML over several lines; what is small stays in one line.
    func yaml(indent: String = "") -> String {
        switch self {
        case .map(let pairs) where !isSmall:
            return pairs.map { pair in
                let key = OrderedValue.yaml(pair.key, inFlow: false)
                if pair.value.isSmall { return "\(indent)\(key): \(pair.value.inline)\n" }
                return "\(indent)\(key):\n\(pair.value.yaml(indent: indent + "  "))"
            }.joined()
        case .list(let items) where !isSmall:
            return items.map { item in
                if item.isSmall { return "\(indent)- \(item.inline)\n" }
                return "\(indent)- " + item.yaml(indent: indent + "  ").dropFirst(indent.count + 2)
            }.joined()
        default: return indent + inline + "\n"
        }
    }

    private var inline: String {
        if case .text(let text) = self { OrderedValue.yaml(text, inFlow: false) } else { flow }
    }

    private var isSmall: Bool {
        switch self {
        case .text, .bare: true
        case .list(let items): items.allSatisfy(\.isScalar) && flow.count <= 70
        case .map(let pairs): pairs.allSatisfy(\.value.isScalar) && flow.count <= 70 || pairs.isEmpty
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .bare: true
        case .list(let items): items.isEmpty
        case .map: false
        }
    }

    /// A text as JSON writes it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func yaml(_ text: String, inFlow: Bool) -> String {
        let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"]
        let plain = text.unicodeScalars.allSatisfy {
            $0.isASCII
                && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "._/%-:{}+".unicodeScalars.contains($0))
        }
        let safe = !inFlow || !text.contains { "{}".contains($0) }
        let starts = text.first.map { $0.isLetter || "/._".contains($0) || $0.isNumber } ?? false
        let isNumber = Double(text) != nil
        let colon = text.hasSuffix(":") || text.first == ":"
        return plain && safe && starts && !isNumber && !colon && !words.contains(text.lowercased())
            ? text : quoted(text)
    }
}
