import FreshetCore
import Synchronization

/// Tables and an outbox in memory: what the loader needs of a store, nothing else.
final class MemoryTables: TableStore, OutboxStore {
    typealias Row = [String: TableValue]

    private struct State {
        var schemas: [String: TableSchema] = [:]
        var rows: [String: [Row]] = [:]
        var outbox: [OutboxEntry] = []
        var nextID: Int64 = 1
        var nextFetch: Int64 = 1
        var confirmFailures = 0
        var reads = 0
    }

    private let state = Mutex(State())
    let destination: String

    init(destination: String = "warehouse") { self.destination = destination }

    // MARK: Writing

    func setSchema(_ schema: TableSchema) { state.withLock { $0.schemas[schema.name] = schema } }

    func dropTable(_ name: String) {
        state.withLock { state in
            state.schemas[name] = nil
            state.rows[name] = nil
        }
    }

    /// Writes what one fetch of a document brought, and its entry.
    @discardableResult
    func commit(_ table: String, key: String, rows: [Row], at: Timestamp = Timestamp(seconds: 1_800_000_000)) -> Int64 {
        state.withLock { state in
            guard let schema = state.schemas[table] else { return 0 }
            let fetch = state.nextFetch
            state.nextFetch += 1
            let new = rows.map { row in
                row.merging([
                    "_key": .text(key), "_fetch_id": .integer(fetch),
                    "_fetched_at": .timestamp(seconds: at.seconds, nanoseconds: 0), "_version": .integer(fetch),
                ]) { own, _ in own }
            }
            let isOwn = { (row: Row) in row["_key"] == .text(key) }
            switch schema.disposition {
            case .append: state.rows[table, default: []] += new
            case .replace:
                state.rows[table, default: []].removeAll(where: isOwn)
                state.rows[table, default: []] += new
            case .merge:
                let identity = { (row: Row) in schema.key.map { row[$0] ?? .null } }
                let come = Set(new.map(identity))
                var kept: [Row] = []
                for var row in state.rows[table] ?? [] {
                    if isOwn(row), come.contains(identity(row)) { continue }
                    if isOwn(row), row["_deleted_at"] == nil {
                        row["_deleted_at"] = .timestamp(seconds: at.seconds, nanoseconds: 0)
                    }
                    kept.append(row)
                }
                state.rows[table] = kept + new
            }
            state.outbox.append(
                OutboxEntry(
                    id: state.nextID, destination: destination, table: table,
                    document: DocumentID(dataset: DatasetID(source: "games", name: "logs"), key: key), fetchID: fetch,
                    at: at))
            state.nextID += 1
            return fetch
        }
    }

    /// Takes rows out behind everybody's back.
    func remove(_ table: String, where condition: (Row) -> Bool) {
        state.withLock { $0.rows[table]?.removeAll(where: condition) }
    }

    /// The next so many confirmations fail, as when the process is killed before them.
    func failConfirmations(_ count: Int) { state.withLock { $0.confirmFailures = count } }

    var waiting: [OutboxEntry] { state.withLock { $0.outbox } }
    var reads: Int { state.withLock { $0.reads } }

    // MARK: OutboxStore

    func outbox(of destination: String, limit: Int) async throws(StoreError) -> [OutboxEntry] {
        state.withLock { state in Array(state.outbox.filter { $0.destination == destination }.prefix(limit)) }
    }

    func confirmOutbox(_ ids: [Int64]) async throws(StoreError) {
        let isKilled = state.withLock { state in
            if state.confirmFailures > 0 {
                state.confirmFailures -= 1
                return true
            }
            state.outbox.removeAll { ids.contains($0.id) }
            return false
        }
        if isKilled { throw StoreError.unavailable("killed") }
    }

    func outboxDepth() async throws(StoreError) -> [String: (count: Int, oldest: Timestamp)] {
        state.withLock { state in
            guard let first = state.outbox.first else { return [:] }
            return [destination: (count: state.outbox.count, oldest: first.at)]
        }
    }

    // MARK: TableStore

    func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion] {
        state.withLock { state in
            state.schemas[table].map {
                [SchemaVersion(schema: $0, at: Timestamp(seconds: 0), cause: "test", changes: [.created])]
            } ?? []
        }
    }

    func rows(_ query: TableQuery) async throws(StoreError) -> TablePage {
        state.withLock { state in
            state.reads += 1
            let found = (state.rows[query.table] ?? []).filter { row in
                guard query.includesDeleted || row["_deleted_at"] == nil else { return false }
                return query.filters.allSatisfy { Self.holds($0, row) }
            }
            let start = query.cursor.flatMap { Int($0) } ?? 0
            let page = found.dropFirst(start).prefix(query.limit)
            let columns = query.columns ?? []
            let end = start + page.count
            return TablePage(
                columns: columns.map { ResultColumn(name: $0, type: nil) },
                rows: page.map { row in columns.map { row[$0] ?? .null } },
                cursor: end < found.count ? "\(end)" : nil)
        }
    }

    private static func holds(_ filter: TableQuery.Filter, _ row: Row) -> Bool {
        let text =
            switch row[filter.column] {
            case .text(let text): text
            case .integer(let number): "\(number)"
            default: ""
            }
        return switch filter.relation {
        case .equal: filter.values.contains(text)
        case .notEqual: !filter.values.contains(text)
        default: false
        }
    }

    func tables() async throws(StoreError) -> [TableSummary] {
        state.withLock { state in state.schemas.values.sorted { $0.name < $1.name }.map { TableSummary(schema: $0) } }
    }

    // What the loader never asks.
    func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult { throw .refused("no SQL") }
    func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow] { [] }
    func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome { TableOutcome() }
    func apply(
        _ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp
    ) async throws(StoreError) -> TableOutcome { TableOutcome() }
    func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) async throws(StoreError) -> TableSchema { throw .refused("no rollback") }
    func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError) {}
    func prepare(
        _ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp
    ) async throws(StoreError) -> [TableStop] { [] }
    func tableStops() async throws(StoreError) -> [DatasetID: TableStop] { [:] }
}
