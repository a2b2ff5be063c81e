import Foundation
import FreshetCore
import FreshetDocument
import FreshetPostgres
import FreshetSQLite
import FreshetTesting
import Testing

let datasetOfRows = DatasetID(source: "api", name: "things")

/// Two stores that are given the same documents and asked the same questions.
struct StorePair: Sendable {
    let lite: SQLiteStore
    let postgres: PostgresStore
    private let directory: URL

    static func open() async throws -> StorePair {
        let directory = FileManager.default.temporaryDirectory.appending(path: "freshet-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let lite = try await SQLiteStore.open(
            directory: directory.path, options: SQLiteOptions(), now: Timestamp(seconds: 1_700_000_000))
        let uri = try await PrivatePostgres.shared().database()
        let postgres = try await PostgresStore.open(PostgresOptions(connection: Secret(uri)))
        return StorePair(lite: lite, postgres: postgres, directory: directory)
    }

    func close() async {
        await lite.close()
        await postgres.close()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Gives both the same document.
    ///
    /// - Returns: What became of its rows, in SQLite and in PostgreSQL.
    func commit(
        _ key: String, _ body: [UInt8], _ normaliser: DocumentNormaliser, _ specs: [TableSpec], at seconds: Int64
    ) async throws -> (TableOutcome?, TableOutcome?) {
        let tape = try JSONTape(body, limits: JSONLimits(maxDepth: 2_000))
        let now = Timestamp(seconds: 1_700_000_000 + seconds)
        let rows = normaliser.rows(of: tape, key: key, parameters: ["id": key], fetchedAt: now)
        let hash = withUnsafeBytes(of: RowHash.text(String(decoding: body, as: UTF8.self))) { Array($0) }
        let content = FetchedContent(
            body: body, contentHash: hash + hash, bodyHash: hash + hash, freshFor: .seconds(60))
        let commit = RefreshCommit(
            id: DocumentID(dataset: datasetOfRows, key: key), outcome: .content(content), at: now,
            tables: TableCommit(rows: rows, specs: specs, mark: 1, fetchedAt: now))
        return (try await lite.commit(commit).tables, try await postgres.commit(commit).tables)
    }

    /// Compares tables, counts and rows; `#expect`s on the first difference of each table.
    func compare(_ note: String, sorts: Bool = true) async throws {
        let (a, b) = (try await lite.tables(), try await postgres.tables())
        #expect(a.map(\.schema) == b.map(\.schema), "schemas \(note)")
        #expect(
            a.map { [$0.rows, $0.deleted, $0.rejected] } == b.map { [$0.rows, $0.deleted, $0.rejected] }, "\(note)")
        #expect(a.map(\.writtenAt) == b.map(\.writtenAt), "times \(note)")
        for table in a {
            var questions = [TableQuery(table: table.schema.name)]
            questions[0].columns = ["_key", "_version", "_fetched_at", "_deleted_at", "_shape"]
            questions[0].columns? += table.schema.columns.map(\.name)
            questions[0].includesDeleted = true
            for column in table.schema.columns.prefix(sorts ? 12 : 0) {
                for isDescending in [false, true] {
                    var question = questions[0]
                    question.sort = [(column.name, isDescending)]
                    questions.append(question)
                }
            }
            for question in questions {
                let (x, y) = (try await pages(lite, question), try await pages(postgres, question))
                #expect(x.count == y.count, "rows of \(table.schema.name) \(note)")
                let difference = zip(x, y).enumerated().first { !Self.same($0.element.0, $0.element.1) }
                #expect(difference == nil, "\(table.schema.name) \(question.sort) \(note)")
            }
        }
    }

    /// Every row of a question, in pages.
    func pages(_ store: any TableStore, _ question: TableQuery) async throws -> [[TableValue]] {
        var (rows, question) = ([[TableValue]](), question)
        question.limit = 37
        repeat {
            let page = try await store.rows(question)
            rows += page.rows
            question.cursor = page.cursor
        } while question.cursor != nil
        return rows
    }

    /// Whether values are the same; numbers that no double stands for may be spelled in two ways.
    static func same(_ a: [TableValue], _ b: [TableValue]) -> Bool {
        a.count == b.count
            && zip(a, b).allSatisfy { a, b in
                if case (.decimal(let x), .decimal(let y)) = (a, b) {
                    return x == y || (x.utf8.count > 17 && DecimalOrder.key(x) == DecimalOrder.key(y))
                }
                return a == b
            }
    }
}
