/// A specification made ready for many documents.
public struct SpecRules: Sendable {
    /// The specification.
    public let spec: TableSpec
    /// Declared columns by the path of members from the row; those whose path is more than members are missing here.
    let columnsByPath: [[String]: Int]
    let columnsByName: [String: Int]
    /// Texts that mean "nothing" in every column.
    let absent: AbsentValues
    /// The same with each declared column's own.
    let absentByColumn: [AbsentValues]
    let declarations: [String]

    /// Reads a specification.
    public init(_ spec: TableSpec) {
        self.spec = spec
        var (byPath, byName) = ([[String]: Int](), [String: Int]())
        for (index, column) in spec.columns.enumerated() {
            byName[column.name] = index
            if let path = Self.members(of: column.path) { byPath[path] = index }
        }
        (columnsByPath, columnsByName) = (byPath, byName)
        absent = AbsentValues(spec.absent)
        absentByColumn = spec.columns.map { AbsentValues(spec.absent + $0.absent) }
        declarations = Self.declarations(of: spec)
    }

    /// The declaration of a column that a document shows, if there is one.
    func declaration(of column: SeenColumn) -> Int? {
        if column.role == .value, let index = columnsByPath[column.path] { return index }
        guard let index = columnsByName[column.name] else { return nil }
        // A member of the same name at another path is another column.
        return column.role != .value || Self.members(of: spec.columns[index].path) == nil ? index : nil
    }

    /// The member names of a JSONPath that is nothing but members; `nil` for any other.
    static func members(of path: String) -> [String]? {
        var rest = path.utf8[...]
        guard rest.popFirst() == UInt8(ascii: "$") else { return nil }
        var members: [String] = []
        while let first = rest.popFirst() {
            if first == UInt8(ascii: ".") {
                let name = rest.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[") }
                guard !name.isEmpty, name.first != UInt8(ascii: "*") else { return nil }
                members.append(String(decoding: name, as: UTF8.self))
                rest = rest[name.endIndex...]
            } else {
                guard first == UInt8(ascii: "["), let quote = rest.popFirst(),
                    quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
                else { return nil }
                let name = rest.prefix { $0 != quote }
                rest = rest[name.endIndex...]
                guard rest.popFirst() == quote, rest.popFirst() == UInt8(ascii: "]"), !name.contains(UInt8(ascii: "\\"))
                else { return nil }
                members.append(String(decoding: name, as: UTF8.self))
            }
        }
        return members
    }

    private static func declarations(of spec: TableSpec) -> [String] {
        let contract = spec.contract
        return [
            "contract tables \(contract.tables.rawValue), columns \(contract.columns.rawValue), "
                + "types \(contract.types.rawValue)"
        ] + spec.indexes.map { "index (\($0.joined(separator: ", ")))" } + spec.checks.map { "check \($0.text)" }
    }
}

/// Texts and numbers that mean "nothing".
struct AbsentValues: Sendable {
    private let values: Set<[UInt8]>
    private let lengths: UInt64

    init(_ texts: [String]) {
        values = Set(texts.map { Array($0.utf8) })
        lengths = values.reduce(0) { $0 | 1 << UInt64(min($1.count, 63)) }
    }

    static let none = AbsentValues([])

    var isEmpty: Bool { values.isEmpty }

    /// Whether a text, or the exact text of a number, is one of them.
    func contains(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard lengths & 1 << UInt64(min(bytes.count, 63)) != 0 else { return false }
        return values.contains(Array(bytes))
    }

    func contains(_ integer: Int64) -> Bool {
        var text = String(integer)
        return text.withUTF8 { contains(UnsafeRawBufferPointer($0)) }
    }
}

extension RowCheck {
    /// The condition as a person writes it.
    public var text: String {
        let values = values.map { value in
            switch value {
            case .number(let number): number
            case .text(let text): "'\(text)'"
            }
        }
        return relation == .oneOf
            ? "\(column) in (\(values.joined(separator: ", ")))"
            : "\(column) \(relation.rawValue) \(values.first ?? "")"
    }
}
