/// The rows that documents became, and their schemas; a capability that a store declares.
///
/// Rows are written by ``DocumentStore/commit(_:)`` only, in the transaction of their document.
public protocol TableStore: Sendable {
    /// The tables there are, in ascending order of their names.
    func tables() async throws(StoreError) -> [TableSummary]

    /// The versions of a table's schema, newest first; empty when there is no such table.
    func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion]

    /// Rows of one table in a stated order, a page at a time.
    ///
    /// - Throws: ``StoreError/refused(_:)`` for an unknown table or column, or a cursor of another question.
    func rows(_ query: TableQuery) async throws(StoreError) -> TablePage

    /// Runs one read-only SQL statement over the tables and nothing else.
    ///
    /// - Throws: ``StoreError/refused(_:)`` with SQL's own words for a bad or writing statement, or one that took too long.
    func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult

    /// Rejected rows of a table (or of all), newest first.
    func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow]

    /// What would become of these rows now; nothing is written.
    func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome

    /// Writes the rows of a stored document again, as a replay does.
    ///
    /// - Parameters:
    ///   - commit: The rows.
    ///   - id: Their document.
    ///   - version: The document's version that they come from.
    ///   - now: The present moment.
    /// - Returns: What became of them.
    /// - Throws: ``StoreError``; nothing is written then.
    func apply(_ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp) async throws(StoreError)
        -> TableOutcome

    /// Goes back to an earlier version of a table's schema; a new version records it.
    ///
    /// - Throws: ``StoreError/refused(_:)`` when there is no such version, or values would be lost that `discards` does
    ///   not permit losing.
    func rollback(_ table: String, to version: Int, discards: Bool, now: Timestamp) async throws(StoreError)
        -> TableSchema

    /// Removes every table of a dataset, so that a replay can build them anew in a changed form.
    func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError)

    /// Creates and verifies what declarations ask for besides rows: tables with all their columns known, indexes, views.
    func prepare(_ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp) async throws(StoreError)
        -> [TableStop]

    /// Why the tables of datasets take no rows.
    func tableStops() async throws(StoreError) -> [DatasetID: TableStop]
}

/// A table with its numbers.
public struct TableSummary: Sendable, Hashable {
    /// What it looks like now.
    public var schema: TableSchema
    /// Rows that are not marked deleted.
    public var rows: Int
    /// Rows marked deleted.
    public var deleted: Int
    /// Rows in the reject table.
    public var rejected: Int
    /// When a row was last written.
    public var writtenAt: Timestamp?
    /// Indexes that exist, each its columns in order, the key first.
    public var indexes: [[String]]

    /// Creates a summary.
    public init(
        schema: TableSchema, rows: Int = 0, deleted: Int = 0, rejected: Int = 0, writtenAt: Timestamp? = nil,
        indexes: [[String]] = []
    ) {
        self.schema = schema
        self.rows = rows
        self.deleted = deleted
        self.rejected = rejected
        self.writtenAt = writtenAt
        self.indexes = indexes
    }
}

/// A question to one table.
public struct TableQuery: Sendable, Hashable {
    /// How a column is compared.
    public enum Relation: String, Sendable, Hashable, CaseIterable {
        /// Equal; several values mean any of them.
        case equal = "eq"
        /// Different.
        case notEqual = "ne"
        /// Smaller.
        case less = "lt"
        /// Smaller or equal.
        case lessOrEqual = "lte"
        /// Greater.
        case greater = "gt"
        /// Greater or equal.
        case greaterOrEqual = "gte"
        /// Text with `%` and `_` as in SQL.
        case like
        /// `true`: null, `false`: not null.
        case isNull = "null"
    }

    /// One condition; all must hold.
    public struct Filter: Sendable, Hashable {
        /// The column.
        public var column: String
        /// How it is compared.
        public var relation: Relation
        /// The values as texts, read by the column's type.
        public var values: [String]

        /// Creates a condition.
        public init(column: String, relation: Relation, values: [String]) {
            (self.column, self.relation, self.values) = (column, relation, values)
        }
    }

    /// The table.
    public var table: String
    /// All must hold.
    public var filters: [Filter] = []
    /// Columns to sort by, `true` for descending; the row's identity breaks ties.
    public var sort: [(column: String, descending: Bool)] {
        get { sortColumns.indices.map { (sortColumns[$0], sortDescending[$0]) } }
        set { (sortColumns, sortDescending) = (newValue.map(\.column), newValue.map(\.descending)) }
    }
    private var sortColumns: [String] = []
    private var sortDescending: [Bool] = []
    /// The columns wanted, in this order; all but the provenance when `nil`.
    public var columns: [String]?
    /// 1...10,000.
    public var limit = 100
    /// Where the page before ended.
    public var cursor: String?
    /// The rows as they stood then; needs the table's history.
    public var asOf: Timestamp?
    /// Whether rows marked deleted are shown.
    public var includesDeleted = false

    /// Creates a question for the first rows of a table.
    public init(table: String) { self.table = table }
}

/// A page of rows.
public struct TablePage: Sendable {
    /// The columns, in the order of the values.
    public var columns: [ResultColumn]
    /// The values, row by row.
    public var rows: [[TableValue]]
    /// Where the next page begins; `nil` after the last row.
    public var cursor: String?

    /// Creates a page.
    public init(columns: [ResultColumn], rows: [[TableValue]], cursor: String?) {
        (self.columns, self.rows, self.cursor) = (columns, rows, cursor)
    }
}

/// A column of a result.
public struct ResultColumn: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its type; `nil` for an expression of SQL whose values tell their own.
    public var type: ColumnType?

    /// Creates a column.
    public init(name: String, type: ColumnType?) { (self.name, self.type) = (name, type) }
}

/// A value read from a table.
public enum TableValue: Sendable, Hashable {
    /// No value.
    case null
    /// A whole number.
    case integer(Int64)
    /// A number, exact as text.
    case decimal(String)
    /// A double.
    case float(Double)
    /// `true` or `false`.
    case boolean(Bool)
    /// Text.
    case text(String)
    /// A moment: seconds since 1970 and nanoseconds of that second.
    case timestamp(seconds: Int64, nanoseconds: UInt32)
    /// Days since 1970-01-01.
    case date(days: Int64)
    /// A JSON value as text.
    case json(String)
}

/// What one SQL question may cost.
public struct QueryLimits: Sendable, Hashable {
    /// The longest it may run.
    public var time: Duration
    /// The most rows it may give; more are cut off and said so.
    public var rows: Int

    /// Creates limits.
    public init(time: Duration = .seconds(10), rows: Int = 10_000) { (self.time, self.rows) = (time, rows) }
}

/// The answer to an SQL question.
public struct QueryResult: Sendable {
    /// The columns.
    public var columns: [ResultColumn]
    /// The values, row by row.
    public var rows: [[TableValue]]
    /// Whether there were more rows than the limit.
    public var isTruncated: Bool

    /// Creates an answer.
    public init(columns: [ResultColumn], rows: [[TableValue]], isTruncated: Bool) {
        (self.columns, self.rows, self.isTruncated) = (columns, rows, isTruncated)
    }
}

/// A row that was refused, with the reason.
public struct RejectedRow: Sendable, Hashable {
    /// The table that refused it.
    public var table: String
    /// The document.
    public var document: DocumentID
    /// The document's version.
    public var version: Int
    /// The row's place among the document's rows of this table, from 0.
    public var index: Int
    /// `required`, `type`, `check`, `duplicate-key`, `new-column`, `new-table`, `parent` (its parent row was refused).
    public var reason: String
    /// The column, where one is to blame.
    public var column: String?
    /// The row as a JSON object.
    public var row: String
    /// When.
    public var at: Timestamp

    /// Creates a record.
    public init(
        table: String, document: DocumentID, version: Int, index: Int, reason: String, column: String?, row: String,
        at: Timestamp
    ) {
        self.table = table
        self.document = document
        self.version = version
        self.index = index
        self.reason = reason
        self.column = column
        self.row = row
        self.at = at
    }
}
