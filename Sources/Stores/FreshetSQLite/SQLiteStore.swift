import Dispatch
public import FreshetCore
import GRDB
import Synchronization

/// The store in one SQLite file: one writer that groups calls into commits, several readers, write-ahead log.
///
/// One process owns the file (see ``DataDirectoryLock``): SQLite 3.40.1 can damage a write-ahead log that two connections
/// check-point at once, and here only the writer ever does. No call makes Swift's own threads wait for the disk.
public final class SQLiteStore: Store, TableStore, OutboxStore {
    /// What opening found and did.
    public let report: OpenReport

    let committer: GroupCommitter
    let pool: DatabasePool
    let datasets: DatasetTable
    let schemas = SchemaCache()
    private let gate = ReadGate()

    init(report: OpenReport, pool: DatabasePool, datasets: DatasetTable, options: SQLiteOptions) {
        self.report = report
        self.pool = pool
        self.datasets = datasets
        committer = GroupCommitter(pool: pool, session: WriteSession(datasets: datasets), options: options)
    }

    /// Opens `freshet.sqlite` in a directory, which is made when missing, and brings its schema up to date.
    ///
    /// Take the ``DataDirectoryLock`` of the directory first.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - options: How to open it.
    ///   - now: The present moment; it names a damaged file that is set aside.
    /// - Returns: The open store.
    /// - Throws: `.corrupt` for a damaged file under `OnCorruption.fail`, `.newerSchema` for a file of a newer Freshet
    ///   (nothing is changed then), `.cannotWrite` when the directory or file cannot be written, else `.unavailable`.
    public static func open(
        directory: String, options: SQLiteOptions = SQLiteOptions(), now: Timestamp
    ) async throws(StoreError) -> SQLiteStore {
        let opener = StoreOpener(directory: directory, options: options, now: now)
        let result: Result<SQLiteStore, StoreError> = await withCheckedContinuation { continuation in
            StoreOpener.queue.async { continuation.resume(returning: opener.open()) }
        }
        return try result.get()
    }

    /// Waits for calls under way, copies the write-ahead log back into the file and closes it.
    public func close() async {
        await committer.close()
        await gate.close()
        await withCheckedContinuation { continuation in
            StoreOpener.queue.async { [pool] in
                // Fails only while a statement is open, and none is: writer and readers are idle.
                try? pool.close()
                continuation.resume()
            }
        }
    }

    /// Performs a user's question, which opens a connection of its own, while the store is open.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        guard gate.enter() else { throw .unavailable("the store is closed") }
        defer { gate.leave() }
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            QuestionLanes.shared.run {
                do throws(StoreError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Runs a query on a reader, off Swift's threads.
    ///
    /// - Parameters:
    ///   - snapshot: Whether several statements must see the same state; one statement always does.
    ///   - body: The query; it runs on the reader's queue.
    /// - Returns: What `body` returned.
    /// - Throws: `.unavailable` when the store is closed, or what SQLite said.
    func read<Value: Sendable>(
        snapshot: Bool = false, _ body: @escaping @Sendable (ReadSession) throws -> Value
    ) async throws(StoreError) -> Value {
        guard gate.enter() else { throw .unavailable("the store is closed") }
        defer { gate.leave() }
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let answer: @Sendable (Result<Database, any Error>) -> Void = { [datasets] database in
                do {
                    let value = try body(ReadSession(database: try database.get(), datasets: datasets))
                    continuation.resume(returning: .success(value))
                } catch {
                    continuation.resume(returning: .failure(StoreError(error, writing: false)))
                }
            }
            if snapshot { pool.asyncRead(answer) } else { pool.asyncUnsafeRead(answer) }
        }
        return try result.get()
    }
}

/// Lets reads in until the store closes, and lets the closing wait for them.
private final class ReadGate: Sendable {
    private struct State {
        var isOpen = true
        var inside = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func enter() -> Bool {
        state.withLock { state in
            if state.isOpen { state.inside += 1 }
            return state.isOpen
        }
    }

    func leave() {
        let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.inside -= 1
            guard state.inside == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in ready { continuation.resume() }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isOpen = false
                if state.inside > 0 { state.waiting.append(continuation) }
                return state.inside == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
