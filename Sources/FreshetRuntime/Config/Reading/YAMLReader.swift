import Yams

/// Turns YAML into ``ConfigNode``s: keeps positions, follows aliases and merge keys, replaces `${…}`.
struct YAMLReader {
    private let interpolator: Interpolator
    private var reading: Reading
    /// Keys that were given twice and are masked for the parser: the mask and the name it hides.
    private var masked: [String: String] = [:]
    private var nodes = 0

    /// More values than this are a mistake or an attack by aliases.
    static let maxNodes = 100_000

    /// The root of the file, or `nil` when it is empty or cannot be parsed; problems go to `reading`.
    static func read(_ text: String, interpolator: Interpolator, reading: inout Reading) -> ConfigNode? {
        var reader = YAMLReader(interpolator: interpolator, reading: reading)
        let root = reader.parse(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text)
        reading = reader.reading
        return root
    }

    private init(interpolator: Interpolator, reading: Reading) {
        (self.interpolator, self.reading) = (interpolator, reading)
    }

    /// Parses; a key given twice is masked and parsed again, so that it is reported with everything else.
    private mutating func parse(_ original: String) -> ConfigNode? {
        var text = original
        for round in 0..<500 {
            do {
                guard let root = try Yams.compose(yaml: text, .default, .default, .utf8) else { return nil }
                return convert(root, path: "")
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let mask = KeyMask(key: keys.first ?? "", mark: context.mark, number: round)
                guard let next = mask.apply(to: text) else {
                    let mark = ConfigMark(line: context.mark.line, column: context.mark.column)
                    reading.problem(mark, "", "the key \"\(keys.first ?? "")\" is given twice; keep one")
                    return nil
                }
                masked[mask.text] = mask.key
                text = next
            } catch {
                let (mark, message) = YAMLFault.explain(error, in: original)
                reading.problem(mark, "", message)
                return nil
            }
        }
        reading.problem(ConfigMark(line: 1, column: 1), "", "too many keys are given twice")
        return nil
    }

    private mutating func convert(_ node: Node, path: String) -> ConfigNode {
        let mark = ConfigMark(line: node.mark?.line ?? 0, column: node.mark?.column ?? 0)
        nodes += 1
        guard nodes <= YAMLReader.maxNodes else {
            if nodes == YAMLReader.maxNodes + 1 {
                reading.problem(mark, path, "the file has more than 100,000 values once its aliases are followed")
            }
            return ConfigNode(content: .broken, mark: mark, path: path)
        }
        let content: ConfigNode.Content =
            switch node {
            case .scalar(let scalar): convert(scalar, mark: mark, path: path)
            case .sequence(let items):
                .list(items.enumerated().map { convert($0.element, path: "\(path)[\($0.offset)]") })
            case .mapping(let mapping): .map(convert(mapping, path: path))
            case .alias: .broken
            }
        return ConfigNode(content: content, mark: mark, path: path)
    }

    private mutating func convert(_ scalar: Node.Scalar, mark: ConfigMark, path: String) -> ConfigNode.Content {
        if scalar.tag.rawValue.hasPrefix("!"), scalar.tag.rawValue.count > 1 {
            reading.problem(
                mark, path,
                "YAML tags such as \(scalar.tag.rawValue) mean nothing here; write ${env:NAME} or ${file:PATH}")
            return .broken
        }
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
        let outcome = interpolator.expand(scalar.string)
        guard outcome.problems.isEmpty else {
            for message in outcome.problems { reading.problem(mark, path, message) }
            return .broken
        }
        return .scalar(ConfigScalar(text: outcome.text, written: scalar.string, origin: outcome.origin))
    }

    private mutating func convert(_ mapping: Node.Mapping, path: String) -> [ConfigEntry] {
        var (entries, merges, lines) = ([ConfigEntry](), [Node](), [String: [Int]]())
        for (key, value) in mapping {
            let mark = ConfigMark(line: key.mark?.line ?? 0, column: key.mark?.column ?? 0)
            guard case .scalar(let scalar) = key else {
                reading.problem(mark, path, "a key must be a text, found a list or a map")
                continue
            }
            if let name = masked[scalar.string] {
                lines[name, default: []].append(mark.line)
                continue
            }
            if scalar.string == "<<", scalar.style == .plain {
                merges.append(value)
                continue
            }
            let inner = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
            entries.append(ConfigEntry(key: scalar.string, mark: mark, value: convert(value, path: inner)))
        }
        for entry in entries {
            guard let earlier = lines[entry.key] else { continue }
            let places = earlier.map { "line \($0)" }.joined(separator: ", ")
            reading.problem(
                entry.mark, entry.value.path, "the key \"\(entry.key)\" is given twice, first in \(places); keep one")
        }
        for merge in merges { self.merge(merge, into: &entries, path: path) }
        return entries
    }

    /// `<<: *name` and `<<: [*one, *two]`: keys of the map itself win, then the earlier map.
    private mutating func merge(_ node: Node, into entries: inout [ConfigEntry], path: String) {
        switch node {
        case .mapping(let mapping):
            let known = Set(entries.map(\.key))
            entries += convert(mapping, path: path).filter { !known.contains($0.key) }
        case .sequence(let items):
            for item in items { merge(item, into: &entries, path: path) }
        default:
            let mark = ConfigMark(line: node.mark?.line ?? 0, column: node.mark?.column ?? 0)
            reading.problem(mark, path, "<< takes a map, such as an alias: <<: *name")
        }
    }
}

/// Hides one occurrence of a key from the parser, without moving anything that follows it.
private struct KeyMask {
    let key: String
    let mark: Mark
    let number: Int

    /// As many private-use characters as the key has, so that columns stay where they are.
    var text: String {
        let scalar = Unicode.Scalar(UInt32(0xE000 + number)) ?? "\u{E000}"
        return String(repeating: String(scalar), count: key.unicodeScalars.count)
    }

    func apply(to yaml: String) -> String? {
        var scalars = Array(yaml.unicodeScalars)
        var (line, index) = (1, 0)
        while line < mark.line, index < scalars.count {
            if scalars[index] == "\n" { line += 1 }
            index += 1
        }
        index += mark.column - 1
        if index < scalars.count, scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        let name = Array(key.unicodeScalars)
        guard !name.isEmpty, index + name.count <= scalars.count,
            Array(scalars[index..<index + name.count]) == name
        else { return nil }
        scalars.replaceSubrange(index..<index + name.count, with: Array(text.unicodeScalars))
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
