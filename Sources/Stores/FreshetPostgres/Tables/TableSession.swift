import FreshetCore

/// The fetch that writes rows.
struct TableFetch {
    var id: Int64
    var key: String
    var version: Int
    var moment: Timestamp
}

/// The work on tables within one transaction; lives on its connection's thread.
final class TableSession {
    let connection: PGConnection
    let keeper: TableKeeper
    var memory: TableMemory { keeper.memory }
    /// The tables as this transaction sees them, its own changes included.
    var book: TableBook
    /// Whether this transaction holds `freshet_table_mark`.
    private(set) var holdsMark = false
    /// Whether schemas changed since the mark was moved.
    var hasChanges = false
    private(set) var course = TableKeeper.Course(transaction: 0)

    init(_ connection: PGConnection, _ keeper: TableKeeper) {
        self.connection = connection
        self.keeper = keeper
        book = keeper.memory.book ?? TableBook(mark: -1)
    }

    /// Whether other documents were written in this transaction before.
    var isLater: Bool { course.documents > 0 }

    // MARK: The book

    /// Takes the right to change schemas, until the transaction ends, and reads the tables if others changed them.
    func holdMark() throws {
        guard !holdsMark else { return }
        let found = try connection.query("SELECT value FROM freshet_table_mark FOR UPDATE").first { $0.int64(0) }
        guard let mark = found else { throw StoreError.corrupt("freshet_table_mark is empty") }
        holdsMark = true
        if book.mark != mark { try readBook() }
    }

    /// Reads all tables; their schemas only where they are new.
    func readBook() throws {
        let marks = try connection.query("SELECT value FROM freshet_table_mark").first { $0.int64(0) }
        guard let mark = marks else { throw StoreError.corrupt("freshet_table_mark is empty") }
        var book = TableBook(mark: mark)
        let rows = try connection.query(
            "SELECT dataset, revision, schema, history, checks, has_taken_rows FROM freshet_tables")
        let known = Dictionary(
            self.book.records.values.map { ($0.revision, $0) }, uniquingKeysWith: { first, _ in first })
        for index in 0..<rows.count {
            let row = rows[index]
            if var record = known[row.int64(1)], record.history == row.optionalText(3) {
                record.hasTakenRows = row.bool(5)
                book.set(record)
                continue
            }
            let layout = try memory.layout(row.int64(1)) { try SchemaText.decode(TableSchema.self, row.text(2)) }
            book.set(
                TableRecord(
                    dataset: row.int64(0), revision: row.int64(1), layout: layout, history: row.optionalText(3),
                    checks: row.text(4), hasTakenRows: row.bool(5)))
        }
        let views = try connection.query("SELECT name FROM freshet_views WHERE is_made").map { $0.text(0).lowercased() }
        book.otherNames.formUnion(views)
        self.book = book
        // Between the two statements somebody may have committed a change: what was read is then newer than its mark, and
        // the next comparison reads it again. What this transaction itself has changed is nobody else's business yet.
        if !holdsMark, !course.changesSchemas { memory.remember(book) }
    }

    /// Notes that schemas changed, if they did, so that every other process reads them again.
    func publishChanges() throws {
        guard hasChanges else { return }
        hasChanges = false
        try connection.execute("UPDATE freshet_table_mark SET value = value + 1")
        book.mark += 1
        course.changesSchemas = true
        keeper.setCourse(course, of: connection)
    }

    // MARK: Documents

    /// Locks the tables of a dataset for writing, and brings the book up to date.
    ///
    /// - Returns: The number of the fetch.
    func enter(_ dataset: Int64) throws -> Int64 {
        var waits = false
        while true {
            let records = book.records(of: dataset)
            do {
                let found = try connection.script(enterSQL(records, waits: waits)).first { row in
                    (mark: row.int64(0), fetch: row.int64(1), transaction: row.int64(2))
                }
                guard let found else { throw StoreError.corrupt("freshet_table_mark is empty") }
                course = keeper.course(of: connection, transaction: found.transaction)
                if book.mark == found.mark {
                    try lockSequences(records)
                    return found.fetch
                }
                try leave()
            } catch let error as PGError where error.isStaleTable || error.sqlState == "55P03" {
                // A table was dropped, or is being changed; who holds other tables already does not wait for it.
                try leave()
                try readCourse()
                guard !waits || error.sqlState != "55P03" else { throw error }
                if isLater { throw StoreError.needsOwnTransaction }
                waits = true
            }
            try readBook()
        }
    }

    private func enterSQL(_ records: [TableRecord], waits: Bool) -> String {
        let tables = records.map { quoted($0.schema.name) }.joined(separator: ", ")
        let lock = records.isEmpty ? "" : "LOCK TABLE \(tables) IN ROW EXCLUSIVE MODE\(waits ? "" : " NOWAIT"); "
        return """
            SAVEPOINT freshet_rows; \(lock)\
            SELECT value, nextval('freshet_fetch_ids'), pg_current_xact_id()::text FROM freshet_table_mark
            """
    }

    /// Finds out which transaction this is, and what it has done.
    func readCourse() throws {
        let number = try connection.script("SELECT pg_current_xact_id()::text").first { $0.int64(0) } ?? 0
        course = keeper.course(of: connection, transaction: number)
    }

    /// Takes back what this document wrote, with its locks.
    func leave() throws {
        hasChanges = false
        try connection.script("ROLLBACK TO SAVEPOINT freshet_rows; RELEASE SAVEPOINT freshet_rows")
    }

    /// Ends the work on a document.
    func settle() throws {
        course.documents += 1
        keeper.setCourse(course, of: connection)
        try connection.script("RELEASE SAVEPOINT freshet_rows")
    }

    // MARK: Locks

    /// A class of advisory locks: the letters FT.
    private static let lockClass = 0x4654

    /// Appended rows are numbered in the order of their commits: who numbers them is alone until he commits.
    private func lockSequences(_ records: [TableRecord]) throws {
        for record in records where record.schema.disposition == .append { try hold(record.schema.name) }
    }

    /// Takes an advisory lock until the end of the transaction.
    func hold(_ name: String) throws {
        let number = Int32(truncatingIfNeeded: RowHash.text(name))
        let function = isLater ? "pg_try_advisory_xact_lock" : "pg_advisory_xact_lock"
        let result = try connection.script("SELECT \(function)(\(Self.lockClass), \(number))")
        if isLater, result.first({ $0.bool(0) }) != true { throw StoreError.needsOwnTransaction }
    }

    // MARK: Shapes

    /// The numbers of shapes, given to them now where they have none.
    func numbers(of shapes: [[UInt8]]) throws -> [Int64] {
        var numbers = memory.shapes(shapes)
        for (index, shape) in shapes.enumerated() where numbers[index] == nil { numbers[index] = course.shapes[shape] }
        let unknown = Set(shapes.indices.filter { numbers[$0] == nil }.map { shapes[$0] })
        if !unknown.isEmpty {
            let wanted = unknown.sorted { $0.lexicographicallyPrecedes($1) }
            let select = """
                SELECT shape, id FROM freshet_shapes
                WHERE sha256(shape) IN (SELECT sha256(s) FROM unnest($1::bytea[]) AS s)
                """
            func find() throws -> [[UInt8]: Int64] {
                let rows = try connection.query(select, [.blobs(wanted)]).map { ($0.blob(0), $0.int64(1)) }
                return Dictionary(rows, uniquingKeysWith: { first, _ in first })
            }
            var found = try find()
            if found.count < wanted.count {
                try hold("freshet_shapes")
                try connection.execute(
                    """
                    INSERT INTO freshet_shapes (shape) SELECT s FROM unnest($1::bytea[]) AS s
                    ON CONFLICT (sha256(shape)) DO NOTHING
                    """, [.blobs(wanted)])
                found = try find()
            }
            for index in shapes.indices where numbers[index] == nil { numbers[index] = found[shapes[index]] }
            course.shapes.merge(found) { first, _ in first }
        }
        return try numbers.map { number in
            guard let number else { throw StoreError.unavailable("a shape got no number") }
            return number
        }
    }
}

extension PGError {
    /// What was planned by a schema that is no more: an unknown table or column, another type, something that exists by now.
    var isStaleTable: Bool {
        kind == .server && ["42P01", "42703", "42804", "42P07", "42701", "0A000"].contains(sqlState)
    }

    /// Whether PostgreSQL refuses the values or the form of rows, whoever asks and however often.
    var isRefusal: Bool {
        guard kind == .server else { return false }
        return ["0A", "22", "23", "2B", "42", "54"].contains(String(sqlState.prefix(2)))
    }
}
