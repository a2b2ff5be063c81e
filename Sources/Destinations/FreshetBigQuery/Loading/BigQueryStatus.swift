public import FreshetCore

/// How a BigQuery destination stands.
public struct BigQueryStatus: Sendable, Hashable {
    /// A table whose rows wait because its job failed.
    public struct StoppedTable: Sendable, Hashable {
        /// The table.
        public var table: String
        /// Why, in BigQuery's words.
        public var error: BigQueryError
        /// Since when.
        public var since: Timestamp
        /// Tries in a row that failed.
        public var failures: Int
    }

    /// The name in `destinations:`.
    public var destination: String
    /// Entries that wait.
    public var waiting: Int
    /// When the oldest of them was written.
    public var oldest: Timestamp?
    /// Why nothing goes at all; `nil` when BigQuery answered last.
    public var error: BigQueryError?
    /// Since when nothing goes.
    public var awaySince: Timestamp?
    /// How long until the next try after a failure; `nil` without one.
    public var nextTry: Duration?
    /// Tables whose rows wait, by name.
    public var stopped: [StoppedTable]
    /// Rows sent since the start of the process.
    public var rows: Int
    /// Jobs done since the start of the process.
    public var loads: Int
    /// When the last of them was done.
    public var lastLoadAt: Timestamp?
}

/// Something that people and logs want to hear of.
public enum BigQueryNotice: Sendable, Equatable {
    /// A job put rows in place.
    case loaded(table: String, rows: Int, entries: Int, job: String)
    /// A table's job failed; it rests so long. `isFirst`: the tries before had succeeded.
    case tableFailed(table: String, BigQueryError, wait: Duration, isFirst: Bool)
    /// Nothing can be sent; the next try is after this wait. `isFirst`: the tries before had succeeded.
    case away(BigQueryError, wait: Duration, isFirst: Bool)
    /// BigQuery takes rows again.
    case back
    /// The store could not be read; it is tried again.
    case storeFailed(StoreError)
}
