import FreshetCore

/// The steps from an empty schema to today's, in order.
///
/// A step that was released is frozen: it is never edited, renamed or moved. A change is a new step at the end. Functions that
/// change get a new name, because an older process may still call the old one while a newer one migrates.
enum Migrations {
    struct Step: Sendable {
        /// `0001-store`: shown to people when a database is newer than the program.
        let name: String
        let sql: String
    }

    static let all = [
        Step(name: "0001-store", sql: documents + jobs + records + jobFunctions + limitFunctions),
        Step(name: "0002-tables", sql: tables),
        Step(name: "0003-staleness", sql: staleness),
    ]

    /// Brings the schema up to date, in one transaction; processes that start together wait for the first.
    ///
    /// - Returns: The steps that were done now.
    /// - Throws: `StoreError.newerSchema` when the schema has a step that this program does not know; nothing is changed.
    static func run(on connection: PGConnection) throws -> [String] {
        let place = try connection.query("SELECT current_schema(), pg_is_in_recovery()").first {
            (schema: $0.optionalText(0), isStandby: $0.bool(1))
        }
        guard let schema = place?.schema else {
            throw StoreError.refused(
                "the database has no schema to work in: create one, or name one that exists in the user's search_path")
        }
        _ = try connection.query("SELECT pg_advisory_xact_lock(hashtextextended('freshet ' || $1, 0))", [.text(schema)])
        let exists = try connection.query("SELECT to_regclass('freshet_migrations') IS NOT NULL").first { $0.bool(0) }
        if exists != true {
            try connection.script(
                """
                CREATE TABLE freshet_migrations (
                    name text COLLATE "C" PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())
                """)
        }
        let found = try connection.query("SELECT name FROM freshet_migrations ORDER BY name").map { $0.text(0) }
        let known = Set(all.map(\.name))
        if let unknown = found.first(where: { !known.contains($0) }) { throw StoreError.newerSchema(found: unknown) }
        var done: [String] = []
        for step in all where !found.contains(step.name) {
            try connection.script(step.sql)
            try connection.execute("INSERT INTO freshet_migrations (name) VALUES ($1)", [.text(step.name)])
            done.append(step.name)
        }
        // A database that was restored from a dump counts its transactions anew.
        try connection.execute(
            """
            UPDATE freshet_documents SET written_by = pg_current_xact_id() WHERE written_by > pg_current_xact_id()
            """)
        return done
    }
}
