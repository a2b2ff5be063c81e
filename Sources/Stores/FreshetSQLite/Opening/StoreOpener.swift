import Dispatch
import FreshetCore
import GRDB

/// Opens the file once: checks it, sets a damaged one aside, migrates, and configures the connections.
struct StoreOpener: Sendable {
    /// Opening and closing wait for the disk; they do it here.
    static let queue = DispatchQueue(label: "freshet.sqlite.open", attributes: .concurrent)

    let directory: String
    let options: SQLiteOptions
    let now: Timestamp

    func open() -> Result<SQLiteStore, StoreError> {
        do {
            return .success(try openOrSetAside())
        } catch {
            return .failure(StoreError(error, writing: true))
        }
    }

    private func openOrSetAside() throws -> SQLiteStore {
        let file = StoreFile(directory: directory)
        try file.prepareDirectory()
        do {
            return try open(file, setAside: nil)
        } catch {
            guard case .corrupt(let reason) = StoreError(error, writing: true), options.onCorruption == .setAside
            else { throw error }
            let kept = try file.setAside(at: now)
            return try open(file, setAside: OpenReport.SetAside(path: kept, reason: reason))
        }
    }

    private func open(_ file: StoreFile, setAside: OpenReport.SetAside?) throws -> SQLiteStore {
        var report = OpenReport(path: file.path)
        report.setAside = setAside
        let found = try file.inspect()
        report.isNew = found.isEmpty
        report.wasUnclean = found.hasLog
        try file.create()
        let pool = try DatabasePool(path: file.path, configuration: configuration())
        do {
            if report.wasUnclean, found.bytes <= options.checkLimit {
                try pool.read(check)
                report.wasChecked = true
            }
            if let newer = try pool.read(Migrations.unknownStep) { throw StoreError.newerSchema(found: newer) }
            report.migrations = try migrate(pool)
            report.durability = try pool.writeWithoutTransaction(configureWriter)
            let datasets = DatasetTable()
            datasets.add(try pool.read(loadDatasets))
            return SQLiteStore(report: report, pool: pool, datasets: datasets, options: options)
        } catch {
            try? pool.close()
            throw error
        }
    }

    private func configuration() -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "freshet"
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(options.busyTimeout.inSeconds)
        configuration.maximumReaderCount = max(1, options.readers)
        configuration.persistentReadOnlyConnections = true
        configuration.prepareDatabase { [options] database in
            let cache = database.configuration.readonly ? options.readerCacheKiB : options.writerCacheKiB
            try database.execute(sql: "PRAGMA cache_size = \(-max(64, cache))")
            // Mapped pages would count as memory of this process, and a disk error in one ends it with SIGBUS.
            try database.execute(sql: "PRAGMA mmap_size = 0")
            database.add(function: .decimalOrder)
        }
        return configuration
    }

    /// Sets what GRDB would undo while it opens the write-ahead log, and reads it back.
    private func configureWriter(_ database: Database) throws -> SQLiteOptions.Durability {
        let wanted = options.durability
        try database.execute(sql: "PRAGMA synchronous = \(wanted == .full ? "FULL" : "NORMAL")")
        // After a burst the log is cut back to this size at the next check-point.
        try database.execute(sql: "PRAGMA journal_size_limit = \(max(1, options.checkpointPages) * 4096 * 2)")
        let level = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard level == (wanted == .full ? 2 : 1) else {
            throw StoreError.unavailable("SQLite did not take synchronous = \(wanted.rawValue)")
        }
        return wanted
    }

    private func check(_ database: Database) throws {
        let messages = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
        guard messages == ["ok"] else { throw StoreError.corrupt(messages.first ?? "quick_check said nothing") }
    }

    private func migrate(_ pool: DatabasePool) throws -> [String] {
        let migrator = Migrations.migrator()
        let before = try pool.read(migrator.appliedMigrations)
        guard before.count < Migrations.all.count else { return [] }
        try migrator.migrate(pool)
        return Migrations.all.map(\.name).filter { !before.contains($0) }
    }

    private func loadDatasets(_ database: Database) throws -> [DatasetID: Int64] {
        let rows = try Row.fetchAll(database, sql: "SELECT source, name, id FROM freshet_datasets")
        return Dictionary(uniqueKeysWithValues: rows.map { (DatasetID(source: $0[0], name: $0[1]), $0[2]) })
    }
}
