import FreshetCore
import GRDB
import GRDBSQLite

/// What the writer keeps between transactions: prepared statements, the counters, and the numbers of datasets.
///
/// Confined to GRDB's writer queue.
final class WriteSession: @unchecked Sendable {  // unchecked: only GRDB's writer queue, which is no actor, touches it
    /// Numbers that are never given twice.
    enum Counter: String, CaseIterable {
        case job, fence, event, fetch, revision, outbox
    }

    private let datasets: DatasetTable
    private var database: Database?
    private var statements: [String: RawStatement] = [:]
    private var counters: [Counter: Int64] = [:]
    private var changedCounters: Set<Counter> = []
    private var newDatasets: [DatasetID: Int64] = [:]
    /// No waiting job is due before this moment (microseconds); `Int64.min` when that is not known.
    var nextWaiting = Int64.min
    /// The tables there are; `nil` until they are needed, and after a rollback.
    var book: TableBook?
    /// Specifications made ready, by dataset and mark.
    var rules = RulesCache()
    /// Views that wait for their tables.
    var pendingViews: [ViewSpec] = []
    /// Pages in the write-ahead log, as of the last commit.
    private(set) var logPages = 0

    init(datasets: DatasetTable) { self.datasets = datasets }

    /// Names the connection of the transaction that begins.
    func use(_ database: Database) {
        if self.database == nil { watchLog(of: database) }
        self.database = database
        // Every version of every table's schema has statements of its own.
        if statements.count > 4_000 { statements = [:] }
    }

    /// The prepared statement for an SQL text; it must be reset after use.
    func statement(_ sql: String) throws -> RawStatement {
        if let known = statements[sql] { return known }
        guard let database else { throw StoreError.unavailable("the writer has no connection") }
        let made = RawStatement(try database.makeStatement(sql: sql), on: database)
        statements[sql] = made
        return made
    }

    /// Runs statements that change the schema, or that run once.
    func execute(_ sql: String) throws {
        guard let database else { throw StoreError.unavailable("the writer has no connection") }
        try database.execute(sql: sql)
    }

    /// Performs `body` and takes everything back that it wrote, numbers included.
    func trial<Value>(_ body: () throws -> Value) throws -> Value {
        let (counters, changed, datasets, book) = (counters, changedCounters, newDatasets, book)
        try execute("SAVEPOINT trial")
        defer {
            (self.counters, changedCounters, newDatasets, self.book) = (counters, changed, datasets, book)
        }
        do {
            let value = try body()
            try execute("ROLLBACK TO trial")
            try execute("RELEASE trial")
            return value
        } catch {
            try? execute("ROLLBACK TO trial")
            try? execute("RELEASE trial")
            throw error
        }
    }

    /// Rows changed since the connection opened.
    var totalChanges: Int { database?.sqliteConnection.map { Int(sqlite3_total_changes($0)) } ?? 0 }

    /// Drops the prepared statements, without which the connection cannot be closed.
    func forgetStatements() {
        statements = [:]
        if let connection = database?.sqliteConnection { sqlite3_wal_hook(connection, nil, nil) }
        database = nil
    }

    // MARK: The write-ahead log

    /// Has each commit tell how long the log is; SQLite copies nothing back by itself from now on.
    private func watchLog(of database: Database) {
        guard let connection = database.sqliteConnection else { return }
        sqlite3_wal_hook(
            connection,
            { session, _, _, pages in
                guard let session else { return SQLITE_OK }
                Unmanaged<WriteSession>.fromOpaque(session).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Copies the log back into the file, as far as readers let it; the rest is tried again after the next commit.
    func copyBackLog() {
        logPages = 0
        guard let connection = database?.sqliteConnection else { return }
        sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    }

    // MARK: Counters

    /// The next number of a counter.
    func next(_ counter: Counter) throws -> Int64 {
        let value = try current(counter) + 1
        counters[counter] = value
        changedCounters.insert(counter)
        return value
    }

    /// The number that ``next(_:)`` will give.
    func peek(_ counter: Counter) throws -> Int64 { try current(counter) + 1 }

    private func current(_ counter: Counter) throws -> Int64 {
        if let known = counters[counter] { return known }
        let statement = try statement("SELECT value FROM freshet_counters WHERE name = ?")
        defer { statement.reset() }
        statement.bind(counter.rawValue, at: 1)
        let value = try statement.step() ? statement.int64(0) : 0
        counters[counter] = value
        return value
    }

    /// Writes the counters that moved; the last step before a commit.
    func saveCounters() throws {
        for counter in changedCounters {
            let statement = try statement("INSERT OR REPLACE INTO freshet_counters (name, value) VALUES (?, ?)")
            statement.bind(counter.rawValue, at: 1)
            statement.bind(counters[counter], at: 2)
            try statement.run()
        }
    }

    // MARK: Datasets

    /// The number of a dataset, given to it now if it has none.
    func number(of dataset: DatasetID) throws -> Int64 {
        if let known = known(dataset) { return known }
        let statement = try statement("INSERT INTO freshet_datasets (source, name) VALUES (?, ?) RETURNING id")
        defer { statement.reset() }
        statement.bind(dataset.source, at: 1)
        statement.bind(dataset.name, at: 2)
        guard try statement.step() else { throw StoreError.unavailable("a dataset got no number") }
        let number = statement.int64(0)
        newDatasets[dataset] = number
        return number
    }

    /// The number of a dataset, if it has one.
    func known(_ dataset: DatasetID) -> Int64? { datasets.number(of: dataset) ?? newDatasets[dataset] }

    /// The numbers of the datasets of a source, or of all.
    func numbers(source: String?) -> [Int64] {
        var numbers = datasets.numbers(source: source)
        for (dataset, number) in newDatasets where source == nil || dataset.source == source { numbers.append(number) }
        return numbers.sorted()
    }

    /// The dataset with a number.
    func dataset(_ number: Int64) throws -> DatasetID {
        if let known = datasets.dataset(number) { return known }
        if let new = newDatasets.first(where: { $0.value == number }) { return new.key }
        throw StoreError.corrupt("a row names the dataset number \(number), which does not exist")
    }

    // MARK: Ends of transactions

    /// Publishes what the transaction made known.
    func didCommit() {
        changedCounters.removeAll(keepingCapacity: true)
        guard !newDatasets.isEmpty else { return }
        datasets.add(newDatasets)
        newDatasets = [:]
    }

    /// Forgets everything that was not committed; it is read again when needed.
    func didRollBack() {
        counters = [:]
        changedCounters = []
        newDatasets = [:]
        nextWaiting = .min
        book = nil
    }
}
