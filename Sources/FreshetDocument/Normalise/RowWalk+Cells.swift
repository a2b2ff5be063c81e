import FreshetCore

extension RowWalk {
    /// Turns a value into the cells and the shape of the row in progress.
    mutating func flatten(_ index: Int, to table: Int) {
        let isDeclaredRow = !plans[tables[table].plan].isAuto && tables[table].parent < 0
        switch words[index].kind {
        case .object:
            guard words[index].length > 0 else { return tokens.append(ShapeToken(.emptyObject)) }
            let node = rootNode(of: table)
            guard openObject(index, node: node, of: table, isDeclaredRow: isDeclaredRow) else {
                return keepRowMap(index, of: table)
            }
            tokens.append(ShapeToken(.open))
            flattenLevels(to: table)
        case .array:
            guard words[index].length > 0 else { return tokens.append(ShapeToken(.emptyArray)) }
            keepRowArray(index, of: table)
        default:
            let entry = valueEntry(of: table)
            let (cell, kinds, leaf) = scalar(words[index])
            tokens.append(ShapeToken(leaf))
            set(cell, kinds, at: entry, of: table)
        }
    }

    /// Goes through the open objects until the row is complete.
    private mutating func flattenLevels(to table: Int) {
        while let level = levels.last {
            guard level.next < members.count else {
                members.removeLast(members.count - level.start)
                levels.removeLast()
                tokens.append(ShapeToken(.close))
                continue
            }
            levels[levels.count - 1].next += 1
            let member = members[level.next]
            guard member.entry >= 0 else { continue }
            let policy = trie.entries[Int(member.entry)].policy
            let word = words[member.value]
            if !word.kind.isContainer, policy.isDisjoint(with: .excluded) {
                let (cell, kinds, leaf) = scalar(word)
                tokens.append(ShapeToken(member.entry, leaf))
                set(cell, kinds, at: member.entry, of: table)
            } else {
                container(member, policy, of: table)
            }
        }
    }

    /// Meets an object or array that a member of the row is.
    private mutating func container(_ member: Member, _ policy: RowTrie.Policy, of table: Int) {
        if policy.contains(.excluded) { return }
        let word = words[member.value]
        if policy.contains(.isDeclared) { return setJSON(member, of: table) }
        let isArray = word.kind == .array
        guard word.length > 0 else {
            return tokens.append(ShapeToken(member.entry, isArray ? .emptyArray : .emptyObject))
        }
        if isArray {
            if policy.contains(.keepsArrays) { return setJSON(member, of: table) }
            if policy.contains(.dropsArrays) { return }
            tokens.append(ShapeToken(member.entry, .array))
            waiting.append(Waiting(index: member.value, table: arrayTable(of: member.entry, in: table), isMap: false))
            return
        }
        let node = node(of: member.entry, in: table)
        if openObject(member.value, node: node, of: table, isDeclaredRow: false) {
            return tokens.append(ShapeToken(member.entry, .open))
        }
        if policy.contains(.keepsArrays) { return setJSON(member, of: table) }
        if policy.contains(.dropsArrays) { return }
        tokens.append(ShapeToken(member.entry, .map))
        waiting.append(Waiting(index: member.value, table: mapTable(of: member.entry, in: table), isMap: true))
    }

    private mutating func keepRowArray(_ index: Int, of table: Int) {
        switch plans[tables[table].plan].isAuto ? .rows : plans[tables[table].plan].nested {
        case .json: setJSON(Member(entry: valueEntry(of: table), value: index), of: table)
        case .ignore: return
        case .rows:
            tokens.append(ShapeToken(.array))
            waiting.append(Waiting(index: index, table: listTable(of: table), isMap: false))
        }
    }

    private mutating func keepRowMap(_ index: Int, of table: Int) {
        switch plans[tables[table].plan].isAuto ? .rows : plans[tables[table].plan].nested {
        case .json: setJSON(Member(entry: valueEntry(of: table), value: index), of: table)
        case .ignore: return
        case .rows:
            tokens.append(ShapeToken(.map))
            waiting.append(Waiting(index: index, table: mapTable(of: table), isMap: true))
        }
    }

    // MARK: Cells

    private mutating func setJSON(_ member: Member, of table: Int) {
        let range = JSONValue(tape: tape, index: member.value).byteRange
        let cell = Cell.range(.json, offset: range.lowerBound, length: range.count, inScratch: false)
        set(cell, .json, at: member.entry, of: table)
    }

    @inline(__always)
    private mutating func set(_ cell: Cell, _ kinds: SeenKinds, at entry: Int32, of table: Int) {
        var column = Int(trie.entries[Int(entry)].column)
        if column < 0 {
            // A null needs no column: the shape knows of it, and a declared column is there without being seen.
            if cell.kind == .null { return }
            column = addColumn(of: entry, to: table)
        }
        row[column] = cell
        if !tables[table].columns[column].kinds.contains(kinds) { tables[table].columns[column].kinds.insert(kinds) }
    }

    /// The cell, kind and shape of a scalar.
    @inline(__always)
    mutating func scalar(_ word: TapeWord) -> (Cell, SeenKinds, ShapeToken.Leaf) {
        switch word.kind {
        case .plainString, .escapedString, .plainKey, .escapedKey: return text(word)
        case .integer:
            if let value = Self.int64(JSONText.source(of: word, in: source)) {
                return (Cell(kind: .integer, payload: value), .integer, .number)
            }
            fallthrough
        case .real:
            let cell = Cell.range(.number, offset: word.offset, length: word.length, inScratch: false)
            return (cell, .number, .number)
        case .isTrue: return (Cell(kind: .boolean, payload: 1), .boolean, .boolean)
        case .isFalse: return (Cell(kind: .boolean, payload: 0), .boolean, .boolean)
        default: return (.null, .null, .null)
        }
    }

    private mutating func text(_ word: TapeWord) -> (Cell, SeenKinds, ShapeToken.Leaf) {
        let cell = textCell(word)
        // The shortest moment or day has 10 bytes, the longest 35, and all begin with a digit.
        guard cell.length >= 10, cell.length <= 35 else { return (cell, .text, .string) }
        if cell.extra == 0 {
            let bytes = UnsafeBufferPointer(rebasing: source[cell.offset..<cell.offset + cell.length])
            return Self.text(bytes, in: cell)
        }
        return scratch.withUnsafeBufferPointer {
            Self.text(UnsafeBufferPointer(rebasing: $0[cell.offset..<cell.offset + cell.length]), in: cell)
        }
    }

    private static func text(
        _ bytes: UnsafeBufferPointer<UInt8>, in cell: Cell
    ) -> (Cell, SeenKinds, ShapeToken.Leaf) {
        guard bytes[0] &- UInt8(ascii: "0") < 10 else { return (cell, .text, .string) }
        if bytes.count == 10 {
            let isDay = TimeText.parseDate(bytes) != nil
            return isDay ? (cell, .date, .date) : (cell, .text, .string)
        }
        guard let moment = TimeForm.read(bytes) else { return (cell, .text, .string) }
        return (cell, .timestamp, .time(moment.form))
    }

    /// The content of a string or key, in the document where it stands there as such.
    mutating func textCell(_ word: TapeWord) -> Cell {
        guard word.kind.isEscaped else {
            return .range(.text, offset: word.offset, length: word.length, inScratch: false)
        }
        let start = scratch.count
        JSONText.unescape(JSONText.source(of: word, in: source), into: &scratch)
        return .range(.text, offset: start, length: scratch.count - start, inScratch: true)
    }

    /// The value of an integer that fits 64 bits; `-0` does not, since it would lose its sign.
    @inline(__always)
    private static func int64(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isNegative = digits[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        if isNegative, digits[1] == UInt8(ascii: "0") { return nil }
        guard digits.count - start <= 19 else { return nil }
        var value: UInt64 = 0
        for at in start..<digits.count { value = value &* 10 &+ UInt64(digits[at] &- UInt8(ascii: "0")) }
        // 19 digits fit 64 bits without a sign.
        guard value <= UInt64(Int64.max) + (isNegative ? 1 : 0) else { return nil }
        return isNegative ? Int64(truncatingIfNeeded: 0 &- value) : Int64(value)
    }
}
