import FreshetCore
import FreshetMock
import FreshetTesting
import Synchronization

@testable import FreshetBigQuery

/// A local BigQuery, a store, a clock, and loaders between them.
final class Warehouse: Sendable {
    let handler: BigQueryHandler
    let mock: MockUpstream
    let bound: BoundMock
    let store = MemoryTables()
    let clock = ManualClock()
    let notices = Notices()

    private init(handler: BigQueryHandler, mock: MockUpstream, bound: BoundMock) {
        (self.handler, self.mock, self.bound) = (handler, mock, bound)
    }

    /// Runs a test against a server of its own.
    static func with(
        _ settings: BigQueryHandler.Settings = BigQueryHandler.Settings(), _ body: (Warehouse) async throws -> Void
    ) async throws {
        let handler = BigQueryHandler(settings)
        var options = MockOptions()
        options.maxRequestBody = 64 << 20
        let mock = MockUpstream(handler: handler, options: options)
        let bound = try await mock.start()
        let warehouse = Warehouse(handler: handler, mock: mock, bound: bound)
        do { try await body(warehouse) } catch {
            await mock.shutdown()
            throw error
        }
        await mock.shutdown()
    }

    var config: DestinationConfig {
        var config = DestinationConfig(name: "warehouse", project: "local", dataset: "games")
        config.endpoint = bound.baseURL
        return config
    }

    /// A new loader, as after a restart of the process.
    func loader(
        _ specs: [TableSpec] = [], pieceBytes: Int = 8 << 20, window: Int = 5_000, seed: UInt64 = 1,
        change: (inout DestinationConfig) -> Void = { _ in }
    ) throws -> BigQueryLoader {
        var config = config
        change(&config)
        var options = BigQueryLoader.Options()
        options.pieceBytes = pieceBytes
        options.window = window
        let random = Shared(SeededGenerator(seed: seed))
        options.random = { random }
        return try BigQueryLoader(
            config: config, specs: specs, store: store, clock: clock, notice: { [notices] in notices.add($0) },
            options: options)
    }

    func rows(_ table: String) -> [[String]] {
        (handler.rows("local", "games", table) ?? []).map { $0.map { $0.stringValue ?? "null" } }
    }

    /// Rows of some columns, in the order of the table.
    func rows(_ table: String, _ columns: String...) -> [[String]] {
        let fields = (handler.table("local", "games", table)?["schema"]?["fields"]?.arrayValue ?? [])
            .compactMap { $0["name"]?.stringValue }
        let places = columns.compactMap { fields.firstIndex(of: $0) }
        return rows(table).map { row in places.map { row[$0] } }
    }

    /// Columns as `name TYPE MODE`.
    func columns(_ table: String) -> [String] {
        (handler.table("local", "games", table)?["schema"]?["fields"]?.arrayValue ?? []).map { field in
            ["name", "type", "mode"].compactMap { field[$0]?.stringValue }.joined(separator: " ")
        }
    }

    /// Jobs that wrote to tables that readers see.
    var jobs: [String] {
        handler.jobs().compactMap { $0["jobReference"]?["jobId"]?.stringValue }.filter { !$0.contains("_stage_") }
    }
}

/// What a loader told.
final class Notices: Sendable {
    private let list = Mutex<[BigQueryNotice]>([])
    func add(_ notice: BigQueryNotice) { list.withLock { $0.append(notice) } }
    var all: [BigQueryNotice] { list.withLock { $0 } }
}

/// One sequence of random numbers for all who ask.
final class Shared: RandomNumberGenerator, Sendable {
    private let generator: Mutex<SeededGenerator>
    init(_ generator: SeededGenerator) { self.generator = Mutex(generator) }
    func next() -> UInt64 { generator.withLock { $0.next() } }
}

extension TableSchema {
    /// A table of these columns.
    static func test(
        _ name: String, _ disposition: WriteDisposition, key: [String] = [], _ columns: [(String, ColumnType)]
    ) -> TableSchema {
        TableSchema(
            name: name, path: [name], dataset: "games.logs", root: name,
            columns: columns.map { ColumnSchema(name: $0.0, path: [$0.0], type: $0.1) }, key: key,
            disposition: disposition)
    }
}
