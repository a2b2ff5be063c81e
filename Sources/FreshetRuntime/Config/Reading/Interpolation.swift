/// Replaces `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` in the texts of a file.
struct Interpolator {
    /// The process environment over `.env`.
    let environment: [String: String]
    /// The folder of the configuration file, which relative paths start from.
    let directory: String
    /// Reads a file; `nil` when there is none.
    let readFile: (String) throws -> [UInt8]?

    /// The longest file that is taken as a value.
    static let maxFileBytes = 64 << 10

    struct Outcome {
        var text = ""
        var origin = ConfigScalar.Origin.literal
        var problems: [String] = []
    }

    func expand(_ written: String) -> Outcome {
        var outcome = Outcome()
        var rest = written[...]
        while let dollar = rest.range(ofText: "${") {
            if rest[..<dollar.lowerBound].last == "$" {
                // `$${` is a literal `${`.
                outcome.text += rest[..<rest.index(before: dollar.lowerBound)] + "${"
                rest = rest[dollar.upperBound...]
                continue
            }
            outcome.text += rest[..<dollar.lowerBound]
            guard let close = rest[dollar.upperBound...].firstIndex(of: "}") else {
                outcome.problems.append(
                    "a ${ is not closed: write ${env:NAME} or ${file:PATH}, or $${ for the two signs")
                return outcome
            }
            resolve(rest[dollar.upperBound..<close], into: &outcome)
            rest = rest[rest.index(after: close)...]
        }
        outcome.text += rest
        return outcome
    }

    private func resolve(_ reference: Substring, into outcome: inout Outcome) {
        if reference.hasPrefix("env:") {
            variable(reference.dropFirst(4), into: &outcome)
        } else if reference.hasPrefix("file:") {
            outcome.origin = .interpolated
            file(String(reference.dropFirst(5)), into: &outcome)
        } else {
            outcome.problems.append(
                "${\(reference)} is not known here: write ${env:NAME} or ${file:PATH}, or $${ for the two signs")
        }
    }

    private func variable(_ reference: Substring, into outcome: inout Outcome) {
        let parts = reference.range(ofText: ":-")
        let name = String(parts.map { reference[..<$0.lowerBound] } ?? reference)
        guard DotEnv.isName(name) else {
            outcome.problems.append(
                "\"\(name)\" is not the name of a variable: write ${env:NAME} or ${env:NAME:-default}")
            return
        }
        if let value = environment[name], !value.isEmpty || parts == nil {
            outcome.origin = .interpolated
            outcome.text += value
        } else if let parts {
            if outcome.origin == .literal { outcome.origin = .defaulted }
            outcome.text += reference[parts.upperBound...]
        } else {
            outcome.problems.append(
                "the environment variable \(name) is not set; export it, write it into .env, "
                    + "or give a default: ${env:\(name):-…}")
        }
    }

    private func file(_ path: String, into outcome: inout Outcome) {
        let full = ConfigPaths.absolute(path, in: directory)
        do {
            guard let bytes = try readFile(full) else {
                outcome.problems.append("the file \(full) does not exist")
                return
            }
            guard bytes.count <= Interpolator.maxFileBytes, let text = String(validating: bytes, as: UTF8.self) else {
                outcome.problems.append("the file \(full) is not a short text in UTF-8 (at most 64 KiB)")
                return
            }
            let end = text.lastIndex { !$0.isNewline }.map(text.index(after:)) ?? text.startIndex
            outcome.text += text[..<end]
        } catch {
            outcome.problems.append("the file \(full) cannot be read; check its permissions")
        }
    }
}

extension Substring {
    /// The first place of a short text.
    func range(ofText needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
