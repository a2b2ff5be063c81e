import FreshetCore
import Synchronization

/// Collects the commits that arrive while others are written, and writes them together.
///
/// A commit that the server refuses is isolated by doing the batch again, one commit per transaction.
final class CommitBatcher: Sendable {
    /// A commit that waits.
    struct Pending: Sendable {
        var commit: RefreshCommit
        var bytes: Int
        var answer: CheckedContinuation<Result<CommitResult, StoreError>, Never>
    }

    private struct State {
        var pending: [Pending] = []
        var running = 0
        var isClosed = false
        var atEnd: [CheckedContinuation<Void, Never>] = []
    }

    /// Transactions under way at once: while one waits for the disk another is filled.
    private static let lanes = 2

    private let pool: PGPool
    private let rows: any RowWriter
    private let datasets: DatasetNumbers
    private let batchOperations: Int
    private let batchBytes: Int
    private let state = Mutex(State())

    init(pool: PGPool, rows: any RowWriter, datasets: DatasetNumbers, options: PostgresOptions) {
        self.pool = pool
        self.rows = rows
        self.datasets = datasets
        batchOperations = max(1, options.batchOperations)
        batchBytes = max(1, options.batchBytes)
    }

    /// Commits, possibly together with others, and returns once that is durable.
    func commit(_ commit: RefreshCommit) async throws(StoreError) -> CommitResult {
        var bytes = if case .content(let content) = commit.outcome { content.body.count } else { 0 }
        if let tables = commit.tables { bytes += tables.rows.document.count + tables.rows.scratch.count }
        let result: Result<CommitResult, StoreError> = await withCheckedContinuation { answer in
            submit(Pending(commit: commit, bytes: bytes, answer: answer))
        }
        return try result.get()
    }

    /// Refuses further commits and waits for those under way.
    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                if state.running > 0 { state.atEnd.append(continuation) }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    private func submit(_ pending: Pending) {
        let (accepted, starts) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.pending.append(pending)
            guard state.running < Self.lanes else { return (true, false) }
            state.running += 1
            return (true, true)
        }
        guard accepted else { return pending.answer.resume(returning: .failure(.unavailable("the store is closed"))) }
        if starts { Task { await drain() } }
    }

    private func drain() async {
        while let batch = next() {
            await run(batch)
        }
        let ended = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.running == 0, state.isClosed else { return [] }
            defer { state.atEnd = [] }
            return state.atEnd
        }
        for continuation in ended { continuation.resume() }
    }

    /// The next batch; a document or job that is in it already waits for the one after.
    private func next() -> [Pending]? {
        state.withLock { state in
            guard !state.pending.isEmpty else {
                state.running -= 1
                return nil
            }
            var (batch, later): ([Pending], [Pending]) = ([], [])
            var (bytes, documents, jobs) = (0, Set<DocumentID>(), Set<Int64>())
            for (index, pending) in state.pending.enumerated() {
                let job = pending.commit.job?.lease.job.id
                if batch.count == batchOperations || (!batch.isEmpty && bytes + pending.bytes > batchBytes) {
                    later += state.pending[index...]
                    break
                }
                if documents.contains(pending.commit.id) || job.map(jobs.contains) ?? false {
                    later.append(pending)
                    continue
                }
                documents.insert(pending.commit.id)
                if let job { jobs.insert(job) }
                bytes += pending.bytes
                batch.append(pending)
            }
            state.pending = later
            return batch
        }
    }

    private func run(_ batch: [Pending]) async {
        let results = await write(batch.map(\.commit))
        switch results {
        case .success(let results):
            for (pending, result) in zip(batch, results) { pending.answer.resume(returning: result) }
        case .failure(let error) where batch.count == 1:
            batch[0].answer.resume(returning: .failure(error))
        case .failure:
            await runAlone(batch)
        }
    }

    /// Writes the commits of a batch that failed one by one; a server that fails each of them is not asked for long.
    private func runAlone(_ batch: [Pending]) async {
        var outages = 0
        for pending in batch {
            if outages >= 2 {
                pending.answer.resume(returning: .failure(.unavailable("the commits before this one failed, too")))
                continue
            }
            switch await write([pending.commit]) {
            case .success(let results):
                outages = 0
                pending.answer.resume(returning: results[0])
            case .failure(let error):
                outages += error.isRetryable ? 1 : 0
                pending.answer.resume(returning: .failure(error))
            }
        }
    }

    private func write(_ commits: [RefreshCommit]) async -> Result<[Result<CommitResult, StoreError>], StoreError> {
        await pool.submit { [rows, datasets] lane in
            try lane.transaction(
                run: { connection in
                    var batch = CommitBatch(commits, rows: rows, datasets: datasets)
                    return try batch.run(on: connection)
                },
                kept: { connection, uncertain in try CommitBatch.recall(uncertain, on: connection) })
        }
    }
}
