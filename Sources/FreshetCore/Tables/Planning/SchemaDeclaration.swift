/// Compares a specification with the schema of its table.
struct SchemaDeclaration {
    let dataset: String
    let rules: SpecRules
    private var spec: TableSpec { rules.spec }

    /// The schema of a new table before it has columns.
    func newSchema(name: String, path: [String]) -> TableSchema {
        var schema = TableSchema(name: name, path: path, dataset: dataset, root: path.first ?? name)
        schema.disposition = spec.disposition
        schema.keepsHistory = spec.keepsHistory && spec.disposition != .append
        if path.count == 1 { schema.declarations = rules.declarations }
        return schema
    }

    /// The column that a declaration asks for.
    func column(_ declared: ColumnSpec, type: ColumnType, role: String?) -> ColumnSchema {
        ColumnSchema(
            name: declared.name, path: SpecRules.members(of: declared.path) ?? [declared.path], type: type,
            format: declared.format, digits: Self.digits(declared.format), isRequired: declared.isRequired,
            isDeclared: declared.type != nil, role: role)
    }

    /// Digits behind the second that a new column of moments begins with.
    static func digits(_ format: TimeFormat?) -> Int {
        switch format {
        case .unixSeconds: 0
        case .unixMilliseconds: 3
        case .unixNanoseconds: 9
        case .unixMicroseconds, .iso, .dayMonthYear, nil: 6
        }
    }

    /// Moves a schema to what the specification says.
    ///
    /// - Returns: The changes; all of them need no new rows.
    /// - Throws: A stop for a change that does.
    func apply(to schema: inout TableSchema) throws(TableStop) -> [SchemaChange] {
        var changes: [SchemaChange] = []
        let isRoot = schema.path.count == 1
        if schema.disposition != spec.disposition {
            guard schema.disposition != .append, spec.disposition != .append else {
                throw .incompatible(
                    dataset, table: schema.name,
                    what:
                        "\(schema.name) was made for write_disposition \(schema.disposition.rawValue) and is now declared "
                        + "\(spec.disposition.rawValue)")
            }
            schema.disposition = spec.disposition
            changes.append(.declared("write_disposition \(spec.disposition.rawValue)"))
        }
        let keepsHistory = spec.keepsHistory && spec.disposition != .append
        if schema.keepsHistory != keepsHistory {
            schema.keepsHistory = keepsHistory
            changes.append(.declared(keepsHistory ? "history rows" : "no history"))
        }
        guard isRoot else { return changes }
        changes += try columns(of: &schema)
        let (old, new) = (schema.declarations, rules.declarations)
        changes += new.filter { !old.contains($0) }.map { .declared($0) }
        changes += old.filter { line in !new.contains(line) && !line.hasPrefix("contract") }.map {
            .declared("no \($0)")
        }
        schema.declarations = new
        return changes
    }

    private func columns(of schema: inout TableSchema) throws(TableStop) -> [SchemaChange] {
        var changes: [SchemaChange] = []
        for declared in spec.columns {
            guard let index = schema.columns.firstIndex(where: { $0.name == declared.name && $0.variantOf == nil })
            else {
                guard let type = declared.type else { continue }
                schema.columns.append(column(declared, type: type, role: nil))
                schema.withheld.removeAll { $0 == SpecRules.members(of: declared.path) }
                changes.append(.addedColumn(declared.name))
                continue
            }
            changes += try meet(declared, &schema.columns[index], table: schema.name)
        }
        for index in schema.columns.indices
        where schema.columns[index].isDeclared && rules.columnsByName[schema.columns[index].name] == nil {
            schema.columns[index].isDeclared = false
            schema.columns[index].isRequired = false
            changes.append(.declared("\(schema.columns[index].name) is no longer declared"))
        }
        return changes
    }

    private func meet(
        _ declared: ColumnSpec, _ column: inout ColumnSchema, table: String
    ) throws(TableStop) -> [SchemaChange] {
        var changes: [SchemaChange] = []
        if let type = declared.type, type != column.type {
            guard column.type == .integer, type == .decimal else {
                throw .incompatible(
                    dataset, table: table,
                    what: "the column \(column.name) of \(table) holds \(column.type.rawValue) and is now declared "
                        + type.rawValue)
            }
            changes.append(.widenedColumn(column.name, from: column.type, to: type))
            column.type = type
        }
        if column.isDeclared != (declared.type != nil) {
            column.isDeclared = declared.type != nil
            changes.append(.declared("\(column.name) has a declared type: \(declared.type != nil)"))
        }
        if column.format != declared.format {
            column.format = declared.format
            changes.append(.declared("\(column.name) is written as \(declared.format?.rawValue ?? "before")"))
        }
        if column.isRequired != declared.isRequired {
            column.isRequired = declared.isRequired
            changes.append(.declared("\(column.name) is \(declared.isRequired ? "required" : "not required")"))
        }
        if column.role == nil, let path = SpecRules.members(of: declared.path), path != column.path {
            column.path = path
            changes.append(.declared("\(column.name) is read from \(declared.path)"))
        }
        return changes
    }
}

extension TablePlanner {
    /// What a specification alone says of its table.
    public enum Declaration: Sendable {
        /// The table is as declared, or waits for its first rows, because they tell its columns.
        case settled
        /// The table is to be made or changed so.
        case change(TableSchema, [SchemaChange])
        /// The declaration cannot be met.
        case stop(TableStop)
    }

    /// Compares a specification with its table, without rows.
    ///
    /// A new table is made without rows when its columns, with key and parent columns, are all declared with their types.
    ///
    /// - Parameters:
    ///   - rules: The specification.
    ///   - dataset: As `source.name`.
    ///   - current: The schema of the table; `nil` when there is none.
    ///   - isTaken: Whether the name belongs to another table or a view.
    /// - Returns: What is to be done.
    public static func declare(
        _ rules: SpecRules, dataset: String, current: TableSchema?, isTaken: (String) -> Bool
    ) -> Declaration {
        let declaration = SchemaDeclaration(dataset: dataset, rules: rules)
        let spec = rules.spec
        do throws(TableStop) {
            if var schema = current {
                let changes = try declaration.apply(to: &schema)
                if spec.disposition != .append, !spec.primaryKey.isEmpty, spec.primaryKey != schema.key {
                    throw keyChanged(dataset, schema, spec.primaryKey)
                }
                guard !changes.isEmpty else { return .settled }
                schema.version += 1
                return .change(schema, changes)
            }
            if isTaken(spec.name.lowercased()) { throw nameTaken(spec.name) }
            guard case .path = spec.rows, !spec.columns.isEmpty else { return .settled }
            let typed = Set(spec.columns.filter { $0.type != nil }.map(\.name))
            let needed = spec.columns.map(\.name) + spec.primaryKey + spec.parent.map(\.name)
            guard needed.allSatisfy(typed.contains), spec.disposition == .append || !spec.primaryKey.isEmpty
            else { return .settled }
            var schema = declaration.newSchema(name: spec.name, path: [spec.name])
            let parents = Set(spec.parent.map(\.name))
            for declared in spec.columns {
                guard let type = declared.type else { continue }
                let isParent = parents.contains(declared.name)
                var column = declaration.column(declared, type: type, role: isParent ? "parent" : nil)
                if isParent { column.path = ["<\(declared.name)>"] }
                schema.columns.append(column)
            }
            if spec.disposition != .append { schema.key = spec.primaryKey }
            return .change(schema, [.created])
        } catch {
            return .stop(error)
        }
    }

    static func keyChanged(_ dataset: String, _ schema: TableSchema, _ key: [String]) -> TableStop {
        let isRootChange = schema.key.contains("_i0") != key.contains("_i0")
        let (old, new) = (schema.key.joined(separator: ", "), key.joined(separator: ", "))
        return .incompatible(
            dataset, table: schema.name,
            what: isRootChange
                ? "a document of \(dataset) is a list where others were an object, or the other way round, so the rows of "
                    + "\(schema.name) would need another key; give the two kinds datasets of their own"
                : "the rows of \(schema.name) are identified by (\(old)) and now declared to be identified by (\(new))")
    }
}
