/// An app with WebSockets of its own.
public protocol SocketApp: App {
    /// Its WebSockets, with patterns below `/apps/{name}`.
    var sockets: [AppSocket] { get }
}

/// A WebSocket of an app.
///
/// The server keeps the protocol: masks, fragments, UTF-8, pings, close codes, limits. Messages are texts of at most 64 KiB. A
/// client that is too slow for what it is sent (1 MiB waits) is closed with 1008, one that does not answer pings is closed, and
/// when the server stops everyone is closed with 1001.
public struct AppSocket: Sendable {
    /// Segments between slashes, `text` or `{name}`: `/ws`, `/rooms/{code}/ws`.
    public var pattern: String
    /// What a client must be; `operator` always needs a token here.
    public var access: AppRoute.Access
    /// One line for the OpenAPI document.
    public var summary: String
    /// Begins a session.
    ///
    /// Messages of the client wait meanwhile, at most 256 of them.
    public var open: @Sendable (AppSocketRequest, AppSocketConnection) async -> any AppSocketSession

    /// Creates a WebSocket.
    public init(
        _ pattern: String, _ access: AppRoute.Access, _ summary: String,
        open: @escaping @Sendable (AppSocketRequest, AppSocketConnection) async -> any AppSocketSession
    ) {
        self.pattern = pattern
        self.access = access
        self.summary = summary
        self.open = open
    }
}

/// What an app does on one connection; its calls come one after the other.
public protocol AppSocketSession: Sendable {
    /// A message has come.
    func received(_ text: String) async

    /// The connection is closed; nothing comes after it.
    func closed() async
}

/// The request that a WebSocket began with.
public struct AppSocketRequest: Sendable {
    /// The values of the pattern's segments.
    public var captures: [String: String]
    /// The query as it was sent.
    public var query: String
    /// The header fields, in order; names in lower case.
    public var headers: [(name: String, value: String)]
    /// Who asks, as limits count clients: an IPv4 address or a /64 network.
    public var client: String
    /// The mirror.
    public var services: AppServices

    /// Creates a request.
    public init(
        captures: [String: String] = [:], query: String = "", headers: [(name: String, value: String)] = [],
        client: String = "unknown", services: AppServices
    ) {
        self.captures = captures
        self.query = query
        self.headers = headers
        self.client = client
        self.services = services
    }
}

/// The other end of a WebSocket, for the app; safe from any task.
public struct AppSocketConnection: Sendable {
    /// Unique; `c_` and 32 digits.
    public let id: String
    private let sender: @Sendable (String) -> Void
    private let closer: @Sendable (UInt16, String) -> Void

    /// Creates an end, for tests too.
    public init(
        id: String, send: @escaping @Sendable (String) -> Void,
        close: @escaping @Sendable (UInt16, String) -> Void
    ) {
        (self.id, sender, closer) = (id, send, close)
    }

    /// Sends a text; in order, without waiting, and without effect once the connection is closed.
    public func send(_ text: String) { sender(text) }

    /// Closes with a code (1000, or 4000 to 4999 for the app's own) and a reason of at most 123 bytes.
    public func close(_ code: UInt16 = 1000, _ reason: String = "") { closer(code, reason) }
}
