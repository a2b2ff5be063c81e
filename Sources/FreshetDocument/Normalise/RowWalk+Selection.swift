import FreshetCore

extension RowWalk {
    /// The way to a selected row.
    struct Trail {
        /// The document, then what each step of the path selected.
        var values = [0]
        /// What each step chose among: a position in an array, or the key word of a member.
        var places: [Place?] = []

        func appending(_ value: Int, _ place: Place? = nil) -> Trail {
            Trail(values: values + [value], places: places + [place])
        }
    }

    /// What `*` chose.
    enum Place {
        case position(Int)
        case key(Int)
    }

    /// Adds the columns that a declaration puts into every row.
    mutating func addDeclaredKeys(to table: Int) {
        let plan = plans[table]
        let isSingle = plan.steps.allSatisfy { !$0.segment.descends && $0.segment.selector != .any }
        tables[table].carry = plan.primaryKey.map { _ in -1 }
        if plan.primaryKey.isEmpty, !isSingle { addRowIndex(to: table) }
        if let name = plan.mapKey {
            tables[table].mapKeyColumn = addKey(.mapKey, named: name, to: table)
            notePrimaryKey(name, tables[table].mapKeyColumn, of: table)
        }
        for (name, _) in plan.parents { notePrimaryKey(name, addKey(.parent, named: name, to: table), of: table) }
    }

    private mutating func addRowIndex(to table: Int) {
        tables[table].indexColumn = addKey(.index(level: 0), named: "_i0", to: table)
        tables[table].carry = [tables[table].indexColumn]
    }

    /// Makes the rows that a declared path selects.
    mutating func emitSelection(of plan: Int) {
        var copies = Copies(count: plans[plan].parents.count)
        for (index, parent) in plans[plan].parents.enumerated() { copies.cells[index] = constant(parent.source) }
        visit(0, Trail(), plan: plan, copies: &copies)
    }

    // MARK: Steps

    private mutating func visit(_ step: Int, _ trail: Trail, plan: Int, copies: inout Copies) {
        let value = trail.values[step]
        guard step < plans[plan].steps.count else { return emitValue(trail, plan: plan, copies: &copies) }
        let segment = plans[plan].steps[step].segment
        if segment.descends {
            for found in descendants(segment, of: value) {
                visit(step + 1, trail.appending(found), plan: plan, copies: &copies)
            }
            return
        }
        switch segment.selector {
        case .name, .index:
            let path = JSONPath(segments: [segment])
            guard let found = path.first(in: JSONValue(tape: tape, index: value)) else { return }
            visit(step + 1, trail.appending(found.index), plan: plan, copies: &copies)
        case .any: visitAll(step, trail, plan: plan, copies: &copies)
        }
    }

    private mutating func visitAll(_ step: Int, _ trail: Trail, plan: Int, copies: inout Copies) {
        let value = trail.values[step]
        let isLast = step == plans[plan].steps.count - 1
        let opensObjects = plans[plan].steps[step].opensObjects || (isLast && plans[plan].mapKey != nil)
        switch words[value].kind {
        case .array:
            if isLast { tables[plan].reserve(words[value].length) }
            var (element, position) = (value + 2, 0)
            while element < words[value + 1].endOnTape {
                visit(step + 1, trail.appending(element, .position(position)), plan: plan, copies: &copies)
                (element, position) = (next(after: element), position + 1)
            }
        case .object where opensObjects:
            for key in distinctMembers(of: value) {
                visit(step + 1, trail.appending(key + 1, .key(key)), plan: plan, copies: &copies)
            }
        case .null: return
        default:
            // One thing where several were expected: it is taken as a list of one.
            visit(step + 1, trail.appending(value, .position(0)), plan: plan, copies: &copies)
        }
    }

    private func descendants(_ segment: JSONPath.Segment, of value: Int) -> [Int] {
        JSONPath(segments: [segment]).matches(in: JSONValue(tape: tape, index: value)).map(\.index)
    }

    // MARK: Rows

    /// Makes the row of a selected value, or one of each element where a path without `*` selects an array.
    private mutating func emitValue(_ trail: Trail, plan: Int, copies: inout Copies) {
        guard let value = trail.values.last else { return }
        let isEach = plans[plan].steps.last.map { $0.segment.selector == .any || $0.segment.descends } ?? false
        guard !isEach else { return emitRow(value, trail, plan: plan, copies: &copies) }
        switch words[value].kind {
        case .null: return
        case .array:
            if plans[plan].primaryKey.isEmpty, tables[plan].indexColumn < 0 { addRowIndex(to: plan) }
            tables[plan].reserve(words[value].length)
            var element = value + 2
            while element < words[value + 1].endOnTape {
                emitRow(element, trail, plan: plan, copies: &copies)
                element = next(after: element)
            }
        default: emitRow(value, trail, plan: plan, copies: &copies)
        }
    }

    private mutating func emitRow(_ value: Int, _ trail: Trail, plan: Int, copies: inout Copies) {
        begin(plan, position: tables[plan].count)
        if case .key(let key)?? = trail.places.last { setMapKey(key, of: plan) }
        let first = tables[plan].keyCount - copies.cells.count
        for index in copies.cells.indices {
            let (cell, kinds) = copy(index, trail, plan: plan, copies: &copies)
            row[first + index] = cell
            tables[plan].columns[first + index].kinds.insert(kinds)
        }
        emit(value, to: plan)
        drain()
    }

    // MARK: Copied columns

    /// The cells of copied columns, and what they were made from last: many rows share what is around them.
    struct Copies {
        var cells: [(cell: Cell, kinds: SeenKinds)]
        var origins: [Int]

        init(count: Int) {
            cells = Array(repeating: (.null, []), count: count)
            origins = Array(repeating: -1, count: count)
        }
    }

    /// The cell of a source that is the same in all rows.
    private mutating func constant(_ source: TablePlan.Source) -> (Cell, SeenKinds) {
        switch source {
        case .fetchedAt:
            let micros = facts.fetchedAt.microseconds
            let seconds = facts.fetchedAt.seconds
            let nanoseconds = UInt32(truncatingIfNeeded: (micros - seconds * 1_000_000) * 1_000)
            return (Cell(kind: .timestamp, extra: nanoseconds, payload: seconds), .timestamp)
        case .parameter(let name):
            guard let text = facts.parameters[name] ?? (name == "key" ? facts.key : nil) else { return (.null, .null) }
            let start = scratch.count
            scratch.append(contentsOf: text.utf8)
            return (.range(.text, offset: start, length: scratch.count - start, inScratch: true), .text)
        case .path, .place: return (.null, [])
        }
    }

    private mutating func copy(
        _ index: Int, _ trail: Trail, plan: Int, copies: inout Copies
    ) -> (Cell, SeenKinds) {
        switch plans[plan].parents[index].source {
        case .fetchedAt, .parameter: break
        case .place(let depth):
            switch trail.places[depth - 1] {
            case .position(let position): return (Cell(kind: .integer, payload: Int64(position)), .integer)
            case .key(let key): return (textCell(words[key]), .text)
            case nil: return (.null, .null)
            }
        case .path(let depth, let rest):
            let origin = trail.values[depth]
            guard copies.origins[index] != origin else { break }
            copies.origins[index] = origin
            copies.cells[index] = value(at: rest, from: origin)
        }
        return copies.cells[index]
    }

    /// What a path finds, as a cell.
    private mutating func value(at path: JSONPath, from index: Int) -> (cell: Cell, kinds: SeenKinds) {
        guard let found = path.first(in: JSONValue(tape: tape, index: index)) else { return (.null, .null) }
        let word = words[found.index]
        guard word.kind.isContainer else {
            let (cell, kinds, _) = scalar(word)
            return (cell, kinds)
        }
        let range = found.byteRange
        return (.range(.json, offset: range.lowerBound, length: range.count, inScratch: false), .json)
    }

    // MARK: Computed columns

    /// Sets the declared columns of the row in progress that cannot be met on the way.
    mutating func compute(_ index: Int, of table: Int) {
        let plan = plans[tables[table].plan]
        for column in plan.computed {
            let (cell, kinds) = value(at: column.path, from: index)
            let path = ["<\(column.path)>"]
            let known = tables[table].columns.firstIndex { $0.path == path && $0.name == column.name }
            let place = known ?? addColumn(SeenColumn(path: path, name: column.name), to: table)
            row[place] = cell
            tables[table].columns[place].kinds.insert(kinds)
        }
    }
}
