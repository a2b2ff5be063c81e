/// Rows that a refresh hands to the store, written in the transaction of its document.
public struct TableCommit: Sendable {
    /// The rows.
    public var rows: DocumentRows
    /// The specifications that they follow.
    public var specs: [TableSpec]
    /// Tells specifications apart over time; kept as the document's ``DocumentState/tablesMark``.
    public var mark: Int64
    /// Overrides every table's disposition for this commit only.
    public var disposition: WriteDisposition?
    /// Whether a merge may remove more than ``TableSpec/maxDeletes``.
    public var acceptsDeletes: Bool
    /// Tables whose rows the document says nothing of, because what holds them is absent or null: their rows stay.
    public var absent: [String] = []
    /// When the rows' document was fetched; with the document it names the fetch.
    public var fetchedAt: Timestamp

    /// Creates a commit.
    public init(
        rows: DocumentRows, specs: [TableSpec], mark: Int64, fetchedAt: Timestamp,
        disposition: WriteDisposition? = nil, acceptsDeletes: Bool = false
    ) {
        self.rows = rows
        self.specs = specs
        self.mark = mark
        self.fetchedAt = fetchedAt
        self.disposition = disposition
        self.acceptsDeletes = acceptsDeletes
    }
}

/// What became of the rows of one document.
public struct TableOutcome: Sendable, Hashable {
    /// One entry for each table that was touched.
    public var tables: [TableEffect] = []
    /// Why nothing was written, when a contract or guard stopped the dataset's tables.
    public var stop: TableStop?

    /// Creates an empty outcome.
    public init() {}

    /// Whether any row was written or removed.
    public var hasChanged: Bool { tables.contains { $0.inserted + $0.updated + $0.deleted > 0 } }
}

/// What became of the rows in one table.
public struct TableEffect: Sendable, Hashable {
    /// The table.
    public var table: String
    /// Rows that came.
    public var rows = 0
    /// Rows that are new.
    public var inserted = 0
    /// Rows whose values changed.
    public var updated = 0
    /// Rows that were equal and were left alone.
    public var unchanged = 0
    /// Rows removed, or marked deleted by a merge.
    public var deleted = 0
    /// Rows that went to the reject table.
    public var rejected = 0
    /// Rows that repeat the key of an earlier row of the same document; they count as rejected too.
    public var duplicates = 0
    /// Values left out by contract.
    public var discarded = 0
    /// Values kept in a variant column.
    public var variants = 0
    /// Rows that a guard kept from being marked deleted.
    public var guarded = 0
    /// The schema's version after it.
    public var schemaVersion = 0
    /// Changes of the schema.
    public var changes: [SchemaChange] = []

    /// Creates an effect without counts.
    public init(table: String) { self.table = table }
}

/// Why the tables of a dataset take no rows.
public struct TableStop: Error, Sendable, Hashable, CustomStringConvertible {
    /// `frozen`, `incompatible`, `too-many-columns`, `name-taken`.
    public var kind: String
    /// The table.
    public var table: String
    /// What happened and what a person can do; no row data.
    public var message: String

    /// Creates a stop.
    public init(kind: String, table: String, message: String) {
        (self.kind, self.table, self.message) = (kind, table, message)
    }

    /// The message.
    public var description: String { message }
}
