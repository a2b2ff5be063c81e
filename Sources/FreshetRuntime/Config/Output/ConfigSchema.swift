/// The JSON Schema of `freshet.yaml`, for editors and checks before deployment.
public enum ConfigSchema {
    /// JSON Schema, draft 2020-12, made from the table that the parser reads by.
    public static func json() -> String {
        let root = RootTable.section.info
        var pairs: [(String, OrderedValue?)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text("freshet.yaml")),
        ]
        pairs += body(root, allowsExtensions: true)
        let sections = root.all().dropFirst().map { ($0.id, OrderedValue?.some(.object(body($0)))) }
        pairs.append(("$defs", .object(shared + sections)))
        return OrderedValue.object(pairs).json() + "\n"
    }

    private static func body(_ section: ConfigSection, allowsExtensions: Bool = false) -> [(String, OrderedValue?)] {
        let properties = section.keys.map { key in (key.name, OrderedValue?.some(property(key))) }
        let required = section.keys.filter(\.isRequired).map(\.name)
        return [
            ("description", .text(plain(section.doc))),
            ("type", .text("object")),
            ("properties", .object(properties)),
            ("required", required.isEmpty ? nil : .texts(required)),
            ("patternProperties", allowsExtensions ? .object([("^x-", .bare("true"))]) : nil),
            ("additionalProperties", .bare("false")),
        ]
    }

    private static func property(_ key: ConfigKey) -> OrderedValue {
        guard case .map(let pairs) = key.type.schema else { return key.type.schema }
        return .object(
            [("description", .text(plain(key.doc)))] + pairs.map { ($0.key, $0.value) } + [
                ("default", key.defaultValue)
            ])
    }

    private static func plain(_ doc: String) -> String { doc.filter { $0 != "`" } }

    private static let shared: [(String, OrderedValue?)] = [
        (
            "interpolated",
            .object([
                ("description", .text("A value from the environment or a file.")), ("type", .text("string")),
                ("pattern", .text("\\$\\{(env|file):")),
            ])
        ),
        (
            "duration",
            text(
                "A length of time with its unit: ISO 8601 such as PT10M or P1D, or 10m.",
                "^(P([0-9]+[YMWD])*(T([0-9.,]+[HMS])+)?|([0-9.]+ ?(ms|s|sec|m|min|h|d|w) ?)+)$")
        ),
        ("size", text("A number of bytes with its unit, such as 8MiB.", "^[0-9.]+ ?([KMGkmg][Ii]?)?[Bb]$")),
        ("percentage", text("A share such as 20%.", "^[0-9.]+%$")),
    ]

    private static func text(_ doc: String, _ pattern: String) -> OrderedValue {
        .object([
            ("description", .text(doc)), ("type", .text("string")),
            (
                "anyOf",
                .list([.object([("pattern", .text(pattern))]), .object([("$ref", .text("#/$defs/interpolated"))])])
            ),
        ])
    }
}
