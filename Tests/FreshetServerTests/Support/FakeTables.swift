import FreshetCore
import Synchronization

/// Tables that answer what they were told to, and remember what they were asked.
final class FakeTables: TableStore {
    struct Script: Sendable {
        var summaries: [TableSummary] = []
        var versions: [SchemaVersion] = []
        var page = TablePage(columns: [], rows: [], cursor: nil)
        var result = QueryResult(columns: [], rows: [], isTruncated: false)
        var rejected: [RejectedRow] = []
        var stops: [DatasetID: TableStop] = [:]
        /// What the next question is refused with.
        var refusal: String?
        var questions: [TableQuery] = []
        var statements: [String] = []
        var limits: [QueryLimits] = []
        var rollbacks: [String] = []
    }

    let script: Mutex<Script>

    init(_ script: Script) { self.script = Mutex(script) }

    /// A table of clans with two versions of its schema, as the tests here use it.
    static func clans() -> FakeTables {
        var schema = TableSchema(
            name: "clans", path: ["clans"], dataset: "clash.clan", root: "clans",
            columns: [
                ColumnSchema(name: "tag", path: ["tag"], type: .text, isRequired: true, isDeclared: true),
                ColumnSchema(name: "points", path: ["points"], type: .integer),
            ], key: ["tag"], disposition: .merge)
        let first = SchemaVersion(
            schema: schema, at: Timestamp(seconds: 1_700_000_000), cause: "clash/clan/A", changes: [.created])
        schema.version = 2
        schema.columns += [
            ColumnSchema(name: "rate", path: ["rate"], type: .decimal),
            ColumnSchema(name: "seen_at", path: ["seen_at"], type: .timestamp, digits: 3),
            ColumnSchema(name: "x__lt", path: ["x__lt"], type: .text),
        ]
        let second = SchemaVersion(
            schema: schema, at: Timestamp(seconds: 1_700_000_060), cause: "clash/clan/B",
            changes: [
                .addedColumn("rate"), .addedColumn("seen_at"), .widenedColumn("points", from: .integer, to: .decimal),
            ])
        var script = Script()
        script.summaries = [
            TableSummary(
                schema: schema, rows: 2, deleted: 1, rejected: 3, writtenAt: Timestamp(seconds: 1_700_000_060),
                indexes: [["tag"], ["seen_at", "points"]])
        ]
        script.versions = [second, first]
        return FakeTables(script)
    }

    private func ask<Answer>(_ body: (inout Script) -> Answer) throws(StoreError) -> Answer {
        let (answer, refusal) = script.withLock { script in
            let refusal = script.refusal
            script.refusal = nil
            return (body(&script), refusal)
        }
        if let refusal { throw .refused(refusal) }
        return answer
    }

    func tables() async throws(StoreError) -> [TableSummary] { script.withLock { $0.summaries } }

    func schemaVersions(of table: String) async throws(StoreError) -> [SchemaVersion] {
        script.withLock { script in script.versions.filter { $0.schema.name == table } }
    }

    func rows(_ query: TableQuery) async throws(StoreError) -> TablePage {
        try ask { script in
            script.questions.append(query)
            return script.page
        }
    }

    func query(_ sql: String, limits: QueryLimits) async throws(StoreError) -> QueryResult {
        try ask { script in
            script.statements.append(sql)
            script.limits.append(limits)
            return script.result
        }
    }

    func rejects(of table: String?, limit: Int) async throws(StoreError) -> [RejectedRow] {
        script.withLock { script in
            script.rejected.filter { table == nil || $0.table == table }.prefix(limit).map { $0 }
        }
    }

    func preview(_ commit: TableCommit, for id: DocumentID) async throws(StoreError) -> TableOutcome { TableOutcome() }

    func apply(
        _ commit: TableCommit, for id: DocumentID, version: Int, now: Timestamp
    ) async throws(StoreError) -> TableOutcome { TableOutcome() }

    func rollback(
        _ table: String, to version: Int, discards: Bool, now: Timestamp
    ) async throws(StoreError) -> TableSchema {
        try ask { script in
            script.rollbacks.append("\(table) to \(version), \(discards ? "discards" : "keeps")")
            return script.versions[0].schema
        }
    }

    func dropTables(of dataset: DatasetID, now: Timestamp) async throws(StoreError) {}

    func prepare(
        _ datasets: [DatasetConfig], views: [ViewSpec], now: Timestamp
    ) async throws(StoreError) -> [TableStop] { [] }

    func tableStops() async throws(StoreError) -> [DatasetID: TableStop] { script.withLock { $0.stops } }
}
