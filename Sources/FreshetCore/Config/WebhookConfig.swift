/// An endpoint that events are sent to.
public struct WebhookConfig: Sendable {
    /// The name in `webhooks:`.
    public var name: String
    /// Where events are posted; it may hold a secret, so it is shown without path and query.
    public var url: Secret
    /// What messages are signed with, at least one; with several, each signs.
    public var secrets: [Secret]
    /// Which events are sent.
    public var filter = EventFilter()
    /// JSONPaths: a `dataset.updated` in which nothing else changed is not sent.
    public var ignore: [String] = []
    /// Whether what a first load of a document tells is sent.
    public var firstLoads = false
    /// The longest one attempt may take.
    public var timeout = Duration.seconds(15)
    /// Whether addresses of this machine and of private networks, and `http:`, are allowed.
    public var allowPrivate = false

    /// Creates an endpoint that gets everything but first loads.
    public init(name: String, url: Secret, secrets: [Secret]) {
        self.name = name
        self.url = url
        self.secrets = secrets
    }
}
