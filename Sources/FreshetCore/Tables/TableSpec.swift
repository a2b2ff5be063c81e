/// The `tables:` of a dataset.
public struct TablesConfig: Sendable, Hashable {
    /// One specification for each declared table, in the order of the file; for `tables: auto` exactly one.
    public var specs: [TableSpec]

    /// Creates the section.
    public init(specs: [TableSpec]) { self.specs = specs }
}

/// How the rows of a table are made and kept.
public struct TableSpec: Sendable, Hashable {
    /// Where rows come from.
    public enum Rows: Sendable, Hashable {
        /// The document is one row, or each of its elements when it is an array; every nested array becomes a child table.
        case auto
        /// Each value that a JSONPath selects is a row; a path that ends in `.*` on an object makes its members rows.
        case path(String)
    }

    /// The name: `[a-z_][a-z0-9_]*`, at most 63 bytes, unique among all datasets.
    public var name: String
    /// Where rows come from.
    public var rows: Rows
    /// Columns copied into each row from around it, name and source: a JSONPath from the document (or from an enclosing
    /// row when it passes through `[*]`), `{parameter}` of the key, or `{fetched_at}`.
    public var parent: [(name: String, source: String)] {
        get { parentNames.indices.map { (parentNames[$0], parentSources[$0]) } }
        set { (parentNames, parentSources) = (newValue.map(\.name), newValue.map(\.source)) }
    }
    private var parentNames: [String] = []
    private var parentSources: [String] = []
    /// The column that takes the member name when the rows are the members of an object.
    public var mapKey: String?
    /// Columns that identify a row inside one document; empty where order does.
    public var primaryKey: [String] = []
    /// What becomes of earlier rows of the same document.
    public var disposition = WriteDisposition.append
    /// What tells a repeated append from a new one.
    public var idempotency = Idempotency.content
    /// Declared columns; others are inferred.
    public var columns: [ColumnSpec] = []
    /// JSONPaths from the row whose values get no column and no child table.
    public var exclude: [String] = []
    /// What becomes of arrays inside the rows that no other table takes.
    public var nested = Nested.rows
    /// Texts and numbers that mean "nothing", in every column.
    public var absent: [String] = []
    /// What may change by itself.
    public var contract = SchemaContract()
    /// Declared indexes, each a list of columns.
    public var indexes: [[String]] = []
    /// What each row must satisfy.
    public var checks: [RowCheck] = []
    /// Whether superseded rows are kept with the time they held.
    public var keepsHistory = false
    /// The share of a document's rows, 0...1, that one complete fetch may remove under `merge` without being asked.
    public var maxDeletes = 0.5
    /// Whether one fetch shows every row there is, so that a missing row is a deleted one.
    public var isComplete = true
    /// Warehouses that the rows are sent to, by name.
    public var destinations: [String] = []
    /// In a warehouse: the column whose day partitions the table.
    public var partitionBy: String?
    /// In a warehouse: the columns that cluster the table.
    public var clusterBy: [String] = []

    /// What becomes of arrays inside rows.
    public enum Nested: String, Sendable, Hashable, CaseIterable {
        /// A child table.
        case rows
        /// A JSON column.
        case json
        /// Nothing.
        case ignore
    }

    /// Creates a specification with defaults.
    public init(name: String, rows: Rows) { (self.name, self.rows) = (name, rows) }
}

/// What becomes of earlier rows of the same document.
public enum WriteDisposition: String, Sendable, Hashable, Codable, CaseIterable {
    /// They stay; new rows are added once (see ``Idempotency``).
    case append
    /// They are exchanged for the new ones in one transaction; rows that are equal are not rewritten.
    case replace
    /// Rows with the same primary key are updated, new ones added, missing ones marked deleted.
    case merge
}

/// What tells a repeated append from a new one.
public enum Idempotency: Sendable, Hashable {
    /// The version of the document: a fetch that brings what is known adds nothing.
    case content
    /// The fetch: each successful one adds its rows, also when they are the same.
    case fetch
    /// These columns: a row whose values are known is not added again.
    case columns([String])
}

/// A declared column.
public struct ColumnSpec: Sendable, Hashable {
    /// The column's name.
    public var name: String
    /// A JSONPath from the row to the value; `$.<name>` unless given.
    public var path: String
    /// Its type; inferred when `nil`.
    public var type: ColumnType?
    /// How moments and days are written.
    public var format: TimeFormat?
    /// Whether a row without a value is refused.
    public var isRequired = false
    /// Texts and numbers that mean "nothing" in this column, besides the table's.
    public var absent: [String] = []
    /// For `decimal`: all digits and those behind the point, where a warehouse needs to know.
    public var precision: (digits: Int, scale: Int)? {
        get { precisionDigits.flatMap { digits in precisionScale.map { (digits, $0) } } }
        set { (precisionDigits, precisionScale) = (newValue?.digits, newValue?.scale) }
    }
    private var precisionDigits: Int?
    private var precisionScale: Int?

    /// Creates a column.
    public init(name: String, path: String? = nil, type: ColumnType? = nil, format: TimeFormat? = nil) {
        self.name = name
        self.path = path ?? "$.\(name)"
        self.type = type
        self.format = format
    }
}

/// What may change by itself in a table.
public struct SchemaContract: Sendable, Hashable {
    /// How one kind of change is met.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// The change is made, numbered and told.
        case evolve
        /// The dataset's tables stop, with the old rows intact, until a person decides.
        case freeze
        /// The row goes to the reject table.
        case discardRow = "discard_row"
        /// The value is left out and counted.
        case discardValue = "discard_value"
    }

    /// New child tables.
    public var tables = Mode.evolve
    /// New columns.
    public var columns = Mode.evolve
    /// Values that do not fit the type of their column; `evolve` keeps them in a column `<column>__v_text`.
    public var types = Mode.evolve

    /// Creates a contract that lets everything evolve.
    public init() {}
}

/// A condition that each row must satisfy; a row with a null in the column satisfies it, as in SQL.
public struct RowCheck: Sendable, Hashable {
    /// How column and value relate.
    public enum Relation: String, Sendable, Hashable, CaseIterable {
        /// Smaller.
        case less = "<"
        /// Smaller or equal.
        case lessOrEqual = "<="
        /// Equal.
        case equal = "="
        /// Different.
        case notEqual = "!="
        /// Greater or equal.
        case greaterOrEqual = ">="
        /// Greater.
        case greater = ">"
        /// One of a list.
        case oneOf = "in"
    }

    /// The column.
    public var column: String
    /// How it relates to the values.
    public var relation: Relation
    /// One value, or the list of `in`; numbers and texts as written.
    public var values: [CheckValue]

    /// Creates a condition.
    public init(column: String, relation: Relation, values: [CheckValue]) {
        (self.column, self.relation, self.values) = (column, relation, values)
    }
}

/// A literal in a check or a filter.
public enum CheckValue: Sendable, Hashable {
    /// A number, exact as written.
    case number(String)
    /// A text.
    case text(String)
}
