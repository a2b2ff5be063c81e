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
    /// Whom it concerns: an account, a user or a player, by the name that the app has for them.
    public var profile: String?
    /// The rest as a JSON object.
    public var payload: [UInt8]

    /// Creates an event as read from the log.
    public init(
        offset: Int64, at: Timestamp, type: String, source: String?, document: DocumentID?, profile: String? = nil,
        payload: [UInt8]
    ) {
        self.offset = offset
        self.at = at
        self.type = type
        self.source = source
        self.document = document
        self.profile = profile
        self.payload = payload
    }

    /// Creates the event that came of one that was to be written.
    public init(_ event: NewEvent, offset: Int64, at: Timestamp) {
        self.init(
            offset: offset, at: at, type: event.type, source: event.source, document: event.document,
            profile: event.profile, payload: event.payload)
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
    /// See ``Event/profile``.
    public var profile: String?
    /// The rest as a JSON object.
    public var payload: [UInt8]

    /// Creates an event to write.
    public init(
        type: String, source: String?, document: DocumentID? = nil, profile: String? = nil,
        payload: [UInt8] = Array("{}".utf8)
    ) {
        self.type = type
        self.source = source
        self.document = document
        self.profile = profile
        self.payload = payload
    }
}
