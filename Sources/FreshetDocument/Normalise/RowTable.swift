import FreshetCore

/// A table while its rows are made.
struct RowTable {
    let plan: Int
    let path: [String]
    /// Before it is cut.
    let fullName: String
    /// From the rows that the plan selects, and from the document: where the rows of this table stand.
    let pattern: RowPattern
    /// The number of the next index column of a child.
    let level: Int
    /// The table of the rows that these rows are nested in, or -1.
    let parent: Int
    var columns: [SeenColumn] = []
    var keyCount = 0
    /// The columns whose cells child rows begin with, -1 where the column was not seen yet.
    var carry: [Int] = []
    /// The column of the row's own place, or -1.
    var indexColumn = -1
    /// The column of the member name, or -1.
    var mapKeyColumn = -1
    /// The first of the columns that a declaration copies from around the rows.
    var parentColumn = 0
    /// The columns of the plan's computed ones, -1 where none was seen yet.
    var computedColumns: [Int] = []
    var node: Int32 = -1
    /// The entry whose column takes scalar rows, or -1.
    var valueEntry: Int32 = -1
    /// The table of the arrays that are rows here, or -1.
    var listTable = -1
    /// The table of the maps that are rows here, or -1.
    var mapTable = -1
    /// Members in all its nodes.
    var members = 0

    private(set) var count = 0
    private var cells: [Cell] = []
    private var stride = 0
    private var shapes: [Range<Int>] = []
    private var shapeTokens: [ShapeToken] = []
    private var shapeNumbers: [[ShapeToken]: UInt32] = [:]
    private var shapeOfRow: [UInt32] = []

    init(plan: Int, path: [String], fullName: String, pattern: RowPattern, level: Int, parent: Int) {
        (self.plan, self.path, self.fullName) = (plan, path, fullName)
        (self.pattern, self.level, self.parent) = (pattern, level, parent)
    }

    // MARK: Rows

    /// Makes room for rows that are about to come.
    mutating func reserve(_ rows: Int) {
        // Growth by doubling is kept: a table fed by many small arrays must not be copied for each of them.
        let needed = (count + rows) * max(stride, columns.count)
        if needed > cells.capacity { cells.reserveCapacity(max(needed, cells.capacity * 2)) }
    }

    /// The cell of a finished row.
    @inline(__always) func cell(_ row: Int, _ column: Int) -> Cell {
        column < 0 || column >= stride ? .null : cells[row &* stride &+ column]
    }

    /// Adds a row of as many cells as there are columns; nothing else is kept of it.
    mutating func append(_ row: [Cell]) {
        if row.count > stride { widen(to: row.count) }
        cells.append(contentsOf: row)
        for _ in row.count..<stride { cells.append(.null) }
        count += 1
    }

    /// Adds the shape of the row that was added last.
    mutating func append(shape tokens: [ShapeToken]) {
        if let last = shapeOfRow.last, isEqual(tokens, shapes[Int(last)]) {
            shapeOfRow.append(last)
            return
        }
        if let known = shapeNumbers[tokens] {
            shapeOfRow.append(known)
            return
        }
        let number = UInt32(shapes.count)
        shapes.append(shapeTokens.count..<shapeTokens.count + tokens.count)
        shapeTokens.append(contentsOf: tokens)
        shapeNumbers[tokens] = number
        shapeOfRow.append(number)
    }

    @inline(__always) private func isEqual(_ tokens: [ShapeToken], _ range: Range<Int>) -> Bool {
        guard tokens.count == range.count else { return false }
        var at = range.lowerBound
        for token in tokens {
            if token.bits != shapeTokens[at].bits { return false }
            at &+= 1
        }
        return true
    }

    /// Lays the rows out wider, with room to spare once there are several.
    private mutating func widen(to columns: Int) {
        let wider = count == 0 ? columns : max(columns, stride + stride / 2)
        if count > 0 { cells = relaid(to: wider) }
        stride = wider
    }

    private func relaid(to width: Int) -> [Cell] {
        var relaid: [Cell] = []
        relaid.reserveCapacity(max(width * count, cells.capacity))
        for row in 0..<count {
            relaid.append(contentsOf: cells[row * stride..<row * stride + min(stride, width)])
            if width > stride { relaid.append(contentsOf: repeatElement(.null, count: width - stride)) }
        }
        return relaid
    }

    // MARK: Result

    /// The table as it is handed on.
    func rows(name: String, spec: Int, names: RowTrie) -> TableRows {
        var rows = TableRows(name: name, path: path, spec: spec, columns: columns)
        rows.cells = stride == columns.count || count == 0 ? cells : relaid(to: columns.count)
        rows.count = count
        rows.shapes = shapes.map { ShapeToken.json(shapeTokens[$0], names: names) }
        rows.shapeOfRow = shapeOfRow
        return rows
    }
}

/// Where rows stand, in steps: `nil` for each element or member, else a member name.
struct RowPattern: Hashable {
    /// From the rows that a plan selects.
    var fromRow: [[UInt8]?] = []
    /// From the document; `nil` where the path of the rows cannot be followed backwards (`..`).
    var fromDocument: [[UInt8]?]?

    func appending(_ steps: [[UInt8]?]) -> RowPattern {
        RowPattern(fromRow: fromRow + steps, fromDocument: fromDocument.map { $0 + steps })
    }
}
