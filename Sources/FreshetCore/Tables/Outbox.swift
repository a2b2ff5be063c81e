/// Rows of one document that a warehouse has still to hear of.
///
/// It is written in the transaction that changed the rows, and removed when the warehouse has confirmed them. The rows
/// themselves are read from their table when they are sent, so that several entries of one document become one load.
public struct OutboxEntry: Sendable, Hashable {
    /// Ascending in the order of the commits.
    public var id: Int64
    /// The warehouse, as `destinations:` names it.
    public var destination: String
    /// The table.
    public var table: String
    /// The document whose rows changed.
    public var document: DocumentID
    /// The fetch that changed them: `_fetch_id` of the rows it wrote.
    public var fetchID: Int64
    /// When.
    public var at: Timestamp

    /// Creates an entry.
    public init(
        id: Int64, destination: String, table: String, document: DocumentID, fetchID: Int64, at: Timestamp
    ) {
        self.id = id
        self.destination = destination
        self.table = table
        self.document = document
        self.fetchID = fetchID
        self.at = at
    }
}

/// The queue of rows for warehouses; a capability of stores that keep tables.
public protocol OutboxStore: Sendable {
    /// The oldest entries of a warehouse, in order, at most `limit`.
    func outbox(of destination: String, limit: Int) async throws(StoreError) -> [OutboxEntry]

    /// Removes entries that the warehouse has confirmed.
    func confirmOutbox(_ ids: [Int64]) async throws(StoreError)

    /// Entries waiting and the oldest one's time, by warehouse.
    func outboxDepth() async throws(StoreError) -> [String: (count: Int, oldest: Timestamp)]
}
