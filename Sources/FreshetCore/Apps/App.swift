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

    /// The document that the rows of a dataset's tables are made of, where that is not the fetched one itself.
    ///
    /// It can hold what follows from a change, such as who was active since the last fetch. A list that is left out leaves the rows
    /// of its table as they are. `nil` takes the fetched document. It must give the same for the same change.
    func tableDocument(for change: DocumentChange) throws -> [UInt8]?

    /// Events of the app's own types (`clash.member.joined`) that follow from a change, written in its transaction.
    func events(for change: DocumentChange) throws -> [NewEvent]

    /// When a document must be looked at again at the latest, because of what it says: a war that ends then.
    ///
    /// Asked after each successful refresh. `nil` when it says nothing of the kind.
    func nextLook(at id: DocumentID, body: [UInt8], now: Timestamp) -> NextLook?

    /// What works beside the mirror for as long as a process serves, and what its routes find in ``AppServices/runner``.
    ///
    /// Made once by each process, before it serves. `nil` when the app needs nothing of the kind.
    func runner(_ services: AppServices) -> (any AppRunner)?
}

/// The part of an app that lives as long as the process: what it keeps in memory, and what it does by itself.
public protocol AppRunner: Sendable {
    /// Reads what its routes need; requests are answered once it has returned.
    ///
    /// - Throws: When the store cannot be read; the process does not serve then.
    func prepare() async throws

    /// Works until cancelled; not called in a process that only answers.
    func run() async
}

extension App {
    /// Nothing of the kind.
    public func runner(_ services: AppServices) -> (any AppRunner)? { nil }

    /// Tables are made of the document itself.
    public func tableDocument(for change: DocumentChange) throws -> [UInt8]? { nil }

    /// No events.
    public func events(for change: DocumentChange) throws -> [NewEvent] { [] }

    /// It says nothing.
    public func nextLook(at id: DocumentID, body: [UInt8], now: Timestamp) -> NextLook? { nil }
}

/// A document that became different.
public struct DocumentChange: Sendable {
    /// The document.
    public var id: DocumentID
    /// What it was before; `nil` at the first load, and when a replay has no earlier version.
    public var before: [UInt8]?
    /// When the earlier content was last confirmed.
    public var beforeAt: Timestamp?
    /// What it is now.
    public var after: [UInt8]
    /// When that was fetched.
    public var at: Timestamp
    /// Whether rows are made again from what is kept: nothing has happened just now.
    public var isReplay: Bool

    /// Creates a change.
    public init(
        id: DocumentID, before: [UInt8]?, beforeAt: Timestamp?, after: [UInt8], at: Timestamp, isReplay: Bool = false
    ) {
        self.id = id
        self.before = before
        self.beforeAt = beforeAt
        self.after = after
        self.at = at
        self.isReplay = isReplay
    }
}

/// A moment at which a document must be looked at again.
public struct NextLook: Sendable, Hashable {
    /// When.
    public var at: Timestamp
    /// How urgent it is then.
    public var priority: Priority

    /// Creates a moment.
    public init(at: Timestamp, priority: Priority) { (self.at, self.priority) = (at, priority) }
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
    /// The same in PostgreSQL's dialect; `nil` when SQLite's will do there, too.
    public var postgres: String?

    /// Creates a view.
    public init(name: String, summary: String, tables: [String], sqlite: String, postgres: String? = nil) {
        self.name = name
        self.summary = summary
        self.tables = tables
        self.sqlite = sqlite
        self.postgres = postgres
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
    /// The header fields, in order; names in lower case.
    public var headers: [(name: String, value: String)]
    /// Who asks, as limits count clients: an IPv4 address or a /64 network.
    public var client: String
    /// The body.
    public var body: [UInt8]
    /// The mirror.
    public var services: AppServices

    /// Creates a request.
    public init(
        captures: [String: String], parameters: [(name: String, value: String)],
        headers: [(name: String, value: String)] = [], client: String = "unknown", body: [UInt8],
        services: AppServices
    ) {
        self.captures = captures
        self.parameters = parameters
        self.headers = headers
        self.client = client
        self.body = body
        self.services = services
    }

    /// The first value of a header field; `name` in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The first value of a query parameter.
    public func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
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
    /// Reads a document as a client would: from memory or the store, counted, and refreshed in the background when stale.
    ///
    /// Its state may lack what only the store knows; `nil` when it was never asked for.
    public var read: @Sendable (DocumentID) async throws -> StoredDocument?
    /// Queues the first fetch of a document in a client's name, within what one client may ask for.
    public var ask: @Sendable (DocumentID) async throws -> ColdAnswer
    /// Passes a request on live under the budget; it waits for the upstream.
    public var pass: @Sendable (PassRequest, DatasetID?) async -> PassResult
    /// Stores a document that did not come from its source, as a refresh would: weighed, with rows and events, and served at once.
    public var bring: @Sendable (DocumentID, FetchedContent, Timestamp) async throws(StoreError) -> Void = { _, _, _ in
    }
    /// What the app's ``App/runner(_:)`` made; `nil` where nothing was made.
    public var runner: (any AppRunner)?

    /// Creates the services.
    public init(
        configuration: Configuration, store: any Store, tables: (any TableStore)?, clock: any FreshetClock,
        refresh: @escaping @Sendable (EnqueueRequest) async throws(StoreError) -> EnqueueResult,
        read: @escaping @Sendable (DocumentID) async throws -> StoredDocument? = { _ in nil },
        ask: @escaping @Sendable (DocumentID) async throws -> ColdAnswer = { _ in .closed },
        pass: @escaping @Sendable (PassRequest, DatasetID?) async -> PassResult = { request, _ in
            .failed(CallFailure(effect: .permanent, kind: "undeclared", message: "no upstream: \(request.path)"))
        }
    ) {
        self.configuration = configuration
        self.store = store
        self.tables = tables
        self.clock = clock
        self.refresh = refresh
        self.read = read
        self.ask = ask
        self.pass = pass
    }
}

/// What becomes of a wish for a document that was never asked for.
public enum ColdAnswer: Sendable, Equatable {
    /// A job will fetch it.
    case queued(job: Int64)
    /// The client has asked for too many; it may try again after so many seconds.
    case refused(retryAfter: Int)
    /// No client may ask for unknown documents here.
    case closed
}

/// An answer of an app's route.
public struct AppReply: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The media type.
    public var type: String
    /// Further header fields; `Cache-Control` replaces the `no-store` that an answer has otherwise.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Creates an answer.
    public init(
        _ status: Int = 200, type: String = "application/json", headers: [(name: String, value: String)] = [],
        body: [UInt8]
    ) {
        (self.status, self.type, self.headers, self.body) = (status, type, headers, body)
    }
}
