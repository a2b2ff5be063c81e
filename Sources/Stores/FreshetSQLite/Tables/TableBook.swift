import FreshetCore

/// A table as the writer knows it.
struct TableRecord {
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
    /// The ``TableCommit/mark`` under which its declaration was compared last.
    var comparedMark: Int64?

    var schema: TableSchema { layout.schema }

    init(
        dataset: Int64, revision: Int64, schema: TableSchema, history: String?, checks: String,
        hasTakenRows: Bool = false
    ) {
        self.dataset = dataset
        self.revision = revision
        layout = TableLayout(schema)
        self.history = history
        self.checks = checks
        self.hasTakenRows = hasTakenRows
        sql = TableSQL(schema, history: history)
    }
}

/// The tables and views of a file, as the writer knows them.
struct TableBook {
    /// Where a table comes from.
    struct Origin: Hashable {
        var dataset: Int64
        var path: [String]
    }

    private(set) var records: [Origin: TableRecord] = [:]
    private var origins: [String: Origin] = [:]
    /// Names of history tables and views, in lower case.
    var otherNames: Set<String> = []
    var shapes: [[UInt8]: Int64] = [:]

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

    /// Marks a change that needs no new statements.
    mutating func change(_ origin: Origin, _ change: (inout TableRecord) -> Void) {
        guard var record = records[origin] else { return }
        change(&record)
        records[origin] = record
    }

    /// Whether a name in lower case is in use, or reserved.
    func isTaken(_ name: String) -> Bool {
        origins[name] != nil || otherNames.contains(name)
            || ["freshet_", "sqlite_", "grdb_"].contains { name.hasPrefix($0) }
    }

    /// The tables of a dataset.
    func records(of dataset: Int64) -> [TableRecord] { records.values.filter { $0.dataset == dataset } }
}

/// Specifications made ready for many documents.
struct RulesCache {
    private struct Key: Hashable {
        var dataset: Int64
        var mark: Int64
    }

    private var rules: [Key: [SpecRules]] = [:]

    mutating func rules(of dataset: Int64, _ commit: TableCommit) -> [SpecRules] {
        let key = Key(dataset: dataset, mark: commit.mark)
        // Guards against a mark that stands for other specifications.
        if let known = rules[key], known.map(\.spec) == commit.specs { return known }
        if rules.count > 1_000 { rules = [:] }
        let made = commit.specs.map { SpecRules($0) }
        rules[key] = made
        return made
    }
}
