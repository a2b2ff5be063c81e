import FreshetCore

/// Writes the rows that documents become, in the transaction of their documents.
protocol RowWriter: Sendable {
    /// Plans and writes the rows of a document: all its tables, or none when one of them has to stop.
    ///
    /// - Parameters:
    ///   - commit: The rows.
    ///   - target: Their document.
    ///   - connection: A connection with an open transaction; several documents may be written in it.
    /// - Returns: What became of the rows, and the events that tell it, which the caller writes.
    /// - Throws: ``PGError`` or `StoreError`; the whole transaction is taken back then, and done again document by document.
    func write(_ commit: TableCommit, to target: RowTarget, on connection: PGConnection) throws -> RowResult

    /// The transaction that rows were written in has ended; what was remembered of it is true now, or void.
    func didEnd(committed: Bool, on connection: PGConnection)
}

/// The document whose rows are written.
struct RowTarget {
    var id: DocumentID
    /// The dataset's number in `freshet_datasets`.
    var dataset: Int64
    /// The document's version that the rows come from.
    var version: Int
    /// The present moment.
    var now: Timestamp
}

/// What became of rows, with the events that tell it.
struct RowResult {
    var outcome = TableOutcome()
    var events: [NewEvent] = []
}
