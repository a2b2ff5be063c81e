/// Reads the `.env` file beside a configuration: `NAME=value`, one per line.
///
/// `export NAME=value`, comments after `#`, single quotes (nothing is special inside) and double quotes (`\n`, `\t`,
/// `\"`, `\\`) are understood; a value is never expanded further.
enum DotEnv {
    static func read(_ text: String, file: String, reading: inout Reading) -> [String: String] {
        var values: [String: String] = [:]
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var line = trimmed(raw)
            if line.isEmpty || line.first == "#" { continue }
            if line.hasPrefix("export ") { line = trimmed(line.dropFirst(7)) }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map { String(trimmed($0)) } ?? ""
            guard parts.count == 2, isName(name) else {
                reading.problem(inFile: file, line: index + 1, "", "not a variable; write NAME=value or # a comment")
                continue
            }
            guard let value = value(trimmed(parts[1])) else {
                reading.problem(inFile: file, line: index + 1, name, "the quote is not closed, or text follows it")
                continue
            }
            values[name] = value
        }
        return values
    }

    static func isName(_ name: some StringProtocol) -> Bool {
        guard let first = name.first, first.isASCII, first.isLetter || first == "_" else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    private static func value(_ text: Substring) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            // An unquoted value ends at a comment, which needs a space before it.
            let end = text.range(ofText: " #")?.lowerBound ?? text.endIndex
            return String(trimmed(text[..<end]))
        }
        var (result, rest) = ("", text.dropFirst())
        while let character = rest.popFirst() {
            if character == quote {
                let tail = trimmed(rest)
                return tail.isEmpty || tail.first == "#" ? result : nil
            }
            if character == "\\", quote == "\"", let escaped = rest.popFirst() {
                result.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
            } else {
                result.append(character)
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return text
    }
}
