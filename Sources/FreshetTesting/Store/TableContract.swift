public import FreshetCore

/// What every store that keeps tables must do, as checks that any test framework can run; beside ``StoreContract``.
public enum TableContract {
    /// One promise of the port, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (TableFixture) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (TableFixture) async throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check on a store of its own and closes it.
        ///
        /// - Parameter open: Opens the store; a second call, after the first store was closed, opens the same one again.
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the store threw.
        public func run(_ open: @escaping @Sendable () async throws -> any Store & TableStore & OutboxStore)
            async throws
        {
            let fixture = TableFixture(store: try await open(), open: open)
            do {
                try await body(fixture)
            } catch {
                await fixture.store.close()
                throw error
            }
            await fixture.store.close()
        }
    }

    /// Every check.
    public static let all: [Check] =
        replacing + appending + merging + contracts + types + declarations + refusals + history + reading + questions
        + transactions
}

/// A store that keeps tables, and short words for what the checks do with it.
final class TableFixture: Sendable {
    let store: any Store & TableStore & OutboxStore
    let open: @Sendable () async throws -> any Store & TableStore & OutboxStore

    init(
        store: any Store & TableStore & OutboxStore,
        open: @escaping @Sendable () async throws -> any Store & TableStore & OutboxStore
    ) {
        (self.store, self.open) = (store, open)
    }

    static let dataset = DatasetID(source: "torn", name: "crimes")
    static func t(_ seconds: Int64) -> Timestamp { ContractFixture.t(seconds) }
    static func id(_ key: String) -> DocumentID { DocumentID(dataset: dataset, key: key) }

    /// A specification of the table `crimes`.
    static func spec(
        _ disposition: WriteDisposition = .replace, key: [String] = ["id"],
        _ change: (inout TableSpec) -> Void = { _ in }
    ) -> TableSpec {
        var spec = TableSpec(name: "crimes", rows: .path("$.crimes[*]"))
        spec.disposition = disposition
        spec.primaryKey = key
        change(&spec)
        return spec
    }

    /// Commits the document `A`, whose content is its rows.
    @discardableResult
    func commit(
        _ tables: RowMaker..., spec: TableSpec, at seconds: Int64, mark: Int64 = 1,
        disposition: WriteDisposition? = nil, acceptsDeletes: Bool = false
    ) async throws -> CommitResult {
        try await commit(
            "A", tables, spec: spec, at: seconds, mark: mark, disposition: disposition, acceptsDeletes: acceptsDeletes)
    }

    /// Commits a document whose content is its rows.
    @discardableResult
    func commit(
        _ key: String, _ tables: RowMaker..., spec: TableSpec, at seconds: Int64, mark: Int64 = 1
    ) async throws -> CommitResult {
        try await commit(key, tables, spec: spec, at: seconds, mark: mark, disposition: nil, acceptsDeletes: false)
    }

    private func commit(
        _ key: String, _ tables: [RowMaker], spec: TableSpec, at seconds: Int64, mark: Int64,
        disposition: WriteDisposition?, acceptsDeletes: Bool
    ) async throws -> CommitResult {
        let maker = RowMaker.document(tables)
        let text = "\(maker.tables.map(\.cells))\(String(decoding: maker.scratch, as: UTF8.self))"
        return try await store.commit(
            RefreshCommit(
                id: Self.id(key), outcome: ContractFixture.content(text), at: Self.t(seconds), keepsHistory: true,
                tables: TableCommit(
                    rows: maker, specs: [spec], mark: mark, fetchedAt: Self.t(seconds), disposition: disposition,
                    acceptsDeletes: acceptsDeletes)))
    }

    /// The counts of one table in an outcome.
    func effect(_ result: CommitResult, _ table: String = "crimes") throws -> TableEffect {
        try require(result.tables?.tables.first { $0.table == table }, "the effect on \(table)")
    }

    /// Rows as texts, columns separated by a bar.
    func rows(
        _ table: String = "crimes", _ columns: [String]? = nil, _ change: (inout TableQuery) -> Void = { _ in }
    ) async throws -> [String] {
        var query = TableQuery(table: table)
        query.columns = columns
        change(&query)
        return try await store.rows(query).rows.map { $0.map(\.contractText).joined(separator: "|") }
    }

    func schema(_ table: String = "crimes") async throws -> TableSchema {
        try require(await store.schemaVersions(of: table).first?.schema, "a schema of \(table)")
    }
}

extension TableValue {
    /// A short text for comparisons.
    var contractText: String {
        switch self {
        case .null: "-"
        case .integer(let value): "\(value)"
        case .decimal(let text): "\(text)d"
        case .float(let value): "\(value)f"
        case .boolean(let value): "\(value)"
        case .text(let text), .json(let text): text
        case .timestamp(let seconds, let nanoseconds): "\(seconds).\(nanoseconds)t"
        case .date(let days): "\(days)day"
        }
    }
}

/// Makes rows as a normaliser would.
struct RowMaker {
    enum Value {
        case null
        case int(Int64)
        case num(String)
        case bool(Bool)
        case text(String)
    }

    var name = "crimes"
    var path = ["crimes"]
    var spec = 0
    var roles: [String: SeenColumn.Role] = [:]
    var rows: [[(String, Value)]]

    init(_ rows: [(String, Value)]...) { self.rows = rows }

    init(rows: [[(String, Value)]]) { self.rows = rows }

    /// Rows of a child table; the given columns come first.
    static func child(
        _ name: String, _ path: [String], _ roles: KeyValuePairs<String, SeenColumn.Role>, _ rows: [[(String, Value)]]
    ) -> RowMaker {
        var maker = RowMaker(rows: rows)
        (maker.name, maker.path) = (name, path)
        maker.roles = Dictionary(uniqueKeysWithValues: roles.map { ($0.key, $0.value) })
        return maker
    }

    static func document(_ tables: [RowMaker]) -> DocumentRows {
        var document = DocumentRows(document: [])
        for table in tables { table.add(to: &document) }
        return document
    }

    private func add(to document: inout DocumentRows) {
        var table = TableRows(name: name, path: path, spec: spec)
        for row in rows {
            for (name, _) in row where !table.columns.contains(where: { $0.name == name }) {
                let role = roles[name] ?? .value
                let path = role == .value ? [name] : ["<\(name)>"]
                table.columns.append(SeenColumn(path: path, name: name, role: role))
            }
        }
        for row in rows {
            for index in table.columns.indices {
                let value = row.first { $0.0 == table.columns[index].name }?.1
                let (cell, kinds) = Self.cell(value ?? .null, &document.scratch)
                table.cells.append(cell)
                table.columns[index].kinds.formUnion(kinds)
            }
        }
        table.count = rows.count
        document.tables.append(table)
    }

    private static func cell(_ value: Value, _ scratch: inout [UInt8]) -> (Cell, SeenKinds) {
        func range(_ text: String, _ kind: Cell.Kind) -> Cell {
            let offset = scratch.count
            scratch += Array(text.utf8)
            return .range(kind, offset: offset, length: text.utf8.count, inScratch: true)
        }
        switch value {
        case .null: return (.null, .null)
        case .int(let value): return (Cell(kind: .integer, payload: value), .integer)
        case .num(let text): return (range(text, .number), .number)
        case .bool(let value): return (Cell(kind: .boolean, payload: value ? 1 : 0), .boolean)
        case .text(let text):
            var copy = text
            let isMoment = copy.withUTF8 { TimeForm.read($0) != nil }
            let isDay = text.utf8.count == 10 && TimeText.parseDate(text.utf8) != nil
            return (range(text, .text), isMoment ? .timestamp : isDay ? .date : .text)
        }
    }
}
