public import FreshetCore

/// How a PostgreSQL database is reached and how much of it is used.
public struct PostgresOptions: Sendable {
    /// A URI (`postgresql://user:password@host:5432/name?sslmode=verify-full`) or a keyword string, as libpq reads them.
    ///
    /// What it leaves out comes from libpq's environment variables, such as `PGHOST` and `PGPASSFILE`.
    public var connection: Secret
    /// Shown in `pg_stat_activity`.
    public var applicationName = "freshet"
    /// Connections for writes, 1 or more.
    public var writers = 4
    /// Connections for reads, 1 or more.
    public var readers = 4
    /// How long making a connection may take.
    public var connectTimeout = Duration.seconds(3)
    /// How long one statement may run; the server ends it then.
    public var statementTimeout = Duration.seconds(30)
    /// How long a transaction waits for a row that another one holds.
    public var lockTimeout = Duration.seconds(10)
    /// How long a transaction may stand still before the server ends it.
    ///
    /// A process that is stopped in the middle of a write would hold up all others otherwise.
    public var idleTransactionTimeout = Duration.seconds(3)
    /// How long a call waits for a free connection.
    public var waitTimeout = Duration.seconds(10)
    /// Most commits of documents that one transaction takes together.
    public var batchOperations = 256
    /// Most bytes of bodies that one transaction takes together; a single larger call still goes alone.
    public var batchBytes = 8 << 20

    /// Creates options for a connection string.
    public init(connection: Secret) { self.connection = connection }
}
