/// One key of the configuration file: the same entry drives the parser, the JSON Schema and the reference.
struct ConfigKey: Sendable {
    let name: String
    let type: ConfigType
    /// The default as it would be written, or a few words; `nil` when there is none.
    let defaultText: String?
    /// The default as a value, when it is one.
    let defaultValue: OrderedValue?
    let isRequired: Bool
    /// Whole sentences.
    let doc: String
    /// Other words that people try first; only used for suggestions.
    let synonyms: [String]
}

/// A map of the configuration file with fixed keys.
struct ConfigSection: Sendable {
    /// The name in `$defs`, such as `limit`.
    let id: String
    /// Where it stands, such as `sources.<source>.limits[]`.
    let name: String
    /// Whole sentences.
    let doc: String
    /// An example in YAML; empty for none.
    let example: String
    let keys: [ConfigKey]

    /// The heading's anchor as GitHub and most Markdown renderers make it.
    var anchor: String {
        String(
            name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == " " }
                .map { $0 == " " ? "-" : $0 })
    }

    /// Every section below this one, each once, in order of appearance, itself first.
    func all() -> [ConfigSection] {
        var (found, seen) = ([ConfigSection](), Set<String>())
        func visit(_ section: ConfigSection) {
            guard seen.insert(section.id).inserted else { return }
            found.append(section)
            for key in section.keys { key.type.sections.forEach(visit) }
        }
        visit(self)
        return found
    }
}
