import FreshetCore

/// The machine that turns the words of a tape into rows.
///
/// A row is finished before the arrays in it are opened, so at any time one row is in progress: its cells are in
/// ``row``, its shape in ``tokens``, and what is to become child rows waits in ``waiting``. Nesting is followed on
/// stacks of its own, so that the depth of a document costs memory, not the thread's stack.
struct RowWalk {
    /// What is known of a document besides its bytes.
    struct Facts {
        let key: String
        let parameters: [String: String]
        let fetchedAt: Timestamp
    }

    /// A member of an open object; one that is repeated later has entry -1.
    struct Member {
        var entry: Int32
        var value: Int
    }

    /// An open object: its members among ``members``.
    struct Level {
        var start: Int
        var next: Int
    }

    /// An array or map whose elements become rows of a table.
    struct Waiting {
        var index: Int
        var table: Int
        var isMap: Bool
    }

    /// What is to be gone on with.
    enum Frame {
        /// The children of a finished row, a range of ``waiting``.
        case children(parent: Int, start: Int, next: Int, end: Int)
        /// The elements of an array.
        case elements(table: Int, parent: Int, next: Int, end: Int, position: Int)
        /// The members of a map: key words in ``mapKeys`` from `start`.
        case entries(table: Int, parent: Int, start: Int, next: Int)
    }

    let tape: JSONTape
    let source: UnsafeBufferPointer<UInt8>
    let words: UnsafeBufferPointer<TapeWord>
    let plans: [RowPlan]
    let facts: Facts

    var trie = RowTrie()
    var tables: [RowTable] = []
    var scratch: [UInt8] = []
    var row: [Cell] = []
    var tokens: [ShapeToken] = []
    var members: [Member] = []
    var levels: [Level] = []
    var waiting: [Waiting] = []
    var mapKeys: [Int] = []
    var frames: [Frame] = []
    private var serial: UInt32 = 0

    init(
        tape: JSONTape, source: UnsafeBufferPointer<UInt8>, words: UnsafeBufferPointer<TapeWord>, plans: [RowPlan],
        facts: Facts
    ) {
        (self.tape, self.source, self.words, self.plans, self.facts) = (tape, source, words, plans, facts)
    }

    /// Makes all rows; to be called once.
    mutating func rows() -> DocumentRows {
        for plan in plans.indices { addRoot(plan) }
        for plan in plans.indices {
            if plans[plan].isAuto {
                emitDocument(to: plan)
            } else {
                emitSelection(of: plan)
            }
        }
        settleCarriedKinds()
        var rows = DocumentRows(document: tape.bytes, scratch: scratch)
        rows.tables = tables.map { table in
            table.rows(name: TableNames.cut(table.fullName), spec: plans[table.plan].spec, names: trie)
        }
        return rows
    }

    @inline(__always) func next(after index: Int) -> Int {
        words[index].kind.isContainer ? words[index + 1].endOnTape : index + 1
    }

    // MARK: Automatic rows

    private mutating func emitDocument(to table: Int) {
        guard words[0].kind == .array else {
            begin(table)
            emit(0, to: table)
            drain()
            return
        }
        tables[table].indexColumn = addKey(.index(level: 0), named: "_i0", to: table)
        tables[table].carry = [tables[table].indexColumn]
        tables[table].reserve(words[0].length)
        frames.append(.elements(table: table, parent: -1, next: 2, end: words[1].endOnTape, position: 0))
        drain()
    }

    // MARK: Nested rows

    /// Goes on until every child of the rows so far is made.
    mutating func drain() {
        while let frame = frames.popLast() {
            switch frame {
            case .children(let parent, let start, let next, let end):
                guard next < end else {
                    waiting.removeLast(end - start)
                    continue
                }
                frames.append(.children(parent: parent, start: start, next: next + 1, end: end))
                open(waiting[next], parent: parent)
            case .elements(let table, let parent, let next, let end, let position):
                guard next < end else { continue }
                frames.append(
                    .elements(
                        table: table, parent: parent, next: self.next(after: next), end: end, position: position + 1))
                begin(table, parent: parent, position: position)
                emit(next, to: table)
            case .entries(let table, let parent, let start, let next):
                guard next < mapKeys.count else {
                    mapKeys.removeLast(mapKeys.count - start)
                    continue
                }
                frames.append(.entries(table: table, parent: parent, start: start, next: next + 1))
                begin(table, parent: parent, position: next - start)
                setMapKey(mapKeys[next], of: table)
                emit(mapKeys[next] + 1, to: table)
            }
        }
    }

    private mutating func open(_ child: Waiting, parent: Int) {
        if child.isMap {
            let start = mapKeys.count
            mapKeys.append(contentsOf: distinctMembers(of: child.index))
            tables[child.table].reserve(mapKeys.count - start)
            frames.append(.entries(table: child.table, parent: parent, start: start, next: start))
        } else {
            tables[child.table].reserve(words[child.index].length)
            let end = words[child.index + 1].endOnTape
            frames.append(
                .elements(table: child.table, parent: parent, next: child.index + 2, end: end, position: 0))
        }
    }

    /// Begins a row with the cells that identify it.
    mutating func begin(_ table: Int, parent: Int = -1, position: Int = 0) {
        row.removeAll(keepingCapacity: true)
        for _ in 0..<tables[table].columns.count { row.append(.null) }
        let above = tables[table].parent
        if parent >= 0, above >= 0 {
            for place in tables[above].carry.indices {
                row[place] = tables[above].cell(parent, tables[above].carry[place])
            }
        }
        let column = tables[table].indexColumn
        if column >= 0 { row[column] = Cell(kind: .integer, payload: Int64(position)) }
    }

    mutating func setMapKey(_ key: Int, of table: Int) {
        let column = tables[table].mapKeyColumn
        guard column >= 0 else { return }
        row[column] = textCell(words[key])
    }

    /// Makes the row that was begun out of a value, and queues its children.
    mutating func emit(_ index: Int, to table: Int) {
        let start = waiting.count
        tokens.removeAll(keepingCapacity: true)
        flatten(index, to: table)
        let plan = tables[table].plan
        if tables[table].parent < 0, !plans[plan].computed.isEmpty { compute(index, of: table) }
        tables[table].append(row)
        if plans[plan].isAuto { tables[table].append(shape: tokens) }
        guard waiting.count > start else { return }
        frames.append(.children(parent: tables[table].count - 1, start: start, next: start, end: waiting.count))
    }

    // MARK: Members of an object

    /// Finds the members of an object, the last of repeated ones.
    ///
    /// - Returns: Whether they may be columns; if not, nothing has changed.
    mutating func openObject(_ index: Int, node: Int32, of table: Int, isDeclaredRow: Bool) -> Bool {
        if !isDeclaredRow, words[index].length > DocumentNormaliser.mapThreshold,
            distinctMembers(of: index).count > DocumentNormaliser.mapThreshold
        {
            return false
        }
        serial &+= 1
        let start = members.count
        let end = words[index + 1].endOnTape
        var expected = trie.nodes[Int(node)].first
        var at = index + 2
        while at < end {
            guard let entry = entry(of: at, in: node, expected: expected, table: table, isLimited: !isDeclaredRow)
            else {
                members.removeLast(members.count - start)
                return false
            }
            if trie.entries[Int(entry)].stamp == serial { members[Int(trie.entries[Int(entry)].slot)].entry = -1 }
            trie.entries[Int(entry)].stamp = serial
            trie.entries[Int(entry)].slot = Int32(members.count)
            members.append(Member(entry: entry, value: at + 1))
            expected = trie.entries[Int(entry)].next
            at = next(after: at + 1)
        }
        levels.append(Level(start: start, next: start))
        return true
    }

    /// The entry of a key; `nil` where a new one would be one too many.
    @inline(__always)
    private mutating func entry(
        of key: Int, in node: Int32, expected: Int32, table: Int, isLimited: Bool
    ) -> Int32? {
        let word = words[key]
        if !word.kind.isEscaped {
            let name = JSONText.source(of: word, in: source)
            // Most rows have the members of the row before them; some leave out a few.
            var candidate = expected
            var tries = 4
            while candidate >= 0, tries > 0 {
                if trie.isNamed(candidate, name) { return candidate }
                candidate = trie.entries[Int(candidate)].next
                tries -= 1
            }
            return lookUp(name, in: node, table: table, isLimited: isLimited)
        }
        var content: [UInt8] = []
        JSONText.unescape(JSONText.source(of: word, in: source), into: &content)
        return content.withUnsafeBufferPointer { lookUp($0, in: node, table: table, isLimited: isLimited) }
    }

    @inline(never)
    private mutating func lookUp(
        _ name: UnsafeBufferPointer<UInt8>, in node: Int32, table: Int, isLimited: Bool
    ) -> Int32? {
        if let entry = trie.find(name, in: node) { return entry }
        if isLimited, tables[table].members >= DocumentNormaliser.memberLimit { return nil }
        return addEntry(name, to: node, of: table)
    }

    /// The key words of an object in order, of repeated keys the last.
    func distinctMembers(of index: Int) -> [Int] {
        var keys: [Int] = []
        keys.reserveCapacity(words[index].length)
        var last: [KeyText: Int] = Dictionary(minimumCapacity: words[index].length)
        let end = words[index + 1].endOnTape
        var at = index + 2
        while at < end {
            if let repeated = last.updateValue(keys.count, forKey: KeyText(words[at], in: source)) {
                keys[repeated] = -1
            }
            keys.append(at)
            at = next(after: at + 1)
        }
        return last.count == keys.count ? keys : keys.filter { $0 >= 0 }
    }
}

/// The content of a key, compared as bytes; valid as long as the source.
private struct KeyText: Hashable {
    private let plain: UnsafeBufferPointer<UInt8>
    private let escaped: [UInt8]?

    init(_ word: TapeWord, in source: UnsafeBufferPointer<UInt8>) {
        plain = JSONText.source(of: word, in: source)
        guard word.kind.isEscaped else {
            escaped = nil
            return
        }
        var content: [UInt8] = []
        JSONText.unescape(plain, into: &content)
        escaped = content
    }

    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        escaped?.withUnsafeBufferPointer(body) ?? body(plain)
    }

    static func == (one: KeyText, two: KeyText) -> Bool {
        one.withBytes { left in two.withBytes { left.count == $0.count && JSONText.equal(left, $0) } }
    }

    func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
