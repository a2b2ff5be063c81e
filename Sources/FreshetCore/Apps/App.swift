/// An application on top of the engine: what it mirrors, what it shows, and its own routes.
///
/// An app is a value made from its options; it holds no connection and no state. Every app runs `AppContract`.
public protocol App: Sendable {
    /// The name in `apps:` and in `/apps/{name}/`.
    static var name: String { get }

    /// The upstreams that it needs, in ascending order of their names.
    var sources: [SourceConfig] { get }

    /// What it mirrors, in ascending order of the ids.
    var datasets: [DatasetConfig] { get }

    /// Reports over its tables.
    var views: [ViewSpec] { get }

    /// Its routes, with patterns below `/apps/{name}`.
    var routes: [AppRoute] { get }
}

/// A named query that the store keeps as a view.
public struct ViewSpec: Sendable, Hashable {
    /// The name, in the same name space as tables.
    public var name: String
    /// One line that says what it shows.
    public var summary: String
    /// The tables that it reads; the view is made once they exist.
    public var tables: [String]
    /// A `SELECT` in SQLite's dialect.
    public var sqlite: String

    /// Creates a view.
    public init(name: String, summary: String, tables: [String], sqlite: String) {
        (self.name, self.summary, self.tables, self.sqlite) = (name, summary, tables, sqlite)
    }
}

/// A route of an app.
public struct AppRoute: Sendable {
    /// What a client must be to use it.
    public enum Access: Sendable {
        /// Everyone.
        case everyone
        /// Whoever may read documents.
        case reader
        /// A token of role operator or admin; without any token configured, this machine.
        case `operator`
    }

    /// `GET` (which includes `HEAD`), `POST` and so on.
    public var method: String
    /// Segments between slashes, `text` or `{name}`; `/reports/{report}`.
    public var pattern: String
    /// What a client must be.
    public var access: Access
    /// One line for the OpenAPI document.
    public var summary: String
    /// Answers.
    public var handle: @Sendable (AppRequest) async throws -> AppReply

    /// Creates a route.
    public init(
        _ method: String, _ pattern: String, _ access: Access, _ summary: String,
        handle: @escaping @Sendable (AppRequest) async throws -> AppReply
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.summary = summary
        self.handle = handle
    }
}

/// A request to an app's route.
public struct AppRequest: Sendable {
    /// The values of the pattern's segments.
    public var captures: [String: String]
    /// The query, decoded, in order.
    public var parameters: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]
    /// The mirror.
    public var services: AppServices

    /// Creates a request.
    public init(
        captures: [String: String], parameters: [(name: String, value: String)], body: [UInt8], services: AppServices
    ) {
        self.captures = captures
        self.parameters = parameters
        self.body = body
        self.services = services
    }
}

/// What the engine offers to an app.
public struct AppServices: Sendable {
    /// What is mirrored.
    public var configuration: Configuration
    /// Documents, queue, events.
    public var store: any Store
    /// Rows; `nil` when the store keeps none.
    public var tables: (any TableStore)?
    /// The time.
    public var clock: any FreshetClock
    /// Asks for a refresh; returns once the wish is durable.
    public var refresh: @Sendable (EnqueueRequest) async throws(StoreError) -> EnqueueResult

    /// Creates the services.
    public init(
        configuration: Configuration, store: any Store, tables: (any TableStore)?, clock: any FreshetClock,
        refresh: @escaping @Sendable (EnqueueRequest) async throws(StoreError) -> EnqueueResult
    ) {
        self.configuration = configuration
        self.store = store
        self.tables = tables
        self.clock = clock
        self.refresh = refresh
    }
}

/// An answer of an app's route.
public struct AppReply: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The media type.
    public var type: String
    /// The body.
    public var body: [UInt8]

    /// Creates an answer.
    public init(_ status: Int = 200, type: String = "application/json", body: [UInt8]) {
        (self.status, self.type, self.body) = (status, type, body)
    }
}
