import FreshetCore

/// Commits of different documents in one transaction of two round trips, besides what their rows need.
///
/// The first ends their jobs and locks their documents, always in the same order; then they are weighed here; the second
/// writes everything, takes the numbers of the events last of all, and commits.
struct CommitBatch {
    private let commits: [RefreshCommit]
    private let rows: any RowWriter
    private let datasets: DatasetNumbers
    private var results: [Result<CommitResult, StoreError>] = []
    private var writes = DocumentWrites()
    private var events = EventWrites()

    init(_ commits: [RefreshCommit], rows: any RowWriter, datasets: DatasetNumbers) {
        (self.commits, self.rows, self.datasets) = (commits, rows, datasets)
    }

    /// Performs the transaction, with its commit.
    mutating func run(on connection: PGConnection) throws -> [Result<CommitResult, StoreError>] {
        do {
            let transaction = try write(on: connection)
            return try end(transaction, on: connection)
        } catch {
            connection.rollBack()
            rows.didEnd(committed: false, on: connection)
            throw error
        }
    }

    // MARK: The first round trip

    private mutating func write(on connection: PGConnection) throws -> Int64 {
        var statements = connection.beginning
        var (ends, places): (JobEnds, [Int]) = (JobEnds(), [])
        for (index, commit) in commits.enumerated() {
            guard let job = commit.job else { continue }
            ends.add(job.lease, job.end, now: commit.at)
            places.append(index)
        }
        if ends.count > 0 { statements.append(ends.statement) }
        var numbers: [Int64] = []
        for commit in commits {
            guard let number = datasets.number(of: commit.id.dataset) else {
                throw StoreError.unavailable("a dataset has no number")
            }
            numbers.append(number)
        }
        statements.append(
            PGStatement(Self.lockSQL, [.ints(numbers.map { $0 }), .texts(commits.map(\.id.key))]))
        let answers = try connection.pipeline(statements)
        let transaction = answers[1].first { Int64($0.text(0)) } ?? 0
        var lost = Set(places)
        if ends.count > 0 {
            for place in answers[2].map({ $0.int(0) }) where place > 0 && place <= places.count {
                lost.remove(places[place - 1])
            }
        }
        var found: [Int: PGRow] = [:]
        let documents = answers[answers.count - 1]
        for index in 0..<documents.count {
            let row = documents[index]
            found[row.int(0) - 1] = row
        }
        for (index, commit) in commits.enumerated() {
            if lost.contains(index), let job = commit.job {
                results.append(.failure(.fenced(jobID: job.lease.job.id)))
            } else {
                results.append(.success(try weigh(commit, numbers[index], found[index], connection)))
            }
        }
        return transaction ?? 0
    }

    private static let lockSQL = """
        SELECT w.place, d.id, d.bytes, \(DocumentColumns.list)
        FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY w(dataset, key, place)
        JOIN freshet_documents d ON d.dataset = w.dataset AND d.key = w.key
        ORDER BY d.dataset, d.key FOR UPDATE OF d
        """

    // MARK: Weighing

    private mutating func weigh(
        _ commit: RefreshCommit, _ dataset: Int64, _ row: PGRow?, _ connection: PGConnection
    ) throws -> CommitResult {
        let before = row?.documentState(from: 3) ?? DocumentState()
        var state = before
        let effect = state.apply(commit.outcome, at: commit.at)
        let body: [UInt8]? =
            if case .content(let content) = commit.outcome, effect != .stateOnly { content.body } else { nil }
        let confirmed = commit.outcome.isConfirmation && state.lastUpdated == commit.at
        let tables = try writeTables(commit, effect, from: before, to: &state, dataset, connection)
        let document = DocumentWrites.Document(
            id: row?.int64(1), dataset: dataset, key: commit.id.key, state: state,
            bytes: body?.count ?? row?.int(2) ?? 0, isConfirmed: confirmed)
        writes.save(document)
        switch effect {
        case .stateOnly: break
        case .replaceBody: if let body { writes.replaceBody(of: document, with: body) }
        case .newVersion: if let body { writes.begin(document, body: body, after: before, commit) }
        }
        let wanted = (effect == .newVersion ? commit.eventsOnChange : []) + commit.events + (tables?.events ?? [])
        return CommitResult(
            state: state, effect: effect, events: try events.add(wanted, now: commit.at, datasets),
            tables: tables?.outcome)
    }

    /// Writes the rows of the content that the document now has; `nil` when there is nothing to write.
    private func writeTables(
        _ commit: RefreshCommit, _ effect: DocumentEffect, from before: DocumentState, to state: inout DocumentState,
        _ dataset: Int64, _ connection: PGConnection
    ) throws -> RowResult? {
        guard case .content(let content) = commit.outcome else { return nil }
        // Filler that lost against real data is not the document's content.
        guard state.origin == content.origin else { return nil }
        guard let tables = commit.tables else {
            if effect != .stateOnly { state.tablesMark = nil }
            return nil
        }
        let isDue =
            effect != .stateOnly || before.tablesMark != tables.mark
            || tables.specs.contains { $0.disposition == .append && $0.idempotency == .fetch }
        guard isDue else { return RowResult() }
        let target = RowTarget(id: commit.id, dataset: dataset, version: state.version, now: commit.at)
        let result = try rows.write(tables, to: target, on: connection)
        state.tablesMark = result.outcome.stop == nil ? tables.mark : nil
        return result
    }

    // MARK: The second round trip

    private mutating func end(
        _ transaction: Int64, on connection: PGConnection
    ) throws -> [Result<CommitResult, StoreError>] {
        var statements = writes.statements
        let place = statements.count
        if events.count > 0 { statements.append(events.statement) }
        statements.append(PGStatement("COMMIT"))
        let answers: [PGResult]
        do {
            answers = try connection.pipeline(statements)
        } catch {
            guard error.isConnectionLost else { throw DocumentWrites.raced(error) ?? error }
            throw UncertainCommit(transaction: transaction, value: results)
        }
        guard answers[answers.count - 1].tag == "COMMIT" else { throw PGError(kind: .server, sqlState: "25P02") }
        rows.didEnd(committed: true, on: connection)
        if events.count > 0 { Self.number(&results, from: answers[place].map { $0.int64(0) }.min() ?? 0) }
        return results
    }

    /// Gives the events of results their offsets, which follow one another.
    private static func number(_ results: inout [Result<CommitResult, StoreError>], from first: Int64) {
        var next = first
        for index in results.indices {
            guard case .success(var result) = results[index], !result.events.isEmpty else { continue }
            for place in result.events.indices {
                result.events[place].offset = next
                next += 1
            }
            results[index] = .success(result)
        }
    }

    /// The results of a transaction that was committed although nobody said so; the offsets are looked up.
    static func recall(
        _ uncertain: UncertainCommit, on connection: PGConnection
    ) throws -> [Result<CommitResult, StoreError>] {
        guard var results = uncertain.value as? [Result<CommitResult, StoreError>] else {
            throw StoreError.unavailable("the results of a commit are not known")
        }
        let first = try connection.queryText(
            """
            SELECT min(id) FROM freshet_events WHERE written_by = $1::xid8
                AND id > (SELECT value FROM freshet_counters WHERE name = 'event') - 1000000
            """, [.unknown(String(uncertain.transaction))]
        ).first { $0.optionalInt64(0) }
        if let first = first ?? nil { number(&results, from: first) }
        return results
    }
}

extension RefreshOutcome {
    /// Whether upstream gave or confirmed content.
    var isConfirmation: Bool {
        switch self {
        case .content, .notModified: true
        case .notFound, .failed: false
        }
    }
}
