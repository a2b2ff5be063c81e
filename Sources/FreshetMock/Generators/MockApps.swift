/// The upstreams that a mock can play by name.
///
/// Apps add their own.
public struct MockApps: Sendable {
    /// One upstream.
    public struct App: Sendable {
        /// The name in `freshet mock NAME`.
        public let name: String
        /// One sentence for help texts.
        public let summary: String
        /// What a client appends to the mock's address to get the API's base URL, such as `/v1`; may be empty.
        public let basePath: String
        /// Paths below the base path to try, for people.
        public let examples: [String]
        /// Bytes that a request body may have, for ``MockOptions/maxRequestBody``.
        public let maxRequestBody: Int
        /// Makes the handler.
        public let make: @Sendable (Settings) -> any MockHandler

        /// Creates an entry.
        public init(
            name: String, summary: String, basePath: String = "", examples: [String] = [],
            maxRequestBody: Int = 1 << 20, make: @escaping @Sendable (Settings) -> any MockHandler
        ) {
            self.name = name
            self.summary = summary
            self.basePath = basePath
            self.examples = examples
            self.maxRequestBody = maxRequestBody
            self.make = make
        }
    }

    /// What all generators understand.
    public struct Settings: Sendable {
        /// Another seed, another world.
        public var seed: UInt64
        /// How often generated data moves, above zero.
        public var changeEvery: Duration
        /// The clocks.
        public var clock: MockClock

        /// Creates settings.
        public init(seed: UInt64 = 1, changeEvery: Duration = .seconds(60), clock: MockClock = .system) {
            self.seed = seed
            self.changeEvery = changeEvery
            self.clock = clock
        }
    }

    /// All entries, in the order they were added.
    public private(set) var apps: [App]

    /// Creates a registry.
    public init(_ apps: [App] = []) { self.apps = apps }

    /// Adds an upstream; one of the same name is replaced.
    public mutating func add(_ app: App) {
        apps.removeAll { $0.name == app.name }
        apps.append(app)
    }

    /// The upstream called `name`, or `nil`.
    public func app(named name: String) -> App? { apps.first { $0.name == name } }

    /// A handler for the upstream called `name`, or `nil` when there is none.
    public func handler(named name: String, settings: Settings = Settings()) -> (any MockHandler)? {
        app(named: name)?.make(settings)
    }

    /// What `freshet mock DIR|APP` serves: an app of this name, or else the recordings in this folder.
    ///
    /// - Parameters:
    ///   - text: A name of an app or the path of a folder.
    ///   - variants: Which recording answers when a request was recorded several times.
    /// - Returns: What to serve; its handler is made with ``App/make``.
    /// - Throws: ``ReplayError`` when it is neither, naming the apps there are.
    public func resolve(_ text: String, variants: ReplayVariants = .first) throws(ReplayError) -> App {
        if let app = app(named: text) { return app }
        let handler: ReplayHandler
        do { handler = try ReplayHandler(directory: text, variants: variants) } catch {
            let names = apps.map(\.name).joined(separator: ", ")
            throw ReplayError(description: "\(error.description) The apps to choose from are \(names).")
        }
        let paths = handler.routes.filter { $0.method == "GET" && !$0.path.contains("{") }.map(\.path)
        let examples = paths.prefix(5).map { $0.hasPrefix("/") ? $0 : "/\($0)" }
        return App(name: text, summary: "The recordings in \(text).", examples: examples) { _ in handler }
    }

    /// The upstreams that come with this library.
    public static let builtIn: MockApps = {
        let tags = ClashGenerator(clans: 2, players: 1)
        var apps = MockApps([
            App(
                name: "clash", summary: "Clash of Clans: clans, players, wars, leagues and raids that move.",
                basePath: "/v1",
                examples: tags.clanTags.map { "/clans/%23\($0)" } + tags.playerTags.map { "/players/%23\($0)" }
            ) { ClashGenerator(seed: $0.seed, changeEvery: $0.changeEvery, clock: $0.clock) },
            App(
                name: "github", summary: "GitHub REST: repositories, users and paged issues.",
                examples: ["/repos/apple/swift-nio", "/users/octocat", "/repos/apple/swift-nio/issues?per_page=5"]
            ) { GitHubGenerator(seed: $0.seed, changeEvery: $0.changeEvery, clock: $0.clock) },
            App(
                name: "bigquery", summary: "BigQuery's REST API in memory: tables, load jobs, a little SQL.",
                examples: ["/credentials.json", "/bigquery/v2/projects/local/datasets"], maxRequestBody: 64 << 20
            ) { settings in
                var options = BigQueryHandler.Settings()
                options.clock = settings.clock
                return BigQueryHandler(options)
            },
            App(
                name: "oec", summary: "OEC: exports by product, country and year, as tesseract answers.",
                examples: [OecGenerator.path(product: "52709"), OecGenerator.path(product: "17870380")]
            ) { OecGenerator(seed: $0.seed) },
            App(
                name: "torn", summary: "Torn City: crimes, members, items and money of factions.", basePath: "/v2",
                examples: [
                    "/faction/crimes?sort=ASC", "/faction/40832/members", "/torn/items?cat=Weapon", "/torn/timestamp",
                ]
            ) { TornGenerator(seed: $0.seed, changeEvery: $0.changeEvery, clock: $0.clock) },
        ])
        for style in PagedHandler.Style.allCases {
            apps.add(
                App(name: "paged-\(style.rawValue)", summary: "A list of 1,000 items in pages (\(style.rawValue)).") {
                    _ in
                    PagedHandler(items: 1_000, pageSize: 100, style: style)
                })
        }
        return apps
    }()
}
