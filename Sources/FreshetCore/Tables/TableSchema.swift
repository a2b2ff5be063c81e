/// What a table looks like; a store keeps every version of it.
public struct TableSchema: Sendable, Hashable, Codable {
    /// The name in the store.
    public var name: String
    /// See ``TableRows/path``.
    public var path: [String]
    /// The dataset whose documents fill it, as `source.name`.
    public var dataset: String
    /// The declared table that it belongs to; itself or, for a child, its ancestor.
    public var root: String
    /// From 1, raised by every change.
    public var version: Int
    /// In the order in which they were added.
    public var columns: [ColumnSchema]
    /// The columns that identify a row inside one document; empty for append.
    public var key: [String]
    /// What becomes of earlier rows.
    public var disposition: WriteDisposition
    /// Whether superseded rows are kept.
    public var keepsHistory: Bool
    /// Paths that a rollback took out: they do not come back by themselves.
    public var withheld: [[String]]
    /// What else was declared, in words that can be compared: contract, indexes, checks.
    public var declarations: [String]

    /// Creates a schema.
    public init(
        name: String, path: [String], dataset: String, root: String, version: Int = 1, columns: [ColumnSchema] = [],
        key: [String] = [], disposition: WriteDisposition = .append, keepsHistory: Bool = false,
        withheld: [[String]] = [], declarations: [String] = []
    ) {
        self.name = name
        self.path = path
        self.dataset = dataset
        self.root = root
        self.version = version
        self.columns = columns
        self.key = key
        self.disposition = disposition
        self.keepsHistory = keepsHistory
        self.withheld = withheld
        self.declarations = declarations
    }

    /// The column of that name, if there is one.
    public func column(_ name: String) -> ColumnSchema? { columns.first { $0.name == name } }

    /// Names of the columns that every table has besides its own, in this order.
    ///
    /// `_key` the document's key · `_fetch_id` the fetch that last wrote the row · `_fetched_at` its time · `_version` the
    /// document's version then · `_deleted_at` when a merge found the row gone, else null · `_shape` what columns cannot
    /// tell (automatic tables).
    public static let provenance = ["_key", "_fetch_id", "_fetched_at", "_version", "_deleted_at", "_shape"]

    /// Names that no column of a document gets: the provenance and what a store needs for itself.
    static let reservedColumns = Set(
        provenance + ["_seq", "_once", "_row_hash", "_valid_from", "_valid_to", "rowid", "oid", "_rowid_"])
}

/// A column of a table.
public struct ColumnSchema: Sendable, Hashable, Codable {
    /// The name in the store.
    public var name: String
    /// See ``SeenColumn/path``; empty for a variant column.
    public var path: [String]
    /// The type of its values.
    public var type: ColumnType
    /// How moments and days are written in documents, where that was declared.
    public var format: TimeFormat?
    /// Digits behind the second that a moment is stored with: 0, 3, 6 or 9.
    public var digits: Int
    /// Whether a row without a value is refused.
    public var isRequired: Bool
    /// Whether the type was declared, not inferred.
    public var isDeclared: Bool
    /// The column whose misfits this one keeps, when it is a variant.
    public var variantOf: String?
    /// `index`, `map_key` or `parent` for a column that is no member of the row, else `nil`.
    public var role: String?

    /// Creates a column.
    public init(
        name: String, path: [String], type: ColumnType, format: TimeFormat? = nil, digits: Int = 6,
        isRequired: Bool = false, isDeclared: Bool = false, variantOf: String? = nil, role: String? = nil
    ) {
        self.name = name
        self.path = path
        self.type = type
        self.format = format
        self.digits = digits
        self.isRequired = isRequired
        self.isDeclared = isDeclared
        self.variantOf = variantOf
        self.role = role
    }
}

/// One change of a schema.
public enum SchemaChange: Sendable, Hashable, Codable {
    /// A table came to be.
    case created
    /// A column came to be.
    case addedColumn(String)
    /// A column takes more than before.
    case widenedColumn(String, from: ColumnType, to: ColumnType)
    /// The declaration changed a property that needs no new rows, said in words.
    case declared(String)
    /// A person went back to an earlier version.
    case rolledBack(to: Int)
}

/// A version of a schema as kept.
public struct SchemaVersion: Sendable, Hashable {
    /// The schema; its `version` is the number.
    public var schema: TableSchema
    /// When it began.
    public var at: Timestamp
    /// Why: a document's address, `declaration`, or `rollback`.
    public var cause: String
    /// What changed from the version before.
    public var changes: [SchemaChange]

    /// Creates a version.
    public init(schema: TableSchema, at: Timestamp, cause: String, changes: [SchemaChange]) {
        (self.schema, self.at, self.cause, self.changes) = (schema, at, cause, changes)
    }
}
