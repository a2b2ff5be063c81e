public import FreshetCore
import Synchronization

/// The store in a PostgreSQL database, on which any number of processes work at once.
///
/// Every call is one transaction, of one round trip where that is possible; commits of documents that arrive together share
/// one. Nothing depends on a session, so that a pooler in transaction mode may stand between. No call blocks Swift's own
/// threads, and none waits without end: while the server is away calls fail at once.
public final class PostgresStore: ClusterStore {
    /// What opening found and did.
    public let report: OpenReport

    /// What was found and done when a store was opened.
    public struct OpenReport: Sendable, Hashable {
        /// Host and database, without user or password.
        public var target: String
        /// The server's version, such as `15.20`.
        public var serverVersion = ""
        /// Whether a pooler in transaction mode may stand between: statements are not prepared then.
        public var isPooled = false
        /// The migrations that were run now.
        public var migrations: [String] = []
    }

    /// Connections for writes and everything that must not wait for long reads.
    let writers: PGPool
    /// Connections for reads.
    let readers: PGPool
    let datasets: DatasetNumbers
    let committer: CommitBatcher
    /// Writes the rows of documents.
    let tables: TableKeeper
    private let ringer = Mutex<PostgresNews?>(nil)
    let target: PGTarget
    let options: PostgresOptions

    private init(
        report: OpenReport, target: PGTarget, options: PostgresOptions, writers: PGPool, readers: PGPool,
        datasets: DatasetNumbers
    ) {
        self.report = report
        self.target = target
        self.options = options
        self.writers = writers
        self.readers = readers
        self.datasets = datasets
        tables = TableKeeper()
        committer = CommitBatcher(pool: writers, rows: tables, datasets: datasets, options: options)
    }

    /// Connects and brings the schema up to date.
    ///
    /// - Parameter options: Where the database is, and how much of it is used.
    /// - Returns: The open store.
    /// - Throws: `.refused` for a connection string that cannot be read, `.newerSchema` for a database of a newer Freshet
    ///   (nothing is changed then), `.unavailable` when the server cannot be reached, else `.cannotWrite`.
    public static func open(_ options: PostgresOptions) async throws(StoreError) -> PostgresStore {
        let target = try PGTarget(options)
        let limits = PGLimits(options)
        let health = SharedHealth()
        func pool(_ size: Int) -> PGPool {
            PGPool(target: target, limits: limits, health: health, size: size, patience: options.waitTimeout)
        }
        let (writers, readers, datasets) = (pool(options.writers), pool(options.readers), DatasetNumbers())
        do {
            let report = try await writers.transaction { connection in
                let migrations = try Migrations.run(on: connection)
                try datasets.load(on: connection)
                let version = try connection.query("SELECT current_setting('server_version')").first { $0.text(0) }
                return OpenReport(
                    target: target.description, serverVersion: version ?? "", isPooled: !connection.isDirect,
                    migrations: migrations)
            }
            return PostgresStore(
                report: report, target: target, options: options, writers: writers, readers: readers,
                datasets: datasets)
        } catch {
            await writers.close()
            throw error
        }
    }

    /// Waits for calls under way and closes every connection.
    public func close() async {
        await ringer.withLock { $0 }?.close()
        await committer.close()
        await writers.close()
        await readers.close()
    }

    /// Tells other processes of this database that there is news; it connects when it is first asked for.
    public var news: PostgresNews {
        ringer.withLock { ringer in
            let news = ringer ?? PostgresNews(target: target, options: options, pool: writers)
            ringer = news
            return news
        }
    }

    /// Limits that all processes of this store share.
    public var limits: any SharedLimits { PostgresLimits(pool: writers) }
}
