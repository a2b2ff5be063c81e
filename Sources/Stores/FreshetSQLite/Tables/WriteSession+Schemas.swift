import FoundationEssentials
import FreshetCore

/// Why a schema changes.
struct SchemaCause {
    /// A document's address, `declaration`, or `rollback`.
    var text: String
    var at: Timestamp
    /// The specification that the table follows; `nil` leaves indexes and checks as they are.
    var spec: TableSpec?
}

extension WriteSession {
    // MARK: The book

    /// The tables there are; read once, then kept.
    func tables() throws -> TableBook {
        if let book { return book }
        var book = TableBook()
        let tables = try statement(
            "SELECT dataset, revision, schema, history, checks, has_taken_rows FROM freshet_tables")
        defer { tables.reset() }
        while try tables.step() {
            let schema = try Self.decode(TableSchema.self, tables.text(2))
            book.set(
                TableRecord(
                    dataset: tables.int64(0), revision: tables.int64(1), schema: schema,
                    history: tables.optionalText(3), checks: tables.text(4), hasTakenRows: tables.int(5) == 1))
        }
        let views = try statement("SELECT name FROM freshet_views")
        defer { views.reset() }
        while try views.step() { book.otherNames.insert(views.text(0).lowercased()) }
        self.book = book
        return book
    }

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError.corrupt("a stored schema cannot be read")
        }
    }

    // MARK: Changes

    /// Makes or changes a table and records the new version of its schema.
    func change(
        _ old: TableRecord?, of dataset: Int64, to schema: TableSchema, _ changes: [SchemaChange], _ cause: SchemaCause
    ) throws -> TableRecord {
        let book = try tables()
        var schema = schema
        if old == nil { schema.version = try lastVersion(of: schema.name) + 1 }
        var history = old?.history
        if schema.keepsHistory, history == nil {
            history = free("\(schema.name)__history", in: book)
        }
        let checks: [String]
        if let old {
            checks = try alter(old, to: schema, changes, cause)
            if let history, old.history == nil { try makeHistory(schema, history) }
        } else {
            checks = TableDDL.checks(schema.path.count == 1 ? cause.spec?.checks ?? [] : [], schema)
            try execute(TableDDL.create(schema, as: schema.name, checks: checks))
            if let history { try makeHistory(schema, history) }
        }
        var record = TableRecord(
            dataset: dataset, revision: try next(.revision), schema: schema, history: history,
            checks: checks.joined(separator: "\n"), hasTakenRows: old?.hasTakenRows ?? false)
        record.comparedMark = old?.comparedMark
        try save(record)
        try saveVersion(schema, changes, cause)
        self.book?.set(record)
        if schema.path.count == 1, let spec = cause.spec { try settleIndexes(of: record, spec) }
        return record
    }

    /// The first of `name`, `name_2`, … that nothing has.
    func free(_ name: String, in book: TableBook) -> String {
        guard book.isTaken(name.lowercased()) else { return name }
        var number = 2
        while book.isTaken("\(name)_\(number)".lowercased()) { number += 1 }
        return "\(name)_\(number)"
    }

    private func makeHistory(_ schema: TableSchema, _ history: String) throws {
        try execute(TableDDL.createHistory(schema, as: history))
        try execute(TableDDL.historyIndex(schema, history))
    }

    /// Changes a table that exists; columns are added in place, everything else copies the rows.
    ///
    /// - Returns: The CHECK conditions that the table has then.
    private func alter(
        _ old: TableRecord, to schema: TableSchema, _ changes: [SchemaChange], _ cause: SchemaCause
    ) throws -> [String] {
        let present = old.checks.isEmpty ? [] : old.checks.split(separator: "\n").map(String.init)
        var checks = present
        if let spec = cause.spec, schema.path.count == 1 {
            checks = try spec.checks.filter { try holds($0, in: old) }.flatMap { TableDDL.checks([$0], schema) }
        }
        let names = Set(old.schema.columns.map(\.name))
        let isAddition = old.schema.columns.allSatisfy { column in
            guard let new = schema.column(column.name) else { return false }
            return new.type == column.type && new.digits == column.digits
        }
        if isAddition, checks == present {
            for column in schema.columns where !names.contains(column.name) {
                let definition = TableDDL.column(column, isKey: false)
                for table in [schema.name] + (old.history.map { [$0] } ?? []) {
                    try execute("ALTER TABLE \(quoted(table)) ADD COLUMN \(definition)")
                }
            }
            return present
        }
        try rebuild(
            schema.name, from: old.schema, to: schema,
            creating: { name in
                TableDDL.create(schema, as: name, checks: checks)
            })
        if let history = old.history {
            try rebuild(
                history, from: old.schema, to: schema, isHistory: true,
                creating: { name in
                    TableDDL.createHistory(schema, as: name)
                })
            try execute(TableDDL.historyIndex(schema, history))
        }
        return checks
    }

    /// Whether no row of a table breaks a condition.
    func holds(_ check: RowCheck, in record: TableRecord) throws -> Bool {
        guard let condition = TableDDL.checks([check], record.schema).first else { return true }
        let sql = "SELECT 1 FROM \(quoted(record.schema.name)) WHERE NOT (\(condition)) LIMIT 1"
        let statement = try statement(sql)
        defer { statement.reset() }
        return try !statement.step()
    }

    /// Copies a table into one of another form and gives that its name.
    private func rebuild(
        _ table: String, from old: TableSchema, to new: TableSchema, isHistory: Bool = false,
        creating: (String) -> String
    ) throws {
        let indexes = try declaredIndexes(of: table)
        let temporary = "freshet_rebuild"
        try execute(creating(temporary))
        var names = TableDDL.historyProvenance
        if isHistory {
            names += ["_valid_from", "_valid_to"]
        } else if new.disposition == .append {
            names += ["_seq", "_once"]
        }
        var (targets, sources) = (names, names)
        for column in new.columns {
            guard let before = old.column(column.name) else { continue }
            targets.append(quoted(column.name))
            sources.append(Self.converted(quoted(column.name), from: before, to: column))
        }
        try execute(
            """
            INSERT INTO \(quoted(temporary)) (\(targets.joined(separator: ", ")))
            SELECT \(sources.joined(separator: ", ")) FROM \(quoted(table))
            """)
        try execute("DROP TABLE \(quoted(table))")
        // Views of the table must not keep it from taking its name again.
        try execute("PRAGMA legacy_alter_table = ON")
        defer { try? execute("PRAGMA legacy_alter_table = OFF") }
        try execute("ALTER TABLE \(quoted(temporary)) RENAME TO \(quoted(table))")
        for (name, columns) in indexes where columns.allSatisfy({ new.column($0) != nil || $0.hasPrefix("_") }) {
            try execute(
                """
                CREATE INDEX \(quoted(name))
                ON \(quoted(table)) (\(columns.map { quoted($0) }.joined(separator: ", ")))
                """)
        }
    }

    /// A stored value in the form of a changed column.
    private static func converted(_ name: String, from old: ColumnSchema, to new: ColumnSchema) -> String {
        guard old.type == .timestamp, new.type == .timestamp, old.digits != new.digits else { return name }
        // `…:40Z` or `…:40.250Z`: zeros are added before the Z, or (by a rollback that loses nothing) taken away.
        if new.digits > old.digits {
            let point = old.digits == 0 ? "." : ""
            let zeros = String(repeating: "0", count: new.digits - old.digits)
            return "substr(\(name), 1, length(\(name)) - 1) || '\(point)\(zeros)Z'"
        }
        return "substr(\(name), 1, \(new.digits == 0 ? 19 : 20 + new.digits)) || 'Z'"
    }

    // MARK: Records

    func save(_ record: TableRecord) throws {
        let statement = try statement(
            """
            INSERT INTO freshet_tables (name, dataset, path, revision, schema, history, checks)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET revision = ?4, schema = ?5, history = ?6, checks = ?7
            """)
        statement.bind(record.schema.name, at: 1)
        statement.bind(record.dataset, at: 2)
        statement.bind(try Self.encode(record.schema.path), at: 3)
        statement.bind(record.revision, at: 4)
        statement.bind(try Self.encode(record.schema), at: 5)
        statement.bind(record.history, at: 6)
        statement.bind(record.checks, at: 7)
        try statement.run()
    }

    /// The newest version under a table's name; a table that was dropped and made again goes on counting.
    private func lastVersion(of table: String) throws -> Int {
        let statement = try statement("SELECT coalesce(max(version), 0) FROM freshet_schemas WHERE table_name = ?1")
        defer { statement.reset() }
        statement.bind(table, at: 1)
        return try statement.step() ? statement.int(0) : 0
    }

    private func saveVersion(_ schema: TableSchema, _ changes: [SchemaChange], _ cause: SchemaCause) throws {
        let statement = try statement(
            """
            INSERT INTO freshet_schemas (table_name, version, at, cause, changes, schema) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """)
        statement.bind(schema.name, at: 1)
        statement.bind(schema.version, at: 2)
        statement.bind(cause.at.microseconds, at: 3)
        statement.bind(cause.text, at: 4)
        statement.bind(try Self.encode(changes), at: 5)
        statement.bind(try Self.encode(schema), at: 6)
        try statement.run()
    }

    // MARK: Indexes

    /// Indexes by declaration that a table has: names and columns.
    func declaredIndexes(of table: String) throws -> [(name: String, columns: [String])] {
        let list = try statement(
            """
            SELECT l.name, i.name FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i
            WHERE l.name LIKE 'freshet\\_ix\\_%' ESCAPE '\\' ORDER BY l.name, i.seqno
            """)
        defer { list.reset() }
        list.bind(table, at: 1)
        var found: [(name: String, columns: [String])] = []
        while try list.step() {
            if found.last?.name == list.text(0) {
                found[found.count - 1].columns.append(list.text(1))
            } else {
                found.append((list.text(0), [list.text(1)]))
            }
        }
        return found
    }

    /// Makes the declared indexes whose columns exist, and removes those that are declared no more.
    func settleIndexes(of record: TableRecord, _ spec: TableSpec) throws {
        let table = record.schema.name
        let known = { (name: String) in record.schema.column(name) != nil || TableSchema.provenance.contains(name) }
        var wanted = spec.indexes.filter { $0.allSatisfy(known) }
        // What a warehouse has still to hear of is asked for by fetch.
        let byFetch = ["_key", "_fetch_id"]
        if !spec.destinations.isEmpty, record.schema.disposition == .append, !wanted.contains(byFetch) {
            wanted.append(byFetch)
        }
        let names = Set(wanted.map { TableDDL.indexName(table, $0) })
        let present = try declaredIndexes(of: table).map(\.name)
        for name in present where !names.contains(name) { try execute("DROP INDEX \(quoted(name))") }
        for columns in wanted where !present.contains(TableDDL.indexName(table, columns)) {
            try execute(TableDDL.createIndex(table, columns))
        }
    }
}
