import FoundationEssentials
import FreshetCore
import FreshetDocument
import FreshetMock
import FreshetSQLite
import Testing
import TornApp

/// A store with the app's tables and views, in a folder that is removed with it.
struct TornStore: Sendable {
    typealias Row = [String: TableValue]

    let store: SQLiteStore
    let app: TornApp
    static let fetchedAt = Timestamp(seconds: Fixture.origin + 200 * 86_400)

    /// Runs a test on a new store.
    static func with(
        _ options: TornOptions = Fixture.options, _ body: (TornStore) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "torn-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let torn = TornStore(
            store: try await SQLiteStore.open(directory: folder.path, now: fetchedAt), app: TornApp(options))
        let stops = try await torn.store.prepare(torn.app.datasets, views: torn.app.views, now: fetchedAt)
        #expect(stops.isEmpty)
        do {
            try await body(torn)
        } catch {
            await torn.store.close()
            throw error
        }
        await torn.store.close()
    }

    /// Commits a document as a refresh does, rows and all.
    @discardableResult
    func load(_ name: String, _ key: String, _ json: String, at moment: Timestamp = fetchedAt) async throws
        -> TableOutcome
    {
        let dataset = try #require(app.datasets.first { $0.id.name == name })
        let tables = try #require(dataset.tables)
        let bytes = Array(json.utf8)
        let parameters = Dictionary(dataset.template.parameters.map { ($0, key) }) { first, _ in first }
        let rows = try DocumentNormaliser(tables).rows(
            of: try JSONTape(bytes), key: key, parameters: parameters, fetchedAt: moment)
        let hash = (0..<16).map { UInt8(truncatingIfNeeded: bytes.hashValue >> ($0 % 8 * 8)) }
        let content = FetchedContent(body: bytes, contentHash: hash, bodyHash: hash, freshFor: .seconds(900))
        let commit = TableCommit(rows: rows, specs: tables.specs, mark: 1, fetchedAt: moment)
        let result = try await store.commit(
            RefreshCommit(
                id: DocumentID(dataset: dataset.id, key: key), outcome: .content(content), at: moment, tables: commit))
        let outcome = try #require(result.tables)
        #expect(outcome.stop == nil)
        return outcome
    }

    /// The rows of a question, by column.
    func rows(_ sql: String) async throws -> [Row] {
        let answer = try await store.query(sql, limits: QueryLimits(rows: 100_000))
        #expect(!answer.isTruncated)
        return answer.rows.map { row in
            Dictionary(zip(answer.columns.map(\.name), row)) { first, _ in first }
        }
    }

    /// How many rows a table or view has.
    func count(_ table: String) async throws -> Int { try await rows("SELECT * FROM \(table)").count }
}

extension TableValue {
    static func int(_ value: Int?) -> TableValue { value.map { .integer(Int64($0)) } ?? .null }

    static func text(_ value: String?) -> TableValue { value.map { TableValue.text($0) } ?? .null }

    static func moment(_ seconds: Int?) -> TableValue {
        seconds.map { .timestamp(seconds: Int64($0), nanoseconds: 0) } ?? .null
    }

    static func flag(_ value: Bool?) -> TableValue { value.map { .boolean($0) } ?? .null }

    /// The number of an integer or a double.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): value
        case .decimal(let text): Double(text)
        case .boolean(let flag): flag ? 1 : 0
        default: nil
        }
    }

    /// The whole number of an integer.
    var whole: Int? { if case .integer(let value) = self { Int(value) } else { nil } }
}

extension MockJSON {
    /// The value of `true` or `false`.
    var flag: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// A whole number, or nothing for anything else.
    func int(_ name: String) -> Int? { self[name]?.intValue }
    /// A text, or nothing for anything else.
    func text(_ name: String) -> String? { self[name]?.stringValue }
    /// The elements of an array, or none.
    func list(_ name: String) -> [MockJSON] { self[name]?.arrayValue ?? [] }
}
