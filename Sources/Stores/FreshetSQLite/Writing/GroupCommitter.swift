import FreshetCore
import GRDB
import Synchronization

/// The only writer: collects the calls that arrive while a transaction runs, then commits them together.
///
/// Nobody is answered before the commit has returned. A call that fails is isolated by doing the batch again, one call per
/// transaction: the common case pays for no savepoints, and the rare one costs a few milliseconds.
///
/// All work happens on GRDB's writer queue. A brief call runs on the caller's own thread if nobody else writes just then, for
/// changing threads twice costs as much as its commit. Swift's threads never wait for the disk by that: such a commit copies a few
/// pages to the kernel, and the log is copied back on the queue's threads only.
final class GroupCommitter: Sendable {
    private struct State {
        var pending: [any PendingWrite] = []
        var isRunning = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let session: WriteSession
    private let batchOperations: Int
    private let batchBytes: Int
    private let checkpointPages: Int
    private let isCommitQuick: Bool
    private let state = Mutex(State())

    init(pool: DatabasePool, session: WriteSession, options: SQLiteOptions) {
        self.pool = pool
        self.session = session
        batchOperations = max(1, options.batchOperations)
        batchBytes = max(1, options.batchBytes)
        checkpointPages = max(1, options.checkpointPages)
        isCommitQuick = options.durability == .normal
    }

    /// Performs `body` in a transaction, possibly together with other calls, and returns once that is committed.
    ///
    /// - Parameters:
    ///   - bytes: Bytes of bodies that the call writes.
    ///   - isBrief: Whether it takes no longer than a few rows do.
    ///   - body: The work; runs on the writer's queue, and again from the start when a batch had to be rolled back.
    /// - Returns: What `body` returned, once it is committed.
    /// - Throws: What `body` refused with, or why nothing was written.
    func write<Value: Sendable>(
        bytes: Int = 0, isBrief: Bool = false, _ body: @escaping @Sendable (WriteSession) throws -> Value
    ) async throws(StoreError) -> Value {
        if isBrief, isCommitQuick, takesTurn() { return try writeHere(body).get() }
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            submit(Write(bytes: bytes, answer: { continuation.resume(returning: $0) }, body: body))
        }
        return try result.get()
    }

    /// Whether nobody writes; then it is the caller's turn, and ``handOn(_:)`` has to follow.
    private func takesTurn() -> Bool {
        state.withLock { state in
            guard !state.isClosed, !state.isRunning else { return false }
            state.isRunning = true
            return true
        }
    }

    /// Performs a call on this thread.
    private func writeHere<Value: Sendable>(
        _ body: @escaping @Sendable (WriteSession) throws -> Value
    ) -> Result<Value, StoreError> {
        let result = Mutex<Result<Value, StoreError>>(.failure(.unavailable("the write was not performed")))
        let write = Write(bytes: 0, answer: { answer in result.withLock { $0 = answer } }, body: body)
        pool.writeWithoutTransaction { database in
            session.use(database)
            run([write], in: database)
            handOn(database)
        }
        return result.withLock { $0 }
    }

    /// Leaves what has come meanwhile, and a long log, to the queue's threads.
    private func handOn(_ database: Database) {
        let isClosing = state.withLock { state in
            if state.pending.isEmpty, session.logPages < checkpointPages {
                state.isRunning = false
            } else if !state.isClosed {
                // Under the lock: what closes the store comes after it.
                pool.asyncWriteWithoutTransaction { [self] database in drain(database) }
            } else {
                return true
            }
            return false
        }
        if isClosing { drain(database) }
    }

    /// Refuses further calls, waits for those under way, and leaves an empty write-ahead log.
    func close() async {
        state.withLock { $0.isClosed = true }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            // The queue is serial: this runs after a drain that is under way has emptied the list.
            pool.asyncWriteWithoutTransaction { [session] database in
                session.forgetStatements()
                defer { continuation.resume() }
                guard database.sqliteConnection != nil else { return }  // closed before
                // A reader that is still on an old page keeps this from completing; the next opening recovers the log.
                _ = try? database.checkpoint(.truncate)
            }
        }
    }

    private func submit(_ write: any PendingWrite) {
        let (accepted, start) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.pending.append(write)
            let start = !state.isRunning
            state.isRunning = true
            return (true, start)
        }
        guard accepted else { return write.finish(.unavailable("the store is closed")) }
        guard start else { return }
        pool.asyncWriteWithoutTransaction { [self] database in drain(database) }
    }

    private func drain(_ database: Database) {
        session.use(database)
        copyBackLongLog()
        while let all = takePending() {
            var rest = all[...]
            while !rest.isEmpty {
                let batch = nextBatch(of: &rest)
                run(batch, in: database)
                copyBackLongLog()
            }
        }
    }

    private func copyBackLongLog() {
        if session.logPages >= checkpointPages { session.copyBackLog() }
    }

    private func takePending() -> [any PendingWrite]? {
        state.withLock { state in
            guard !state.pending.isEmpty else {
                state.isRunning = false
                return nil
            }
            defer { state.pending = [] }
            return state.pending
        }
    }

    private func nextBatch(of rest: inout ArraySlice<any PendingWrite>) -> ArraySlice<any PendingWrite> {
        var (count, bytes) = (0, 0)
        for write in rest {
            bytes += write.bytes
            if count == batchOperations || (count > 0 && bytes > batchBytes) { break }
            count += 1
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private func run(_ batch: ArraySlice<any PendingWrite>, in database: Database) {
        do {
            try database.beginTransaction(.immediate)
            for write in batch { try write.perform(in: session) }
            try session.saveCounters()
            try database.commit()
            session.didCommit()
            for write in batch { write.finish(nil) }
        } catch {
            // SQLite may have rolled back by itself (disk full); GRDB then has nothing left to do.
            try? database.rollback()
            session.didRollBack()
            guard batch.count > 1, let first = batch.first else {
                batch.first?.finish(StoreError(error, writing: true))
                return
            }
            run([first], in: database)
            for write in batch.dropFirst() { run([write], in: database) }
        }
    }
}
