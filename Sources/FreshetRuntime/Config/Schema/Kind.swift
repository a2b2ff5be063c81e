/// How one type of value is read from the file and written back.
struct Kind<Value: Sendable>: Sendable {
    let type: ConfigType
    /// The value, or `nil` after its problem was reported.
    let read: @Sendable (ConfigNode, inout Reading) -> Value?
    /// The value as it would be written, without secrets; `nil` when it would not be written at all.
    let show: @Sendable (Value) -> OrderedValue?
}

extension Kind {
    /// A value that may be missing; a key that is given must be good all the same.
    static func optional<Wrapped: Sendable>(_ kind: Kind<Wrapped>) -> Kind<Value> where Value == Wrapped? {
        Kind(type: kind.type) { node, reading in
            kind.read(node, &reading).map { Optional($0) }
        } show: { value in
            value.flatMap(kind.show)
        }
    }

    /// A value that keeps its position.
    static func located<Inner: Sendable>(_ kind: Kind<Inner>) -> Kind<Value> where Value == Located<Inner> {
        Kind(type: kind.type) { node, reading in
            kind.read(node, &reading).map { Located(value: $0, mark: node.mark, path: node.path) }
        } show: { value in
            kind.show(value.value)
        }
    }

    /// A list of the items that can be used; nothing at all is the empty list.
    static func list<Item: Sendable>(_ item: Kind<Item>) -> Kind<Value> where Value == [Item] {
        Kind(type: .list(item.type)) { node, reading in
            if node.isNull { return [] }
            guard let nodes = node.list else {
                reading.wrong(node, want: "a list of \(item.type.plainLabel)")
                return nil
            }
            return nodes.compactMap { item.read($0, &reading) }
        } show: { values in
            values.isEmpty ? nil : .list(values.compactMap(item.show))
        }
    }

    /// A list, or one item without its brackets.
    static func oneOrMore<Item: Sendable>(_ item: Kind<Item>) -> Kind<Value> where Value == [Item] {
        Kind(type: .oneOrMore(item.type)) { node, reading in
            guard let nodes = node.list else { return item.read(node, &reading).map { [$0] } }
            return nodes.compactMap { item.read($0, &reading) }
        } show: { values in
            values.isEmpty ? nil : .list(values.compactMap(item.show))
        }
    }

    /// A map from names to values; each name is checked, all are read, and those that can be used are kept.
    static func map<Item: Sendable>(
        of item: Kind<Item>, named label: String, pattern: String? = nil,
        checkName: @escaping @Sendable (ConfigEntry, inout Reading) -> Bool
    ) -> Kind<Value> where Value == [Named<Item>] {
        Kind(type: .map(of: item.type, named: label, pattern: pattern)) { node, reading in
            if node.isNull { return [] }
            guard let entries = node.map else {
                reading.wrong(node, want: "a map of \(label) to \(item.type.plainLabel)")
                return nil
            }
            return entries.compactMap { entry in
                let good = checkName(entry, &reading)
                guard let value = item.read(entry.value, &reading), good else {
                    reading.unusable.insert(entry.value.path)
                    return nil
                }
                return Named(name: entry.key, value: value, mark: entry.mark, path: entry.value.path)
            }
        } show: { values in
            values.isEmpty ? nil : .object(values.map { ($0.name, item.show($0.value)) })
        }
    }

    /// Another type made from this one; `nil` from `make` means that it reported a problem.
    func converted<Other: Sendable>(
        _ make: @escaping @Sendable (Value, ConfigNode, inout Reading) -> Other?,
        back: @escaping @Sendable (Other) -> Value?
    ) -> Kind<Other> {
        Kind<Other>(type: type) { node, reading in
            read(node, &reading).flatMap { make($0, node, &reading) }
        } show: { other in
            back(other).flatMap(show)
        }
    }

}

/// An entry of a map whose names are free.
struct Named<Value: Sendable>: Sendable {
    let name: String
    var value: Value
    var mark = ConfigMark()
    var path = ""
}

extension ConfigType {
    /// The label without Markdown, for messages.
    var plainLabel: String {
        if case .section(let section) = self { return "maps such as \(section.example.firstLine)" }
        return label.filter { $0 != "`" }
    }
}

extension String {
    var firstLine: String { String(prefix { !$0.isNewline }) }
}
