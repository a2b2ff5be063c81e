import FreshetCore

extension RowWalk {
    /// The selection of a plan's rows as far as it is.
    struct Selection {
        let plan: Int
        /// The document, then what each step of the path selected.
        var values = [0]
        /// What each step chose among: a position in an array, or the key word of a member.
        var places: [Place?] = []
        /// The cells of copied columns, and what they were made from last: many rows share what is around them.
        var copies: [(cell: Cell, kinds: SeenKinds)]
        var origins: [Int]

        init(plan: Int, copies count: Int) {
            self.plan = plan
            copies = Array(repeating: (.null, []), count: count)
            origins = Array(repeating: -1, count: count)
        }

        /// Takes a step, does something there, and steps back.
        @inline(__always)
        mutating func step(to value: Int, _ place: Place? = nil, _ body: (inout Selection) -> Void) {
            values.append(value)
            places.append(place)
            body(&self)
            values.removeLast()
            places.removeLast()
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
        tables[table].parentColumn = tables[table].columns.count
        tables[table].computedColumns = plan.computed.map { _ in -1 }
        for (name, _) in plan.parents { notePrimaryKey(name, addKey(.parent, named: name, to: table), of: table) }
    }

    private mutating func addRowIndex(to table: Int) {
        tables[table].indexColumn = addKey(.index(level: 0), named: "_i0", to: table)
        tables[table].carry = [tables[table].indexColumn]
    }

    /// Makes the rows that a declared path selects.
    mutating func emitSelection(of plan: Int) {
        var selection = Selection(plan: plan, copies: plans[plan].parents.count)
        for index in selection.copies.indices {
            selection.copies[index] = constant(plans[plan].parents[index].source)
        }
        visit(0, &selection)
    }

    // MARK: Steps

    private mutating func visit(_ step: Int, _ selection: inout Selection) {
        let value = selection.values[step]
        guard step < plans[selection.plan].steps.count else { return emitValue(value, &selection) }
        let segment = plans[selection.plan].steps[step].segment
        if segment.descends {
            for found in descendants(segment, of: value) { selection.step(to: found) { visit(step + 1, &$0) } }
            return
        }
        switch segment.selector {
        case .name, .index:
            let path = JSONPath(segments: [segment])
            guard let found = path.first(in: JSONValue(tape: tape, index: value)) else { return }
            selection.step(to: found.index) { visit(step + 1, &$0) }
        case .any: visitAll(step, &selection)
        }
    }

    private mutating func visitAll(_ step: Int, _ selection: inout Selection) {
        let (plan, value) = (selection.plan, selection.values[step])
        let isLast = step == plans[plan].steps.count - 1
        let opensObjects = plans[plan].steps[step].opensObjects || (isLast && plans[plan].mapKey != nil)
        switch words[value].kind {
        case .array:
            if isLast { tables[plan].reserve(words[value].length) }
            let end = words[value + 1].endOnTape
            var (element, position) = (value + 2, 0)
            while element < end {
                selection.step(to: element, .position(position)) { visit(step + 1, &$0) }
                (element, position) = (next(after: element), position + 1)
            }
        case .object where opensObjects:
            for key in distinctMembers(of: value) {
                selection.step(to: key + 1, .key(key)) { visit(step + 1, &$0) }
            }
        case .null: return
        default:
            // One thing where several were expected: it is taken as a list of one.
            selection.step(to: value, .position(0)) { visit(step + 1, &$0) }
        }
    }

    private func descendants(_ segment: JSONPath.Segment, of value: Int) -> [Int] {
        JSONPath(segments: [segment]).matches(in: JSONValue(tape: tape, index: value)).map(\.index)
    }

    // MARK: Rows

    /// Makes the row of a selected value, or one of each element where a path without `*` selects an array.
    private mutating func emitValue(_ value: Int, _ selection: inout Selection) {
        let plan = selection.plan
        let isEach = plans[plan].steps.last.map { $0.segment.selector == .any || $0.segment.descends } ?? false
        guard !isEach else { return emitRow(value, &selection) }
        switch words[value].kind {
        case .null: return
        case .array:
            if plans[plan].primaryKey.isEmpty, tables[plan].indexColumn < 0 { addRowIndex(to: plan) }
            tables[plan].reserve(words[value].length)
            var element = value + 2
            while element < words[value + 1].endOnTape {
                emitRow(element, &selection)
                element = next(after: element)
            }
        default: emitRow(value, &selection)
        }
    }

    private mutating func emitRow(_ value: Int, _ selection: inout Selection) {
        let plan = selection.plan
        begin(plan, position: tables[plan].count)
        if case .key(let key)?? = selection.places.last { setMapKey(key, of: plan) }
        let first = tables[plan].parentColumn
        for index in selection.copies.indices {
            let (cell, kinds) = copy(index, &selection)
            row[first + index] = cell
            tables[plan].columns[first + index].kinds.insert(kinds)
        }
        emit(value, to: plan)
        drain()
    }

    // MARK: Copied columns

    /// The cell of a source that is the same in all rows.
    private mutating func constant(_ source: RowPlan.Source) -> (Cell, SeenKinds) {
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

    private mutating func copy(_ index: Int, _ selection: inout Selection) -> (Cell, SeenKinds) {
        switch plans[selection.plan].parents[index].source {
        case .fetchedAt, .parameter: break
        case .place(let depth):
            switch selection.places[depth - 1] {
            case .position(let position): return (Cell(kind: .integer, payload: Int64(position)), .integer)
            case .key(let key): return (textCell(words[key]), .text)
            case nil: return (.null, .null)
            }
        case .path(let depth, let rest):
            let origin = selection.values[depth]
            guard selection.origins[index] != origin else { break }
            selection.origins[index] = origin
            selection.copies[index] = value(at: rest, from: origin)
        }
        return selection.copies[index]
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
        let plan = tables[table].plan
        for place in plans[plan].computed.indices {
            let (cell, kinds) = value(at: plans[plan].computed[place].path, from: index)
            var column = tables[table].computedColumns[place]
            if column < 0 {
                guard cell.kind != .null else { continue }
                let computed = plans[plan].computed[place]
                column = addColumn(SeenColumn(path: ["<\(computed.path)>"], name: computed.name), to: table)
                tables[table].computedColumns[place] = column
            }
            row[column] = cell
            tables[table].columns[column].kinds.insert(kinds)
        }
    }
}
