/// Runs the statements of the BigQuery mock over its tables.
struct BigQueryQuery {
    /// A row of one or both tables, as conditions and values see it.
    struct Row {
        var target: [BigQueryValue]?
        var source: [BigQueryValue]?
    }

    /// Single values of named parameters.
    var values: [String: BigQueryValue] = [:]
    /// Arrays of named parameters.
    var lists: [String: [BigQueryValue]] = [:]

    /// Reads the parameters of a query.
    init(_ config: MockJSON) throws(BigQueryFailure) {
        for parameter in config["queryParameters"]?.arrayValue ?? [] {
            guard let name = parameter["name"]?.stringValue else {
                throw .query("This local server takes named parameters only.")
            }
            let type = parameter["parameterType"]
            let value = parameter["parameterValue"]
            if let items = value?["arrayValues"]?.arrayValue {
                var list: [BigQueryValue] = []
                for item in items { list.append(try Self.value(item, type?["arrayType"], name)) }
                lists[name] = list
            } else if type?["type"]?.stringValue == "ARRAY" {
                lists[name] = []
            } else {
                values[name] = try Self.value(value, type, name)
            }
        }
    }

    private static func value(
        _ value: MockJSON?, _ type: MockJSON?, _ name: String
    ) throws(BigQueryFailure) -> BigQueryValue {
        guard let known = (type?["type"]?.stringValue).flatMap({ BigQueryType(name: $0) }) else {
            throw .query("Parameter \(name) has no type that this local server plays.")
        }
        guard let text = value?["value"]?.stringValue else { return .null }
        guard let parsed = BigQueryValue.parse(text, known) else {
            throw .query("Invalid value for parameter \(name) of type \(known.rawValue)")
        }
        return parsed
    }

    // MARK: SELECT

    func select(
        _ select: BigQueryStatement.Select, from table: BigQueryTable
    ) throws(BigQueryFailure) -> (fields: [BigQueryField], rows: [[BigQueryValue]]) {
        let scope = Scope(target: table, source: nil, targetAlias: table.reference.table, sourceAlias: "")
        var rows: [[BigQueryValue]] = []
        for row in table.rows where try holds(select.condition, Row(target: row), scope) { rows.append(row) }
        if case .count(let alias) = select.items {
            return ([BigQueryField(name: alias, type: .integer)], [[.integer(Int64(rows.count))]])
        }
        var order: [(at: Int, isDescending: Bool)] = []
        for item in select.order { order.append((try index(item.column, in: table), item.isDescending)) }
        rows.sort { a, b in
            for (at, isDescending) in order {
                let compared = a[at].order(b[at]) ?? 0
                if compared != 0 { return isDescending ? compared > 0 : compared < 0 }
            }
            return false
        }
        if let limit = select.limit { rows = Array(rows.prefix(limit)) }
        guard case .columns(let columns) = select.items else { return (table.fields, rows) }
        var places: [Int] = []
        for column in columns { places.append(try index(column, in: table)) }
        return (places.map { table.fields[$0] }, rows.map { row in places.map { row[$0] } })
    }

    private func index(_ column: String, in table: BigQueryTable) throws(BigQueryFailure) -> Int {
        guard let at = table.index(column) else { throw .query("Unrecognized name: \(column)") }
        return at
    }

    // MARK: MERGE

    /// Runs a merge.
    ///
    /// - Returns: The target's rows afterwards, and how many were inserted, updated and deleted.
    func merge(
        _ merge: BigQueryStatement.Merge, target: BigQueryTable, source: BigQueryTable
    ) throws(BigQueryFailure) -> (rows: [[BigQueryValue]], inserted: Int, updated: Int, deleted: Int) {
        let scope = Scope(
            target: target, source: source, targetAlias: merge.targetAlias, sourceAlias: merge.sourceAlias)
        let partners = try partners(merge, target, source)
        var result: (rows: [[BigQueryValue]], inserted: Int, updated: Int, deleted: Int) = ([], 0, 0, 0)
        for (at, row) in target.rows.enumerated() {
            let matches = partners.byTarget[at] ?? []
            let kind: BigQueryStatement.Merge.Kind = matches.isEmpty ? .notMatchedBySource : .matched
            var action: BigQueryStatement.Merge.Action?
            var pair = Row(target: row, source: matches.first.map { source.rows[$0] })
            for match in matches.isEmpty ? [nil] : matches.map(Optional.some) {
                pair.source = match.map { source.rows[$0] }
                guard let found = try first(merge, kind, pair, scope) else { continue }
                guard action == nil else {
                    throw .query("UPDATE/MERGE must match at most one source row for each target row")
                }
                action = found
            }
            switch action {
            case .delete: result.deleted += 1
            case .update(let sets):
                result.rows.append(try updated(row, sets, pair, scope))
                result.updated += 1
            default: result.rows.append(row)
            }
        }
        for (at, row) in source.rows.enumerated() where !partners.sources.contains(at) {
            let pair = Row(source: row)
            guard case .insert(let columns, let values) = try first(merge, .notMatchedByTarget, pair, scope) else {
                continue
            }
            var new = [BigQueryValue](repeating: .null, count: target.fields.count)
            for (column, value) in zip(columns, values) {
                new[try index(column, in: target)] = try self.value(value, pair, scope)
            }
            try check(new, target)
            result.rows.append(new)
            result.inserted += 1
        }
        return result
    }

    /// Which rows belong to which, by equal columns; a null equals nothing.
    private func partners(
        _ merge: BigQueryStatement.Merge, _ target: BigQueryTable, _ source: BigQueryTable
    ) throws(BigQueryFailure) -> (byTarget: [Int: [Int]], sources: Set<Int>) {
        guard let join = merge.join else { return ([:], []) }
        var (targets, sources): ([Int], [Int]) = ([], [])
        for pair in join {
            targets.append(try index(pair.target, in: target))
            sources.append(try index(pair.source, in: source))
        }
        func key(_ row: [BigQueryValue], _ places: [Int]) -> [String]? {
            places.contains { row[$0] == .null } ? nil : places.map { row[$0].joinKey }
        }
        var bySource: [[String]: [Int]] = [:]
        for (at, row) in source.rows.enumerated() {
            if let key = key(row, sources) { bySource[key, default: []].append(at) }
        }
        var result: (byTarget: [Int: [Int]], sources: Set<Int>) = ([:], [])
        for (at, row) in target.rows.enumerated() {
            guard let key = key(row, targets), let found = bySource[key] else { continue }
            result.byTarget[at] = found
            result.sources.formUnion(found)
        }
        return result
    }

    /// The action of the first clause of a kind whose condition holds.
    private func first(
        _ merge: BigQueryStatement.Merge, _ kind: BigQueryStatement.Merge.Kind, _ row: Row, _ scope: Scope
    ) throws(BigQueryFailure) -> BigQueryStatement.Merge.Action? {
        for clause in merge.clauses where clause.kind == kind {
            if try holds(clause.condition, row, scope) { return clause.action }
        }
        return nil
    }

    private func updated(
        _ row: [BigQueryValue], _ sets: [(column: String, value: BigQueryOperand)], _ pair: Row, _ scope: Scope
    ) throws(BigQueryFailure) -> [BigQueryValue] {
        var row = row
        for (column, operand) in sets { row[try index(column, in: scope.target)] = try value(operand, pair, scope) }
        try check(row, scope.target)
        return row
    }

    private func check(_ row: [BigQueryValue], _ table: BigQueryTable) throws(BigQueryFailure) {
        for (field, value) in zip(table.fields, row) where field.isRequired && value == .null {
            throw .query("Required field \(field.name) cannot be null")
        }
    }

    // MARK: Values

    private struct Scope {
        var target: BigQueryTable
        var source: BigQueryTable?
        var targetAlias: String
        var sourceAlias: String
    }

    private func value(
        _ operand: BigQueryOperand, _ row: Row, _ scope: Scope
    ) throws(BigQueryFailure) -> BigQueryValue {
        switch operand {
        case .literal(let value): return value
        case .parameter(let name):
            guard let value = values[name] else { throw .query("Query parameter '\(name)' not found") }
            return value
        case .column(let alias, let name):
            if alias == nil || alias == scope.targetAlias, let cells = row.target {
                return cells[try index(name, in: scope.target)]
            }
            guard let source = scope.source, alias == scope.sourceAlias, let cells = row.source else {
                throw .query("Unrecognized name: \(alias.map { "\($0)." } ?? "")\(name)")
            }
            return cells[try index(name, in: source)]
        }
    }

    private func holds(
        _ condition: BigQueryCondition?, _ row: Row, _ scope: Scope
    ) throws(BigQueryFailure) -> Bool {
        guard let condition else { return true }
        return try truth(condition, row, scope) ?? false
    }

    /// True, false, or SQL's unknown.
    private func truth(_ condition: BigQueryCondition, _ row: Row, _ scope: Scope) throws(BigQueryFailure) -> Bool? {
        switch condition {
        case .isNull(let operand, let isNegated): return try (value(operand, row, scope) == .null) != isNegated
        case .isIn(let operand, let list):
            guard let items = lists[list] else { throw .query("Query parameter '\(list)' not found") }
            let value = try value(operand, row, scope)
            return value == .null ? nil : items.contains { $0 != .null && $0.order(value) == 0 }
        case .compare(let left, let relation, let right):
            let (a, b) = (try value(left, row, scope), try value(right, row, scope))
            guard a != .null, b != .null else { return nil }
            guard let order = a.order(b) else {
                throw .query("No matching signature for operator \(relation)")
            }
            switch relation {
            case "=": return order == 0
            case "<": return order < 0
            case "<=": return order <= 0
            case ">": return order > 0
            case ">=": return order >= 0
            default: return order != 0
            }
        case .and(let left, let right):
            let (a, b) = (try truth(left, row, scope), try truth(right, row, scope))
            return a == false || b == false ? false : a == nil || b == nil ? nil : true
        case .or(let left, let right):
            let (a, b) = (try truth(left, row, scope), try truth(right, row, scope))
            return a == true || b == true ? true : a == nil || b == nil ? nil : false
        case .not(let inner): return try truth(inner, row, scope).map { !$0 }
        }
    }
}
