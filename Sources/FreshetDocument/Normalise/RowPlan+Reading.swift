import FreshetCore

extension RowPlan {
    /// Reads every path of a specification.
    init(_ spec: TableSpec, at index: Int) throws(NormaliserError) {
        self.spec = index
        name = spec.name
        nested = spec.nested
        primaryKey = spec.primaryKey
        mapKey = spec.mapKey
        guard case .path(let rows) = spec.rows else {
            isAuto = true
            return
        }
        isAuto = false
        steps = try Self.steps(rows, of: spec)
        for (name, source) in spec.parent {
            parents.append((name, try copySource(source, of: name, in: spec)))
        }
        for (place, text) in spec.exclude.enumerated() {
            let path = try Self.path(text, of: spec, field: "exclude[\(place)]")
            let hasIndex = path.segments.contains { if case .index = $0.selector { true } else { false } }
            guard !path.isRoot, !hasIndex else {
                throw NormaliserError(
                    table: spec.name, field: "exclude[\(place)]",
                    reason: "\(text) must name members of the row, such as $.user or $.items[*].note.")
            }
            excluded.append(path.segments)
        }
        for column in spec.columns { try add(column, of: spec) }
    }

    private static func steps(_ text: String, of spec: TableSpec) throws(NormaliserError) -> [Step] {
        var parser = JSONPathParser(text)
        let segments: [JSONPath.Segment]
        do {
            segments = try parser.segments()
        } catch {
            throw NormaliserError(table: spec.name, field: "rows", reason: "\(error)")
        }
        guard segments.lazy.filter(\.descends).count <= 1 else {
            throw NormaliserError(
                table: spec.name, field: "rows", reason: "\(text) has more than one \"..\"; name the members instead.")
        }
        return zip(segments, parser.isBracketed).map { Step(segment: $0, opensObjects: !$1) }
    }

    private static func path(_ text: String, of spec: TableSpec, field: String) throws(NormaliserError) -> JSONPath {
        do {
            return try JSONPath(text)
        } catch {
            throw NormaliserError(table: spec.name, field: field, reason: "\(error)")
        }
    }

    // MARK: Copied columns

    private func copySource(
        _ text: String, of name: String, in spec: TableSpec
    ) throws(NormaliserError) -> Source {
        let field = "parent.\(name)"
        if text == "{fetched_at}" { return .fetchedAt }
        if text.hasPrefix("{"), text.hasSuffix("}"), text.count > 2 {
            return .parameter(String(text.dropFirst().dropLast()))
        }
        let path = try Self.path(text, of: spec, field: field)
        var depth = 0
        while depth < path.segments.count, depth < steps.count, path.segments[depth] == steps[depth].segment {
            depth += 1
        }
        let rest = JSONPath(segments: Array(path.segments[depth...]))
        guard rest.isSingular else {
            throw NormaliserError(
                table: spec.name, field: field,
                reason: "\(text) can select several values; only the * of the path of the rows may stand in it.")
        }
        if rest.isRoot, depth > 0, steps[depth - 1].segment.selector == .any { return .place(depth: depth) }
        return .path(depth: depth, rest: rest)
    }

    // MARK: Declared columns

    private mutating func add(_ column: ColumnSpec, of spec: TableSpec) throws(NormaliserError) {
        let field = "columns.\(column.name)"
        // A column that is copied from around the row or from the name of the member is declared there.
        let isCopied = parents.contains { $0.name == column.name } || mapKey == column.name
        if isCopied, column.path == "$.\(column.name)" { return }
        let path = try Self.path(column.path, of: spec, field: field)
        guard path.isSingular else {
            throw NormaliserError(
                table: spec.name, field: field, reason: "\(column.path) can select several values of a row.")
        }
        let names = path.segments.compactMap { (segment) -> [UInt8]? in
            if case .name(let name) = segment.selector { Array(name.utf8) } else { nil }
        }
        // A scalar row stands in the column that a member `value` has.
        let place = path.isRoot && column.type != .json ? [Array("value".utf8)] : names
        let isWalked =
            !place.isEmpty && names.count == path.segments.count && self.column(at: place) == nil
            && !(1..<place.count).contains {
                excludes(Array(place[..<$0])) || self.column(at: Array(place[..<$0])) != nil
            }
        if isWalked {
            members.append(Member(name: column.name, path: place, isRow: path.isRoot))
        } else {
            computed.append(Computed(name: column.name, path: path))
        }
    }

    /// Notes what the other tables take.
    mutating func leave(_ others: [RowPlan]) {
        for other in others where other.spec != spec && !other.isAuto {
            guard var pattern = other.pattern, !pattern.isEmpty else { continue }
            if pattern.last == .some(nil) {
                pattern.removeLast()
                taken.insert(pattern)
            } else {
                takenArrays.insert(pattern)
            }
        }
    }
}
