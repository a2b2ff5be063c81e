/// Spells member names as parts of the paths that identify columns and tables.
///
/// A part is the name itself, but for four cases, so that no two names have parts that are equal (Swift takes
/// canonically equivalent texts for equal) and none is taken for a mark: a backslash is doubled; before `<`, `[` or `{`
/// at the start stands a backslash; combining marks and characters that normalisation would replace are written
/// `\u{…}`.
enum PathName {
    /// Stands for the elements of an array in the path of a table.
    static let elements = "[]"
    /// Stands for the members of a map in the path of a table.
    static let members = "{}"

    /// The part for a name.
    static func part(_ name: String) -> String {
        guard needsEscape(name) else { return name }
        var part = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\\": part.append(contentsOf: "\\\\".unicodeScalars)
            case "<" where part.isEmpty, "[" where part.isEmpty, "{" where part.isEmpty:
                part.append("\\")
                part.append(scalar)
            case _ where isUnstable(scalar):
                part.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: part.append(scalar)
            }
        }
        return String(part)
    }

    /// The name of a part that is no mark.
    static func name(_ part: String) -> String {
        guard part.utf8.contains(UInt8(ascii: "\\")) else { return part }
        var name = String.UnicodeScalarView()
        var rest = part.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let next = rest.popFirst() else {
                name.append(scalar)
                continue
            }
            guard next == "u", rest.first == "{", let end = rest.firstIndex(of: "}"),
                let value = UInt32(String(rest[rest.index(after: rest.startIndex)..<end]), radix: 16),
                let decoded = Unicode.Scalar(value)
            else {
                name.append(next)
                continue
            }
            name.append(decoded)
            rest = rest[rest.index(after: end)...]
        }
        return String(name)
    }

    private static func needsEscape(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        if first == UInt8(ascii: "<") || first == UInt8(ascii: "[") || first == UInt8(ascii: "{") { return true }
        return name.unicodeScalars.contains { $0 == "\\" || ($0.value >= 0x300 && isUnstable($0)) }
    }

    /// Whether normalisation may join the character with the one before it or replace it.
    private static func isUnstable(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x300 else { return false }
        if (0x1160...0x11FF).contains(scalar.value) || scalar.properties.isFullCompositionExclusion { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }
}
