import FreshetCore

extension RowWalk {
    // MARK: Tables

    /// Adds the table of a plan.
    mutating func addRoot(_ plan: Int) {
        let name = plans[plan].name
        let pattern = RowPattern(fromRow: [], fromDocument: plans[plan].isAuto ? [] : plans[plan].pattern)
        tables.append(RowTable(plan: plan, path: [name], fullName: name, pattern: pattern, level: 1, parent: -1))
        if !plans[plan].isAuto { addDeclaredKeys(to: plan) }
    }

    /// Adds a column that identifies rows.
    mutating func addKey(_ role: SeenColumn.Role, named name: String, to table: Int) -> Int {
        let kinds: SeenKinds =
            switch role {
            case .index: .integer
            case .mapKey: .text
            default: []
            }
        tables[table].columns.append(SeenColumn(path: ["<\(name)>"], name: name, role: role, kinds: kinds))
        tables[table].keyCount += 1
        return tables[table].columns.count - 1
    }

    private mutating func addChild(
        of parent: Int, path: [String], suffix: String, steps: [[UInt8]?], isMap: Bool
    ) -> Int {
        let above = tables[parent]
        var child = RowTable(
            plan: above.plan, path: above.path + path, fullName: above.fullName + suffix,
            pattern: above.pattern.appending(steps), level: above.level + 1, parent: parent)
        let names = carriedColumns(of: parent)
        child.carry = Array(0...names.count)
        let index = tables.count
        tables.append(child)
        for (name, role) in names { _ = addKey(role, named: name, to: index) }
        tables[index].indexColumn = addKey(.index(level: above.level), named: "_i\(above.level)", to: index)
        if isMap { tables[index].mapKeyColumn = addKey(.mapKey, named: "_map_key", to: index) }
        return index
    }

    /// What the rows of a child begin with: the columns that identify the row above.
    private func carriedColumns(of parent: Int) -> [(name: String, role: SeenColumn.Role)] {
        let plan = plans[tables[parent].plan]
        let isDeclaredRoot = !plan.isAuto && tables[parent].parent < 0
        if isDeclaredRoot, !plan.primaryKey.isEmpty { return plan.primaryKey.map { ("_parent_\($0)", .parent) } }
        return tables[parent].carry.map { (tables[parent].columns[$0].name, tables[parent].columns[$0].role) }
    }

    mutating func arrayTable(of entry: Int32, in table: Int) -> Int {
        let known = trie.entries[Int(entry)].arrayTable
        if known >= 0 { return Int(known) }
        let child = addChild(of: table, at: entry, isMap: false)
        trie.entries[Int(entry)].arrayTable = Int32(child)
        return child
    }

    mutating func mapTable(of entry: Int32, in table: Int) -> Int {
        let known = trie.entries[Int(entry)].mapTable
        if known >= 0 { return Int(known) }
        let child = addChild(of: table, at: entry, isMap: true)
        trie.entries[Int(entry)].mapTable = Int32(child)
        return child
    }

    private mutating func addChild(of table: Int, at entry: Int32, isMap: Bool) -> Int {
        let names = trie.path(of: entry).map { trie.nameBytes(of: $0) }
        let texts = names.map { String(decoding: $0, as: UTF8.self) }
        let suffix = texts.reduce(into: "") { $0 += "__" + TableNames.snake($1) }
        let path = texts.map(PathName.part) + [isMap ? PathName.members : PathName.elements]
        return addChild(of: table, path: path, suffix: suffix, steps: names + [nil], isMap: isMap)
    }

    mutating func listTable(of table: Int) -> Int {
        if tables[table].listTable < 0 {
            tables[table].listTable = addChild(
                of: table, path: [PathName.elements], suffix: "__list", steps: [nil], isMap: false)
        }
        return tables[table].listTable
    }

    mutating func mapTable(of table: Int) -> Int {
        if tables[table].mapTable < 0 {
            tables[table].mapTable = addChild(
                of: table, path: [PathName.members], suffix: "__map", steps: [nil], isMap: true)
        }
        return tables[table].mapTable
    }

    // MARK: Members

    mutating func rootNode(of table: Int) -> Int32 {
        if tables[table].node < 0 { tables[table].node = trie.addNode(table: table, parent: -1) }
        return tables[table].node
    }

    mutating func node(of entry: Int32, in table: Int) -> Int32 {
        let known = trie.entries[Int(entry)].child
        if known >= 0 { return known }
        let node = trie.addNode(table: table, parent: entry)
        trie.entries[Int(entry)].child = node
        return node
    }

    /// The entry of a scalar row: that of a member `value`.
    mutating func valueEntry(of table: Int) -> Int32 {
        if tables[table].valueEntry >= 0 { return tables[table].valueEntry }
        let node = rootNode(of: table)
        let name = Array("value".utf8)
        let entry = name.withUnsafeBufferPointer { trie.find($0, in: node) ?? addEntry($0, to: node, of: table) }
        tables[table].valueEntry = entry
        return entry
    }

    /// Adds a member that was not seen before, with what its plan says about it.
    mutating func addEntry(_ name: UnsafeBufferPointer<UInt8>, to node: Int32, of table: Int) -> Int32 {
        let entry = trie.add(name, to: node)
        tables[table].members += 1
        let plan = plans[tables[table].plan]
        if !plan.isAuto { trie.entries[Int(entry)].policy = policy(of: entry, plan: plan, table: table) }
        return entry
    }

    private func policy(of entry: Int32, plan: RowPlan, table: Int) -> RowTrie.Policy {
        let names: [[UInt8]?] = trie.path(of: entry).map { trie.nameBytes(of: $0) }
        let place = tables[table].pattern.appending(names)
        var policy: RowTrie.Policy = []
        if plan.column(at: place.fromRow) != nil { return .isDeclared }
        if plan.excludes(place.fromRow) || plan.excludes(place.fromRow + [nil]) { return .excluded }
        switch plan.nested {
        case .rows: break
        case .json: policy.insert(.keepsArrays)
        case .ignore: policy.insert(.dropsArrays)
        }
        guard let place = place.fromDocument else { return policy }
        if plan.taken.contains(place) { return .excluded }
        if plan.takenArrays.contains(place) {
            policy.remove(.keepsArrays)
            policy.insert(.dropsArrays)
        }
        return policy
    }

    // MARK: Columns

    /// Adds the column of a member of the row in progress.
    mutating func addColumn(of entry: Int32, to table: Int) -> Int {
        let names = trie.path(of: entry).map { trie.nameBytes(of: $0) }
        let texts = names.map { String(decoding: $0, as: UTF8.self) }
        let plan = plans[tables[table].plan]
        var name = TableNames.cut(TableNames.column(texts))
        var path = texts.map(PathName.part)
        if !plan.isAuto, tables[table].parent < 0 {
            if let declared = plan.column(at: names) {
                // Declared columns are known by their paths as they are declared.
                (name, path) = (declared.name, declared.isRow ? [] : texts)
            } else if plan.declaredNames.contains(name) {
                name = TableNames.cut(name + "_2")
            }
        }
        let column = addColumn(SeenColumn(path: path, name: name), to: table)
        trie.entries[Int(entry)].column = Int32(column)
        return column
    }

    /// Adds a column, and its cell to the row in progress.
    mutating func addColumn(_ column: SeenColumn, to table: Int) -> Int {
        let index = tables[table].columns.count
        tables[table].columns.append(column)
        row.append(.null)
        notePrimaryKey(column.name, index, of: table)
        return index
    }

    /// Remembers where a column of the primary key is, so that child rows can copy it.
    func primaryPlace(_ name: String, of table: Int) -> Int? {
        let plan = plans[tables[table].plan]
        guard !plan.isAuto, tables[table].parent < 0 else { return nil }
        return plan.primaryKey.firstIndex(of: name)
    }

    mutating func notePrimaryKey(_ name: String, _ column: Int, of table: Int) {
        if let place = primaryPlace(name, of: table) { tables[table].carry[place] = column }
    }

    /// Gives copied key columns the kinds of the columns they were copied from.
    mutating func settleCarriedKinds() {
        for table in tables.indices where tables[table].parent >= 0 {
            let above = tables[table].parent
            for (place, column) in tables[above].carry.enumerated() where column >= 0 {
                tables[table].columns[place].kinds.formUnion(tables[above].columns[column].kinds)
            }
        }
    }
}
