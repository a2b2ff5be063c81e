/// A map with fixed keys and the value that it fills: the one table behind parser, schema, reference and printer.
struct Section<Root: Sendable>: Sendable {
    let info: ConfigSection
    /// The value when no key is given; the defaults in the reference are read from it.
    let defaults: Root
    private let keys: [Key<Root>]
    private let setPlace: (@Sendable (inout Root, Place) -> Void)?
    private let allowsExtensions: Bool
    private let keepsPartial: Bool

    /// A section whose position is not needed later.
    init(_ id: String, at name: String, doc: String, example: String = "", defaults: Root, keys: [Key<Root>]) {
        self.init(id, name, doc, example, defaults, keys, setPlace: nil)
    }

    /// A section whose position, and that of its keys, is kept at `place` for later checks.
    ///
    /// Where `allowsExtensions` is set, keys that start with `x-` are left alone, as a home for anchors. Where
    /// `keepsPartial` is set, what could be read is kept beside the problems, so that later checks find theirs too.
    init(
        _ id: String, at name: String, doc: String, example: String = "", defaults: Root,
        place: any WritableKeyPath<Root, Place> & Sendable, allowsExtensions: Bool = false,
        keepsPartial: Bool = false, keys: [Key<Root>]
    ) {
        self.init(
            id, name, doc, example, defaults, keys, allowsExtensions: allowsExtensions, keepsPartial: keepsPartial
        ) { $0[keyPath: place] = $1 }
    }

    private init(
        _ id: String, _ name: String, _ doc: String, _ example: String, _ defaults: Root, _ keys: [Key<Root>],
        allowsExtensions: Bool = false, keepsPartial: Bool = false,
        setPlace: (@Sendable (inout Root, Place) -> Void)?
    ) {
        info = ConfigSection(
            id: id, name: name, doc: doc, example: example, keys: keys.map { $0.info(defaults: defaults) })
        (self.defaults, self.keys, self.setPlace) = (defaults, keys, setPlace)
        (self.allowsExtensions, self.keepsPartial) = (allowsExtensions, keepsPartial)
    }

    /// Reads all keys and reports unknown and missing ones; `nil` when anything was wrong and nothing is kept.
    func read(_ node: ConfigNode, _ reading: inout Reading) -> Root? {
        guard let entries = node.isNull ? [] : node.map else {
            let example = info.example.isEmpty ? "" : " such as \(info.example.firstLine)"
            reading.wrong(node, want: "a map\(example)")
            return nil
        }
        let before = reading.faults
        var (root, place) = (defaults, Place(mark: node.mark, path: node.path))
        for entry in entries {
            if allowsExtensions, entry.key.hasPrefix("x-") { continue }
            guard let key = keys.first(where: { $0.name == entry.key }) else {
                let (meant, message) = unknown(entry.key)
                reading.problem(entry.mark, entry.value.path, message)
                if let meant { place.broken.insert(meant) }
                continue
            }
            place.keys[entry.key] = entry.mark
            if !key.read(entry.value, &root, &reading) { place.broken.insert(entry.key) }
        }
        for key in keys where key.isRequired && !place.has(key.name) {
            // A misspelt key was reported with the name that was meant: one mistake, one message.
            guard place.broken.insert(key.name).inserted else { continue }
            let example = info.example.isEmpty ? key.doc.firstSentence : "write it as in \(info.example.firstLine)"
            reading.problem(node.mark, node.path, "the key \"\(key.name)\" is missing; \(example)")
        }
        setPlace?(&root, place)
        return reading.faults == before || keepsPartial ? root : nil
    }

    /// The keys that are set, in the order of the table.
    func show(_ root: Root) -> OrderedValue { .object(keys.map { ($0.name, $0.show(root)) }) }

    /// As the value of a key.
    var kind: Kind<Root> {
        Kind(type: .section(info)) {
            read($0, &$1)
        } show: {
            show($0)
        }
    }

    /// The key that was probably meant, and what to say.
    private func unknown(_ key: String) -> (meant: String?, message: String) {
        let synonym = keys.first { $0.synonyms.contains(key.lowercased()) }?.name
        if let meant = synonym ?? Suggestion.nearest(to: key, in: keys.map(\.name)) {
            return (meant, "unknown key \"\(key)\"; did you mean \"\(meant)\"?")
        }
        if let home = RootTable.section.info.all().first(where: { $0.keys.contains { $0.name == key } }) {
            return (nil, "unknown key \"\(key)\" here; it belongs under \(home.name)")
        }
        return (nil, "unknown key \"\(key)\"; keys here: \(keys.map(\.name).joined(separator: ", "))")
    }
}

/// One key of a ``Section``.
struct Key<Root: Sendable>: Sendable {
    let name: String
    let isRequired: Bool
    let doc: String
    let synonyms: [String]
    let show: @Sendable (Root) -> OrderedValue?
    /// Sets the property and returns whether there was a value to set.
    let read: @Sendable (ConfigNode, inout Root, inout Reading) -> Bool
    private let type: ConfigType
    private let defaultWords: String?

    /// A key whose value goes to the property at `path`; what that property holds in the section's defaults is the
    /// documented default, unless `defaultWords` says it in words because it depends on other keys.
    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ kind: Kind<Value>,
        required: Bool = false, defaultWords: String? = nil, synonyms: [String] = [], _ doc: String
    ) {
        (self.name, self.isRequired, self.doc) = (name, required, doc)
        (self.type, self.defaultWords, self.synonyms) = (kind.type, defaultWords, synonyms)
        show = { kind.show($0[keyPath: path]) }
        read = { node, root, reading in
            guard let value = kind.read(node, &reading) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    func info(defaults: Root) -> ConfigKey {
        let value = isRequired || defaultWords != nil ? nil : show(defaults)
        return ConfigKey(
            name: name, type: type, defaultText: isRequired ? nil : defaultWords ?? value.map { "`\($0.flow)`" },
            defaultValue: value, isRequired: isRequired, doc: doc, synonyms: synonyms)
    }
}

extension String {
    /// Up to the first full stop that ends a sentence, without it.
    var firstSentence: String {
        let end = self[...].range(ofText: ". ")?.lowerBound ?? (hasSuffix(".") ? index(before: endIndex) : endIndex)
        return String(self[..<end])
    }
}
