/// What kind of value a key takes, for the reference, the JSON Schema and messages.
indirect enum ConfigType: Sendable {
    /// A text; `pattern` is an ECMA regular expression for the schema.
    case text(String, pattern: String? = nil)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case boolean
    case duration
    case size
    case percent(upTo: Int)
    case choice([String])
    case list(ConfigType)
    case oneOrMore(ConfigType)
    case map(of: ConfigType, named: String, pattern: String? = nil)
    case section(ConfigSection)
    case either([ConfigType])

    /// A few words for the reference.
    var label: String {
        switch self {
        case .text(let label, _): label
        case .integer(let range):
            range.upperBound == .max
                ? "whole number, at least \(range.lowerBound)"
                : "whole number, \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "number, \(Int(range.lowerBound)) to \(Int(range.upperBound))"
        case .boolean: "`true` or `false`"
        case .duration: "duration"
        case .size: "size"
        case .percent(let limit): "percentage up to \(limit)%"
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let item): "list of \(item.label)"
        case .oneOrMore(let item): "\(item.label), or a list of them"
        case .map(let value, let name, _): "map of \(name) to \(value.label)"
        case .section(let section): "[`\(section.name)`](#\(section.anchor))"
        case .either(let types): types.map(\.label).joined(separator: "; or ")
        }
    }

    /// The sections that a value of this type can hold.
    var sections: [ConfigSection] {
        switch self {
        case .section(let section): [section]
        case .list(let item), .oneOrMore(let item), .map(let item, _, _): item.sections
        case .either(let types): types.flatMap(\.sections)
        default: []
        }
    }

    /// The JSON Schema of a value; sections and shared types are references into `$defs`.
    var schema: OrderedValue {
        switch self {
        case .text(_, let pattern):
            guard let pattern else { return .object([("type", .texts(["string", "number", "boolean"]))]) }
            return orInterpolated(.object([("type", .text("string")), ("pattern", .text(pattern))]))
        case .integer(let range):
            let top = range.upperBound == .max ? nil : OrderedValue.int(range.upperBound)
            return orInterpolated(
                .object([("type", .text("integer")), ("minimum", .int(range.lowerBound)), ("maximum", top)]))
        case .number(let range):
            return orInterpolated(.object([("type", .text("number")), ("minimum", .bare(String(range.lowerBound)))]))
        case .boolean: return orInterpolated(.object([("type", .text("boolean"))]))
        case .duration: return reference("duration")
        case .size: return reference("size")
        case .percent: return reference("percentage")
        case .choice(let names): return orInterpolated(.object([("enum", .texts(names))]))
        case .list(let item): return .object([("type", .text("array")), ("items", item.schema)])
        case .oneOrMore(let item): return .object([("anyOf", .list([item.schema, ConfigType.list(item).schema]))])
        case .map(let value, _, let pattern):
            let names = pattern.map { OrderedValue.object([("pattern", .text($0))]) }
            return .object([
                ("type", .text("object")), ("propertyNames", names), ("additionalProperties", value.schema),
            ])
        case .section(let section): return reference(section.id)
        case .either(let types): return .object([("anyOf", .list(types.map(\.schema)))])
        }
    }

    private func reference(_ name: String) -> OrderedValue { .object([("$ref", .text("#/$defs/\(name)"))]) }

    private func orInterpolated(_ schema: OrderedValue) -> OrderedValue {
        .object([("anyOf", .list([schema, reference("interpolated")]))])
    }
}
