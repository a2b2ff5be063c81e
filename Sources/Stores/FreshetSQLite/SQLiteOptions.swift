/// How a ``SQLiteStore`` is opened.
public struct SQLiteOptions: Sendable {
    /// What a commit waits for.
    public enum Durability: String, Sendable, CaseIterable {
        /// Survives `kill -9`; a power cut may take the last commits, never the consistency of the file.
        case normal
        /// Also survives a power cut: every commit waits for the disk.
        case full
    }

    /// What happens when the file turns out to be damaged at opening.
    public enum OnCorruption: String, Sendable, CaseIterable {
        /// The file is renamed beside itself, an empty store begins, and ``OpenReport/setAside`` says so.
        case setAside
        /// Opening fails with `StoreError.corrupt`; nothing is touched.
        case fail
    }

    /// What a commit waits for.
    public var durability = Durability.normal
    /// What happens when the file is damaged.
    public var onCorruption = OnCorruption.setAside
    /// Connections for reads, 1 or more; each holds ``readerCacheKiB`` of pages.
    public var readers = 4
    /// How long a connection waits for another process that holds the file.
    public var busyTimeout = Duration.seconds(5)
    /// Page cache of the writer in KiB.
    public var writerCacheKiB = 16_384
    /// Page cache of each reader in KiB.
    public var readerCacheKiB = 2_048
    /// Pages (4 KiB) in the write-ahead log after which the writer copies them back; bounds the log and the recovery time.
    public var checkpointPages = 4_096
    /// Most calls that one commit takes together.
    public var batchOperations = 256
    /// Most bytes of bodies that one commit takes together; a single larger call still goes alone.
    public var batchBytes = 8 << 20
    /// After an unclean end, a file up to this size (bytes) is checked before it is used; a larger one by `verify()`.
    public var checkLimit = 16 << 20

    /// Creates the default options.
    public init() {}
}

/// What was found and done when a store was opened.
public struct OpenReport: Sendable, Hashable {
    /// A damaged file that was kept under another name.
    public struct SetAside: Sendable, Hashable, CustomStringConvertible {
        /// Where the damaged file is now; its `-wal` and `-shm` are beside it.
        public var path: String
        /// What was wrong with it.
        public var reason: String

        /// What happened, what Freshet does next, and what to do.
        public var description: String {
            "the store was damaged (\(reason)); it is kept as \(path), and an empty store was started that fills again "
                + "from upstream; restore a backup in its place or salvage the file with `sqlite3 FILE .recover`"
        }
    }

    /// The database file.
    public var path: String
    /// Whether the store is new and empty.
    public var isNew = false
    /// Whether the last process ended without closing the store.
    public var wasUnclean = false
    /// Whether the whole file was checked; `false` after an unclean end means: run `verify()` in the background.
    public var wasChecked = false
    /// The damaged file that was set aside, if any.
    public var setAside: SetAside?
    /// The migrations that were run now.
    public var migrations: [String] = []
    /// What commits wait for, as SQLite reports it.
    public var durability = SQLiteOptions.Durability.normal
}
