/// Everything `freshet.yaml` says, checked and with defaults filled in.
///
/// A value of this type is valid: the loader reports every problem before it makes one.
public struct Configuration: Sendable {
    /// Where the store, the lock and the discovery file live; an absolute path.
    public var dataDirectory: String
    /// Where documents are kept.
    public var store: StoreLocation
    /// What the processes of one deployment share besides the store.
    public var coordinator = CoordinatorLocation.local
    /// How the queue is kept up.
    public var queue = QueueConfig()
    /// The listening side.
    public var server: ServerConfig
    /// Where logs go.
    public var logs: LogConfig
    /// By name, in ascending order.
    public var sources: [SourceConfig]
    /// By id, in ascending order.
    public var datasets: [DatasetConfig]
    /// By name, in ascending order.
    public var destinations: [DestinationConfig] = []
    /// By name, in ascending order.
    public var webhooks: [WebhookConfig] = []
    /// The applications on top, in ascending order of their names; their sources and datasets stand among the others.
    public var apps: [any App] = []
    /// The app whose routes stand at `/` as well; one of ``apps``.
    public var rootApp: String?

    /// Reports over tables.
    public var views: [ViewSpec] { apps.flatMap(\.views) }

    /// The app that each dataset of an app belongs to.
    public var appsByDataset: [DatasetID: any App] {
        var found: [DatasetID: any App] = [:]
        for app in apps { for dataset in app.datasets { found[dataset.id] = app } }
        return found
    }

    /// Creates a configuration from checked parts.
    public init(
        dataDirectory: String, store: StoreLocation = .sqlite, server: ServerConfig = ServerConfig(),
        logs: LogConfig = LogConfig(), sources: [SourceConfig] = [], datasets: [DatasetConfig] = []
    ) {
        self.dataDirectory = dataDirectory
        self.store = store
        self.server = server
        self.logs = logs
        self.sources = sources
        self.datasets = datasets
    }

    /// The source of that name, if it is declared.
    public func source(_ name: String) -> SourceConfig? { sources.first { $0.name == name } }

    /// The dataset of that id, if it is declared.
    public func dataset(_ id: DatasetID) -> DatasetConfig? { datasets.first { $0.id == id } }
}

/// Where documents are kept.
public enum StoreLocation: Sendable, Hashable {
    /// One SQLite file in the data directory.
    case sqlite
    /// Nothing outlives the process; for tests and trials.
    case memory
    /// A PostgreSQL database that several processes may share; a connection URI or keyword string as libpq reads it.
    case postgres(Secret)
}

/// What the processes of one deployment share besides the store.
public enum CoordinatorLocation: Sendable, Hashable {
    /// Nothing but the store itself.
    case local
    /// A Redis server: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS.
    case redis(Secret)
}

/// The `queue:` section.
public struct QueueConfig: Sendable, Hashable {
    /// Whether stale reads and schedules enqueue refreshes; what people ask for is refreshed all the same.
    public var autoRefresh = true
    /// Where backups are written by themselves, an absolute path; `nil` writes none.
    public var backupDirectory: String?
    /// The time between two backups.
    public var backupEvery = Period(.seconds(3600))
    /// How long backups are kept.
    public var backupKeep = Period(days: 7)

    /// Creates the section with defaults.
    public init() {}
}

/// The `server:` section.
public struct ServerConfig: Sendable {
    /// The address to bind, such as `127.0.0.1`.
    public var host = "127.0.0.1"
    /// The port to bind; 0 lets the system choose.
    public var port = 8080
    /// Whether reads need a token of role reader or better.
    public var readsNeedToken = false
    /// Bytes of encoded answers kept in memory, at least 1 MiB.
    public var memory = 512 << 20
    /// How many unknown keys one client may queue per minute.
    public var unknownKeysPerMinute = 60
    /// Event loop threads; 0 means one per core.
    public var threads = 0

    /// Creates the section with defaults.
    public init() {}
}

/// The `logs:` section.
public struct LogConfig: Sendable {
    /// `debug`, `info`, `warning` or `error`.
    public var level = "info"
    /// A file to write to besides standard error; `nil` writes none.
    public var file: String?
    /// The size in bytes at which a file is rotated.
    public var rotateBytes = 64 << 20
    /// How many rotated files are kept.
    public var keepFiles = 5
    /// A file that reads are written to, by key and half minute; `nil` writes none.
    public var reads: String?

    /// Creates the section with defaults.
    public init() {}
}
