import FreshetCore

/// Names of tables and columns.
enum TableName {
    /// What is wrong with a name of a table or column; `nil` when it is good.
    static func fault(_ name: String) -> String? {
        guard let first = name.utf8.first, first == UInt8(ascii: "_") || (97...122).contains(first),
            name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || (97...122).contains($0) || (48...57).contains($0) })
        else { return "is not a name: begin with a small letter, then a-z, 0-9 or _" }
        if name.utf8.count > 63 { return "is longer than 63 characters" }
        for prefix in ["freshet_", "sqlite_", "grdb_"] where name.hasPrefix(prefix) {
            return "begins with \(prefix), which belongs to the store; choose another name"
        }
        if TableSchema.provenance.contains(name) { return "is a column that every table has; choose another name" }
        return nil
    }

    static func check(_ entry: ConfigEntry, _ reading: inout Reading) -> Bool {
        guard let fault = fault(entry.key) else { return true }
        reading.problem(entry.mark, entry.value.path, "\"\(entry.key)\" \(fault)")
        return false
    }
}

extension Kind where Value == String {
    /// The name of a column.
    static var columnName: Kind {
        .checked("column", example: "tag") { name in name.hasPrefix("_") ? nil : TableName.fault(name) }
    }

    /// `auto` or a JSONPath.
    static var rowsPath: Kind {
        Kind(type: .either([.choice(["auto"]), Kind.jsonPath.type])) { node, reading in
            node.scalar?.text == "auto" ? "auto" : Kind.jsonPath.read(node, &reading)
        } show: {
            .text($0)
        }
    }

    /// A JSONPath, or a word in braces.
    static var parentSource: Kind {
        Kind(type: .text("JSONPath, `{parameter}` or `{fetched_at}`", pattern: "^(\\$|\\{)")) { node, reading in
            if let text = node.scalar?.text, text.hasPrefix("{"), text.hasSuffix("}"), text.count > 2 { return text }
            return Kind.jsonPath.read(node, &reading)
        } show: {
            .text($0)
        }
    }

    /// Two whole numbers with a comma.
    static var precision: Kind {
        .checked("digits, scale", example: "38,9") { text in
            let parts = text.split(separator: ",").map { Int($0.filter { $0 != " " }) }
            guard parts.count == 2, let digits = parts[0], let scale = parts[1], (1...76).contains(digits),
                (0...digits).contains(scale)
            else { return "is not a precision: write all digits and those behind the point, such as 38,9" }
            return nil
        }
    }
}

extension ColumnSpec {
    /// The precision as `digits,scale`.
    var precisionText: String? {
        get { precision.map { "\($0.digits),\($0.scale)" } }
        set {
            let parts = (newValue ?? "").split(separator: ",").compactMap { Int($0.filter { $0 != " " }) }
            precision = parts.count == 2 ? (parts[0], parts[1]) : nil
        }
    }
}

extension Kind where Value == [String] {
    /// Texts and numbers as written; null needs no mention.
    static var absence: Kind {
        Kind(type: .oneOrMore(.text("text or number"))) { node, reading in
            let nodes = node.list ?? [node]
            var values: [String] = []
            for node in nodes where !node.isNull {
                guard let scalar = node.scalar else {
                    reading.wrong(node, want: "a text or number such as \"?\"")
                    return nil
                }
                values.append(scalar.text)
            }
            return values
        } show: { values in
            values.isEmpty ? nil : .list(values.map { .text($0) })
        }
    }
}

extension Kind where Value == [[String]] {
    /// A list whose entries are a column or a list of columns.
    static var indexes: Kind {
        let entry = Kind<[String]>.oneOrMore(.columnName)
        return Kind(type: .list(entry.type)) { node, reading in
            guard let nodes = node.list else {
                reading.wrong(node, want: "a list of columns such as [level, [clan_tag, level]]")
                return nil
            }
            return nodes.compactMap { entry.read($0, &reading) }
        } show: { values in
            values.isEmpty ? nil : .list(values.map { .list($0.map { .text($0) }) })
        }
    }
}

extension Kind where Value == Idempotency {
    /// `content`, `fetch`, or columns.
    static var idempotency: Kind {
        let columns = Kind<[String]>.oneOrMore(.columnName)
        return Kind(type: .either([.choice(["content", "fetch"]), columns.type])) { node, reading in
            switch node.scalar?.text {
            case "content": .content
            case "fetch": .fetch
            default: columns.read(node, &reading).map { .columns($0) }
            }
        } show: { value in
            switch value {
            case .content: nil
            case .fetch: .text("fetch")
            case .columns(let names): .list(names.map { .text($0) })
            }
        }
    }
}

extension RowCheck {
    /// Reads `level >= 1`, `state != 'open'`, `state in (open, closed)`.
    init?(parsing text: String) {
        let symbols: [Relation] = [.lessOrEqual, .greaterOrEqual, .notEqual, .less, .greater, .equal]
        var parts: (column: Substring, relation: Relation, rest: Substring)?
        if let range = text.range(of: " in (", caseInsensitive: true), text.hasSuffix(")") {
            parts = (text[..<range.lowerBound], .oneOf, text[range.upperBound...].dropLast())
        } else {
            for relation in symbols {
                guard let range = text.firstRange(of: relation.rawValue) else { continue }
                parts = (text[..<range.lowerBound], relation, text[range.upperBound...])
                break
            }
        }
        guard let parts else { return nil }
        let column = String(parts.column).trimmed
        let texts = parts.relation == .oneOf ? parts.rest.split(separator: ",").map(String.init) : [String(parts.rest)]
        let values = texts.map { RowCheck.literal($0.trimmed) }
        guard TableName.fault(column) == nil, !values.isEmpty, !values.contains(.text("")) else { return nil }
        self.init(column: column, relation: parts.relation, values: values)
    }

    /// The condition as it is written.
    var text: String {
        let texts = values.map { value in
            switch value {
            case .number(let number): number
            case .text(let text): "'\(text)'"
            }
        }
        return relation == .oneOf
            ? "\(column) in (\(texts.joined(separator: ", ")))" : "\(column) \(relation.rawValue) \(texts.joined())"
    }

    private static func literal(_ text: String) -> CheckValue {
        if let quote = text.first, quote == "'" || quote == "\"", text.count >= 2, text.last == quote {
            return .text(String(text.dropFirst().dropLast()))
        }
        return Double(text) == nil ? .text(text) : .number(text)
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    fileprivate func range(of needle: String, caseInsensitive: Bool) -> Range<Index>? {
        firstRange(of: needle) ?? firstRange(of: needle.uppercased())
    }
}
