extension RowPlanning {
    /// Refuses rows without a value in a required or key column.
    mutating func refuseMissing() {
        var needed = keyColumns
        for (place, column) in schema.columns.enumerated() where column.isRequired && !needed.contains(place) {
            needed.append(place)
        }
        for place in needed {
            let cells = columns[place]
            for row in 0..<rows.count where cells.isEmpty || cells[row].kind == .null {
                refuse(row, "required", schema.columns[place].name)
            }
        }
        // A key column that neither this document nor the table has: nothing identifies the rows.
        for name in schema.key where !schema.columns.contains(where: { $0.name == name }) {
            for row in 0..<rows.count { refuse(row, "required", name) }
        }
    }

    /// Refuses rows that a declared condition forbids.
    mutating func refuseByChecks() throws(TableStop) {
        guard isRoot else { return }
        for check in spec.checks {
            guard let place = schema.columns.firstIndex(where: { $0.name == check.column }), !columns[place].isEmpty
            else { continue }
            guard let rule = CheckRule(check, column: schema.columns[place]) else {
                throw .incompatible(
                    context.dataset, table: schema.name,
                    what: "the check \(check.text) cannot be compared with the column's type, "
                        + schema.columns[place].type.rawValue)
            }
            for row in 0..<rows.count where !rule.holds(columns[place][row], buffers) {
                refuse(row, "check", check.column)
            }
        }
    }

    /// Refuses repeated keys, hashes what is left, and puts everything together.
    mutating func finish() -> FittedRows {
        if !changes.isEmpty { schema.version = context.current.map { $0.schema.version + 1 } ?? 1 }
        var fitted = FittedRows(schema: schema, buffers: buffers, effect: effect)
        fitted.columns = columns
        fitted.keyColumns = keyColumns
        refuseOrphans(fitted)
        // Places in a list never repeat; values of a document may.
        let mayRepeat = schema.disposition != .append && (!spec.primaryKey.isEmpty || !isRoot)
        if mayRepeat { refuseRepeated(fitted) }
        fitted.rows.reserveCapacity(rows.count)
        for row in 0..<rows.count where refusals.isEmpty || refusals[row] == nil { fitted.rows.append(row) }
        fitted.hashes = hashes(of: fitted.rows)
        if !rows.shapes.isEmpty { fitted.shapes = fitted.rows.map { rows.shapeOfRow[$0] } }
        for (row, refusal) in refusals.sorted(by: { $0.key < $1.key }) {
            fitted.rejects.append(
                RowReject(
                    index: row, reason: refusal.reason, column: refusal.column,
                    row: RowJSON.object(rows, row, reader)))
        }
        fitted.changes = changes
        fitted.effect = effect
        fitted.effect.rejected = refusals.count
        fitted.effect.duplicates = refusals.values.count { $0.reason == "duplicate-key" }
        fitted.effect.schemaVersion = schema.version
        fitted.effect.changes = changes
        return fitted
    }

    /// Refuses the child rows of refused rows.
    private mutating func refuseOrphans(_ fitted: FittedRows) {
        guard !isRoot, let root = context.root, schema.disposition != .append else { return }
        let count = root.schema.key.count
        guard count > 0, keyColumns.count > count else { return }
        for row in 0..<rows.count where refusals[row] == nil {
            if !root.keys.contains(fitted.key(of: row, first: count)) { refuse(row, "parent", nil) }
        }
    }

    /// The first row of a key stays; later ones are refused.
    private mutating func refuseRepeated(_ fitted: FittedRows) {
        var seen: Set<RowKey> = []
        seen.reserveCapacity(rows.count)
        for row in 0..<rows.count where refusals[row] == nil {
            if !seen.insert(fitted.key(of: row)).inserted { refuse(row, "duplicate-key", schema.key.last) }
        }
    }

    private func hashes(of accepted: [Int]) -> [UInt64] {
        var all = [UInt64](repeating: 0, count: rows.count)
        for (place, cells) in columns.enumerated() where !cells.isEmpty {
            let seed =
                if let layout = context.current, place < layout.seeds.count { layout.seeds[place] } else {
                    TableLayout.seed(schema.columns[place].name)
                }
            for row in 0..<rows.count where cells[row].kind != .null {
                all[row] &+= RowHash.mix(buffers.hash(cells[row]) ^ seed, RowHash.k3)
            }
        }
        if !rows.shapes.isEmpty {
            let shapes = rows.shapes.map { shape in
                shape.withUnsafeBytes { RowHash.hash($0, 0x7368_6170_65) }
            }
            for row in 0..<rows.count { all[row] &+= shapes[Int(rows.shapeOfRow[row])] }
        }
        return accepted.count == rows.count ? all : accepted.map { all[$0] }
    }
}
