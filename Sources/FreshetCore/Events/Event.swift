/// One line of the ordered event log.
public struct Event: Sendable, Hashable {
    /// Ascending without gaps within an epoch.
    public var offset: Int64
    /// When it was written.
    public var at: Timestamp
    /// What happened: `dataset.updated`, `dataset.gone`, `source.maintenance`, `key.parked`, `job.dead` and so on.
    public var type: String
    /// The source it concerns, if any.
    public var source: String?
    /// The document it concerns, if any.
    public var document: DocumentID?
    /// The rest as a JSON object.
    public var payload: [UInt8]

    /// Creates an event as read from the log.
    public init(
        offset: Int64, at: Timestamp, type: String, source: String?, document: DocumentID?, payload: [UInt8]
    ) {
        self.offset = offset
        self.at = at
        self.type = type
        self.source = source
        self.document = document
        self.payload = payload
    }
}

/// An event that is to be written; the log gives it its offset.
public struct NewEvent: Sendable, Hashable {
    /// See ``Event/type``.
    public var type: String
    /// The source it concerns, if any.
    public var source: String?
    /// The document it concerns, if any.
    public var document: DocumentID?
    /// The rest as a JSON object.
    public var payload: [UInt8]

    /// Creates an event to write.
    public init(type: String, source: String?, document: DocumentID? = nil, payload: [UInt8] = Array("{}".utf8)) {
        self.type = type
        self.source = source
        self.document = document
        self.payload = payload
    }
}
