/// A position in a file, both from 1.
struct ConfigMark: Sendable, Hashable {
    var line = 0
    var column = 0
}

/// A value of the file with its position and the keys that lead to it; interpolation is already done.
struct ConfigNode: Sendable {
    enum Content: Sendable {
        case null
        case scalar(ConfigScalar)
        case list([ConfigNode])
        case map([ConfigEntry])
        /// Already reported; whoever meets it stays silent.
        case broken
    }

    var content: Content
    let mark: ConfigMark
    let path: String

    var isNull: Bool { if case .null = content { true } else { false } }
    var isBroken: Bool { if case .broken = content { true } else { false } }
    var scalar: ConfigScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    var list: [ConfigNode]? { if case .list(let list) = content { list } else { nil } }
    var map: [ConfigEntry]? { if case .map(let entries) = content { entries } else { nil } }

    /// What stands here, in words, for a message; what came from outside the file is named, never shown.
    var found: String {
        switch content {
        case .null, .broken: return "nothing"
        case .list: return "a list"
        case .map: return "a map"
        case .scalar(let scalar): return scalar.found
        }
    }

    /// The kind of value that stands here and no more, for places where the value may be a secret.
    var foundKind: String { scalar == nil ? found : "a text" }
}

/// A single value: text as YAML gives it, the type is decided by whoever reads it.
struct ConfigScalar: Sendable {
    enum Origin: Sendable { case literal, interpolated, defaulted }

    /// The value with `${…}` replaced.
    let text: String
    /// The value as the file has it.
    let written: String
    /// Where the value comes from.
    let origin: Origin

    var found: String {
        let short = written.count > 60 ? written.prefix(57) + "…" : written[...]
        return origin == .literal ? "\"\(short)\"" : "the value of \(short)"
    }
}

/// A key of a map and its value.
struct ConfigEntry: Sendable {
    let key: String
    let mark: ConfigMark
    let value: ConfigNode
}

/// A value together with where it stood, for checks that need more than one value.
struct Located<Value: Sendable>: Sendable {
    var value: Value
    var mark = ConfigMark()
    var path = ""
}

/// Where a section stands and which of its keys are given.
struct Place: Sendable {
    var mark = ConfigMark()
    var path = ""
    var keys: [String: ConfigMark] = [:]
    /// Keys whose value is missing because of a problem that was reported.
    var broken: Set<String> = []

    func has(_ key: String) -> Bool { keys[key] != nil }
}
