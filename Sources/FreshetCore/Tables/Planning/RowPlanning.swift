/// The work of ``TablePlanner`` on one table: column by column, so that each loop knows its type.
struct RowPlanning {
    /// Where the values of a seen column go.
    enum Slot {
        /// Into this column of the schema.
        case column(Int)
        /// Nowhere; each is counted.
        case dropped
        /// Nowhere, and a row that has one is refused.
        case refused
    }

    let rows: TableRows
    let reader: CellReader
    let context: TablePlanner.Context
    var schema: TableSchema
    var changes: [SchemaChange] = []
    var effect: TableEffect
    var buffers: CellBuffers
    var slots: [Slot] = []
    var columns: [[Cell]] = []
    /// The first reason for which a row is refused.
    var refusals: [Int: (reason: String, column: String?)] = [:]
    var keyColumns: [Int] = []
    /// Made when the first new column needs a name.
    private var names: ColumnNames?

    var spec: TableSpec { context.rules.spec }
    var isRoot: Bool { rows.path.count == 1 }

    init(
        rows: TableRows, document: DocumentRows, reader: CellReader, context: TablePlanner.Context, name: String,
        effect: TableEffect
    ) {
        self.rows = rows
        self.reader = reader
        self.context = context
        self.effect = effect
        buffers = CellBuffers(document)
        let declaration = SchemaDeclaration(dataset: context.dataset, rules: context.rules)
        schema = context.current?.schema ?? declaration.newSchema(name: name, path: rows.path)
    }

    mutating func run() throws(TableStop) -> FittedRows {
        let declaration = SchemaDeclaration(dataset: context.dataset, rules: context.rules)
        if context.current == nil {
            changes.append(.created)
        } else if context.comparesDeclaration {
            changes += try declaration.apply(to: &schema)
        }
        try resolveColumns(declaration)
        try settleKey()
        columns = [[Cell]](repeating: [], count: schema.columns.count)
        for (index, slot) in slots.enumerated() { try fit(index, slot) }
        guard schema.columns.count <= TablePlanner.columnLimit else {
            throw .tooManyColumns(table: schema.name, count: schema.columns.count)
        }
        refuseMissing()
        try refuseByChecks()
        return finish()
    }

    // MARK: Columns

    private mutating func resolveColumns(_ declaration: SchemaDeclaration) throws(TableStop) {
        // The layout's indexes stay true: declarations only add columns behind the others.
        let layout = context.current
        var added: [ColumnIdentity: Int] = [:]
        slots.reserveCapacity(rows.columns.count)
        for (index, column) in rows.columns.enumerated() {
            let declared = isRoot ? context.rules.declaration(of: column) : nil
            if let declared {
                let name = spec.columns[declared].name
                if let known = layout?.byName[name] ?? schema.columns.firstIndex(where: { $0.name == name }) {
                    slots.append(.column(known))
                    continue
                }
            } else if let known = layout?.byIdentity[column.identity] ?? added[column.identity] {
                slots.append(.column(known))
                continue
            }
            let slot = try newColumn(index, declared, declaration)
            if case .column(let place) = slot { added[column.identity] = place }
            slots.append(slot)
        }
        guard context.current == nil, isRoot else { return }
        for declared in spec.columns {
            guard let type = declared.type, !schema.columns.contains(where: { $0.name == declared.name }) else {
                continue
            }
            schema.columns.append(declaration.column(declared, type: type, role: nil))
        }
    }

    private mutating func newColumn(
        _ index: Int, _ declared: Int?, _ declaration: SchemaDeclaration
    ) throws(TableStop) -> Slot {
        let column = rows.columns[index]
        if declared == nil, context.current?.withheld.contains(column.path) ?? false { return .dropped }
        let spec = declared.map { self.spec.columns[$0] }
        let root = rootKeyColumn(of: index)
        guard let type = spec?.type ?? root?.type ?? Self.type(of: kinds(of: index)) else { return .dropped }
        if context.hasTakenRows, declared == nil, column.role == .value {
            switch self.spec.contract.columns {
            case .evolve: break
            case .discardValue: return .dropped
            case .discardRow: return .refused
            case .freeze:
                throw .frozen(
                    context.dataset, table: schema.name, what: "the new column \(column.name)", key: "columns")
            }
        }
        if let spec {
            var made = declaration.column(spec, type: type, role: column.roleName)
            if column.role != .value { made.path = column.path }
            _ = claim(made.name)
            schema.columns.append(made)
        } else {
            var made = ColumnSchema(
                name: claim(column.name), path: column.path, type: type, role: column.roleName)
            if let root {
                (made.type, made.format, made.digits) = (root.type, root.format, root.digits)
                made.isDeclared = root.isDeclared
            }
            schema.columns.append(made)
        }
        if let made = schema.columns.last, context.current != nil { changes.append(.addedColumn(made.name)) }
        return .column(schema.columns.count - 1)
    }

    private mutating func claim(_ proposal: String) -> String {
        var names = self.names ?? ColumnNames(schema.columns)
        defer { self.names = names }
        return names.claim(proposal)
    }

    /// The key column of the declared table above that a column of a child table repeats: it has the same type.
    ///
    /// A child's row begins with the key of the rows around it, the outermost first.
    private func rootKeyColumn(of index: Int) -> ColumnSchema? {
        guard !isRoot, let root = context.root?.schema, rows.columns[index].role != .value else { return nil }
        let place = rows.columns[..<index].count { $0.role != .value }
        return place < root.key.count ? root.column(root.key[place]) : nil
    }

    /// What a column was seen to hold, values that mean "nothing" aside.
    private func kinds(of index: Int) -> SeenKinds {
        let column = rows.columns[index]
        let absent = absentValues(of: index)
        guard !absent.isEmpty else { return column.kinds }
        var (kinds, at) = (SeenKinds(), index)
        while at < rows.cells.count {
            let cell = rows.cells[at]
            if !reader.isAbsent(cell, in: absent) { kinds.formUnion(reader.kinds(of: cell)) }
            at += rows.columns.count
        }
        return kinds
    }

    func absentValues(of index: Int) -> AbsentValues {
        guard rows.columns[index].role == .value else { return .none }
        guard isRoot, let declared = context.rules.declaration(of: rows.columns[index]) else {
            return context.rules.absent
        }
        return context.rules.absentByColumn[declared]
    }

    /// The type of a column that holds these kinds; `nil` when it holds nothing.
    static func type(of kinds: SeenKinds) -> ColumnType? {
        let kinds = kinds.subtracting(.null)
        if kinds.isEmpty { return nil }
        if kinds.contains(.json) { return .json }
        if kinds == .integer { return .integer }
        if kinds.isSubset(of: [.integer, .number]) { return .decimal }
        return switch kinds {
        case .boolean: .boolean
        case .timestamp: .timestamp
        case .date: .date
        default: .text
        }
    }

    // MARK: Key

    /// Finds the columns that identify a row, and holds them against those that the table was made with.
    private mutating func settleKey() throws(TableStop) {
        guard schema.disposition != .append else { return }
        var key: [String] = []
        if isRoot, !spec.primaryKey.isEmpty {
            key = spec.primaryKey
        } else {
            // The members of a map have a place, which their children repeat; their names identify them only without it.
            let hasIndex = rows.columns.contains { if case .index = $0.role { true } else { false } }
            for (index, column) in rows.columns.enumerated() {
                let isKey =
                    switch column.role {
                    case .value: false
                    case .parent: !isRoot
                    case .index: true
                    case .mapKey: !hasIndex
                    }
                guard isKey, case .column(let place) = slots[index] else { continue }
                key.append(schema.columns[place].name)
            }
        }
        if context.current == nil {
            schema.key = key
        } else if key != schema.key, rows.count > 0 || (isRoot && !spec.primaryKey.isEmpty) {
            throw TablePlanner.keyChanged(context.dataset, schema, key)
        }
        for name in schema.key {
            // A key column that no row of the first document has: the rows are refused one by one.
            guard let place = schema.columns.firstIndex(where: { $0.name == name }) else { continue }
            keyColumns.append(place)
        }
    }

    // MARK: Fitting

    private mutating func fit(_ index: Int, _ slot: Slot) throws(TableStop) {
        let absent = absentValues(of: index)
        switch slot {
        case .column(let place): try fit(index, into: place, absent)
        case .dropped, .refused:
            let isRefused = if case .refused = slot { true } else { false }
            for row in 0..<rows.count {
                let cell = rows.cells[row * rows.columns.count + index]
                guard cell.kind != .null, !reader.isAbsent(cell, in: absent) else { continue }
                if isRefused {
                    refuse(row, "new-column", rows.columns[index].name)
                } else {
                    effect.discarded += 1
                }
            }
        }
    }

    private mutating func fit(_ index: Int, into place: Int, _ absent: AbsentValues) throws(TableStop) {
        let column = schema.columns[place]
        // The first rows of a table make its types; afterwards the contract says what may change.
        let mayWiden = !context.hasTakenRows || spec.contract.types == .evolve
        var (misfits, cells) = ([Int](), [Cell](repeating: .null, count: rows.count))
        var fitter = CellFitter(column, mayWiden: mayWiden)
        loop(index, absent, &fitter, &cells, &misfits)
        if fitter.wantsDecimal {
            schema.columns[place].type = .decimal
            changes.append(.widenedColumn(column.name, from: .integer, to: .decimal))
            fitter = CellFitter(column, as: .decimal, mayWiden: mayWiden)
            misfits = []
            loop(index, absent, &fitter, &cells, &misfits)
        }
        if column.type == .timestamp, fitter.digits > column.digits {
            schema.columns[place].digits = fitter.digits
            if context.current != nil {
                changes.append(.widenedColumn(column.name, from: .timestamp, to: .timestamp))
            }
        }
        columns[place] = cells
        if !misfits.isEmpty { try meet(misfits, of: index, place) }
    }

    @inline(__always)
    private mutating func loop(
        _ index: Int, _ absent: AbsentValues, _ fitter: inout CellFitter, _ cells: inout [Cell], _ misfits: inout [Int]
    ) {
        let (width, hasAbsent) = (rows.columns.count, !absent.isEmpty)
        rows.cells.withUnsafeBufferPointer { source in
            cells.withUnsafeMutableBufferPointer { target in
                var at = index
                for row in 0..<target.count {
                    let cell = source[at]
                    at &+= width
                    if hasAbsent, reader.isAbsent(cell, in: absent) { continue }
                    if let fitted = fitter.fit(cell, reader, &buffers.fitted) {
                        target[row] = fitted
                    } else {
                        target[row] = .null
                        misfits.append(row)
                    }
                }
            }
        }
    }

    /// Meets values that do not fit their column as the contract says.
    private mutating func meet(_ misfits: [Int], of index: Int, _ place: Int) throws(TableStop) {
        let column = schema.columns[place]
        if column.isRequired || keyColumns.contains(place) {
            for row in misfits { refuse(row, "type", column.name) }
            return
        }
        switch spec.contract.types {
        case .freeze:
            throw .frozen(
                context.dataset, table: schema.name,
                what: "a value that is no \(column.type.rawValue) in the column "
                    + column.name, key: "types")
        case .discardRow: for row in misfits { refuse(row, "type", column.name) }
        case .discardValue: effect.discarded += misfits.count
        case .evolve:
            let variant = variantPlace(of: column.name)
            if columns[variant].isEmpty { columns[variant] = [Cell](repeating: .null, count: rows.count) }
            for row in misfits {
                let cell = rows.cells[row * rows.columns.count + index]
                columns[variant][row] = CellFitter.text(cell, &buffers.fitted) ?? .null
            }
            effect.variants += misfits.count
        }
    }

    private mutating func variantPlace(of name: String) -> Int {
        if let known = schema.columns.firstIndex(where: { $0.variantOf == name }) { return known }
        schema.columns.append(
            ColumnSchema(name: claim(name + "__v_text"), path: [], type: .text, variantOf: name))
        columns.append([])
        if let made = schema.columns.last, context.current != nil { changes.append(.addedColumn(made.name)) }
        return schema.columns.count - 1
    }

    mutating func refuse(_ row: Int, _ reason: String, _ column: String?) {
        if refusals[row] == nil { refusals[row] = (reason, column) }
    }
}
