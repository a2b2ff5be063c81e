import FreshetCore
import Synchronization

/// A table as the writer knows it.
struct TableRecord: Sendable {
    var dataset: Int64
    /// Changes with every schema; never given twice.
    var revision: Int64
    var layout: TableLayout
    /// The table of superseded rows, once there is one.
    var history: String?
    /// The CHECK conditions that the table was made with, one a line.
    var checks: String
    var hasTakenRows = false
    /// The statements for it.
    var sql: TableSQL

    var schema: TableSchema { layout.schema }

    init(
        dataset: Int64, revision: Int64, layout: TableLayout, history: String?, checks: String,
        hasTakenRows: Bool = false
    ) {
        self.dataset = dataset
        self.revision = revision
        self.layout = layout
        self.history = history
        self.checks = checks
        self.hasTakenRows = hasTakenRows
        sql = TableSQL(layout.schema, history: history)
    }
}

/// The tables and views of a database as of one value of `freshet_table_mark`.
struct TableBook: Sendable {
    /// Where a table comes from.
    struct Origin: Hashable {
        var dataset: Int64
        var path: [String]
    }

    /// The mark it was read at.
    var mark: Int64
    private(set) var records: [Origin: TableRecord] = [:]
    private var origins: [String: Origin] = [:]
    /// Names of history tables and views, in lower case.
    var otherNames: Set<String> = []

    init(mark: Int64) { self.mark = mark }

    subscript(_ origin: Origin) -> TableRecord? { records[origin] }

    func record(named name: String) -> TableRecord? { origins[name.lowercased()].flatMap { records[$0] } }

    mutating func set(_ record: TableRecord) {
        let origin = Origin(dataset: record.dataset, path: record.schema.path)
        records[origin] = record
        origins[record.schema.name.lowercased()] = origin
        if let history = record.history { otherNames.insert(history.lowercased()) }
    }

    mutating func remove(_ origin: Origin) {
        guard let record = records.removeValue(forKey: origin) else { return }
        origins[record.schema.name.lowercased()] = nil
        if let history = record.history { otherNames.remove(history.lowercased()) }
    }

    /// Whether a name in lower case is in use, or reserved.
    func isTaken(_ name: String) -> Bool {
        origins[name] != nil || otherNames.contains(name)
            || ["freshet_", "pg_", "sqlite_", "grdb_"].contains { name.hasPrefix($0) }
    }

    /// The tables of a dataset, by name.
    func records(of dataset: Int64) -> [TableRecord] {
        records.values.filter { $0.dataset == dataset }.sorted { $0.schema.name < $1.schema.name }
    }
}

/// What a process remembers of tables between transactions; all of it can be read or made again.
final class TableMemory: Sendable {
    private struct Compared: Hashable {
        var revision: Int64
        var mark: Int64
    }

    private struct RulesKey: Hashable {
        var dataset: Int64
        var mark: Int64
    }

    private struct State {
        var book: TableBook?
        var layouts: [Int64: TableLayout] = [:]
        var compared: Set<Compared> = []
        var rules: [RulesKey: [SpecRules]] = [:]
        var shapes: [[UInt8]: Int64] = [:]
    }

    private let state = Mutex(State())

    /// The tables as they were last seen; may be old.
    var book: TableBook? { state.withLock { $0.book } }

    /// Keeps what was read from the database, unless something newer is kept.
    func remember(_ book: TableBook) {
        state.withLock { state in
            if book.mark >= state.book?.mark ?? .min { state.book = book }
        }
    }

    /// Forgets the tables, as when another database may stand behind the address.
    func forgetBook() { state.withLock { $0.book = nil } }

    /// The schema of a revision, read once.
    func layout(_ revision: Int64, decode: () throws -> TableSchema) throws -> TableLayout {
        if let known = state.withLock({ $0.layouts[revision] }) { return known }
        let made = TableLayout(try decode())
        state.withLock { state in
            if state.layouts.count > 10_000 { state.layouts = [:] }
            state.layouts[revision] = made
        }
        return made
    }

    /// Whether a schema was compared with the specifications of a mark, and no change was needed.
    func isCompared(_ revision: Int64, mark: Int64) -> Bool {
        state.withLock { $0.compared.contains(Compared(revision: revision, mark: mark)) }
    }

    func setCompared(_ revision: Int64, mark: Int64) {
        state.withLock { state in
            if state.compared.count > 50_000 { state.compared = [] }
            state.compared.insert(Compared(revision: revision, mark: mark))
        }
    }

    /// Specifications made ready for many documents.
    func rules(of dataset: Int64, _ commit: TableCommit) -> [SpecRules] {
        let key = RulesKey(dataset: dataset, mark: commit.mark)
        // Guards against a mark that stands for other specifications.
        if let known = state.withLock({ $0.rules[key] }), known.map(\.spec) == commit.specs { return known }
        let made = commit.specs.map { SpecRules($0) }
        state.withLock { state in
            if state.rules.count > 1_000 { state.rules = [:] }
            state.rules[key] = made
        }
        return made
    }

    /// The numbers of shapes that are known to stand in the database.
    func shapes(_ wanted: [[UInt8]]) -> [Int64?] { state.withLock { state in wanted.map { state.shapes[$0] } } }

    /// Keeps numbers of shapes; only ones that are committed, so that no transaction can take them back.
    func remember(shapes: [[UInt8]: Int64]) {
        state.withLock { state in
            if state.shapes.count > 10_000 { state.shapes = [:] }
            state.shapes.merge(shapes) { first, _ in first }
        }
    }
}
