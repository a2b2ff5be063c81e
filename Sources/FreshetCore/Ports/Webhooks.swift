/// What can be asked of the webhooks, from any process of a deployment.
public protocol WebhookControl: Sendable {
    /// How each endpoint stands, in the order of the names.
    ///
    /// - Throws: ``StoreError`` when the store cannot be asked.
    func status() async throws(StoreError) -> [WebhookStatus]

    /// Sends a `webhook.test` message now, beside the log; nothing is retried and no place moves.
    ///
    /// - Returns: What came of it; `nil` when there is no such endpoint.
    func test(_ name: String) async -> WebhookTrial?

    /// Lets an endpoint that waits, is parked or disabled go on at once.
    ///
    /// - Parameters:
    ///   - name: The endpoint.
    ///   - skipping: Whether the event that it does not take is left out.
    /// - Returns: How it stands then; `nil` when there is no such endpoint.
    /// - Throws: ``StoreError`` when nothing was written.
    func resume(_ name: String, skipping: Bool) async throws(StoreError) -> WebhookStatus?
}

/// How a webhook stands.
public struct WebhookStatus: Sendable, Hashable {
    /// What it does.
    public enum Phase: String, Sendable, CaseIterable {
        /// Events go out as they come.
        case active
        /// The last attempt failed; the next comes.
        case retrying
        /// Every attempt for hours failed: its place is kept, and it is tried once an hour.
        case parked
        /// It answered 410 Gone: nothing is sent until somebody resumes it or its URL changes.
        case disabled
    }

    /// The name in the configuration.
    public var name: String
    /// The URL without path and query.
    public var url: String
    /// What it does.
    public var phase: Phase
    /// The last event that was delivered or left out.
    public var place: EventPlace
    /// Events in the log behind that place, wanted or not.
    public var behind: Int64
    /// When the event was written that it is at; `nil` when nothing waits.
    public var waitingSince: Timestamp?
    /// Attempts that failed in a row.
    public var attempts: Int
    /// When the next attempt comes.
    public var nextAttempt: Timestamp?
    /// Why the last attempt failed; `nil` after a success.
    public var lastError: String?
    /// When a message was last accepted.
    public var lastSuccess: Timestamp?
    /// Messages accepted since the endpoint was declared.
    public var delivered: Int64

    /// Creates a status.
    public init(
        name: String, url: String, phase: Phase, place: EventPlace, behind: Int64, waitingSince: Timestamp?,
        attempts: Int, nextAttempt: Timestamp?, lastError: String?, lastSuccess: Timestamp?, delivered: Int64
    ) {
        self.name = name
        self.url = url
        self.phase = phase
        self.place = place
        self.behind = behind
        self.waitingSince = waitingSince
        self.attempts = attempts
        self.nextAttempt = nextAttempt
        self.lastError = lastError
        self.lastSuccess = lastSuccess
        self.delivered = delivered
    }
}

/// What came of a test message.
public struct WebhookTrial: Sendable, Hashable {
    /// Whether it was accepted.
    public var isAccepted: Bool
    /// The status of the answer, if there was one.
    public var status: Int?
    /// One sentence.
    public var message: String

    /// Creates a result.
    public init(isAccepted: Bool, status: Int?, message: String) {
        (self.isAccepted, self.status, self.message) = (isAccepted, status, message)
    }
}
