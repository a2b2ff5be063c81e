public import FreshetCore

/// What the rows of one refresh were like, for people who judge data by its numbers.
public struct TableQuality: Sendable, Hashable {
    /// One column.
    public struct Column: Sendable, Hashable {
        /// The proposed name.
        public var name: String
        /// Rows without a value.
        public var nulls = 0
        /// The smallest number, moments as seconds since 1970.
        public var least: Double?
        /// The largest number.
        public var most: Double?
        /// The mean of the numbers.
        public var mean: Double?
        /// Distinct texts, counted up to 1,000; `nil` for other columns.
        public var distinct: Int?
    }

    /// The table.
    public var table: String
    /// Rows that came.
    public var rows: Int
    /// By name as proposed, in order.
    public var columns: [Column]
    /// What became of them; `nil` before they were stored.
    public var effect: TableEffect?
    /// When the document was fetched.
    public var at: Timestamp
    /// From the moment the document went stale, or was first asked for, to the moment its rows were stored.
    public var lag: Duration?

    /// The share of cells without a value, 0...1.
    public var nullShare: Double {
        let cells = rows * columns.count
        return cells == 0 ? 0 : Double(columns.reduce(0) { $0 + $1.nulls }) / Double(cells)
    }
}

extension TableQuality {
    /// Judges the rows of each table.
    static func judge(_ commit: TableCommit, outcome: TableOutcome?, lag: Duration?) -> [TableQuality] {
        commit.rows.tables.map { table in
            TableQuality(
                table: table.name, rows: table.count,
                columns: table.columns.indices.map { column(table, $0, in: commit.rows) },
                effect: outcome?.tables.first { $0.table == table.name }, at: commit.fetchedAt, lag: lag)
        }
    }

    private static func column(_ table: TableRows, _ index: Int, in rows: DocumentRows) -> Column {
        var column = Column(name: table.columns[index].name)
        var (sum, count) = (0.0, 0)
        var texts: Set<ArraySlice<UInt8>> = []
        var position = index
        for _ in 0..<table.count {
            let cell = table.cells[position]
            position += table.columns.count
            let value: Double
            switch cell.kind {
            case .null:
                column.nulls += 1
                continue
            case .integer: value = Double(cell.payload)
            case .float: value = Double(bitPattern: UInt64(bitPattern: cell.payload))
            case .number: value = Double(rows.text(of: cell)) ?? .nan
            case .text, .json:
                if texts.count < 1000 { texts.insert(rows.bytes(of: cell)) }
                continue
            case .boolean, .timestamp, .date: continue
            }
            guard value.isFinite else { continue }
            column.least = min(column.least ?? value, value)
            column.most = max(column.most ?? value, value)
            sum += value
            count += 1
        }
        if count > 0 { column.mean = sum / Double(count) }
        if !texts.isEmpty { column.distinct = texts.count }
        return column
    }
}
