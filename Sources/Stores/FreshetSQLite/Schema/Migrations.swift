import GRDB

/// The steps from an empty file to today's schema, in order.
///
/// A step that was released is frozen: it is never edited, renamed or moved. A change of the schema is a new step at the
/// end, and the tests open a file of every past step.
enum Migrations {
    struct Step: Sendable {
        /// `0001-documents`: shown to people when a file is newer than the program.
        let name: String
        let sql: String
    }

    static let all = [
        Step(name: "0001-documents", sql: documents),
        Step(name: "0002-jobs", sql: jobs),
        Step(name: "0003-events", sql: events),
        Step(name: "0004-state-tokens", sql: stateAndTokens),
        Step(name: "0005-tables", sql: tables),
        Step(name: "0006-plans", sql: plans),
        Step(name: "0007-staleness", sql: staleness),
    ]

    /// A migrator with the first `count` steps (all by default).
    static func migrator(first count: Int = all.count) -> DatabaseMigrator {
        var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
        for step in all.prefix(count) {
            migrator.registerMigration(step.name) { database in try database.execute(sql: step.sql) }
        }
        return migrator
    }

    /// The first step in the file that this program does not know; `nil` when it knows them all.
    static func unknownStep(in database: Database) throws -> String? {
        guard try database.tableExists("grdb_migrations") else { return nil }
        let known = Set(all.map(\.name))
        let found = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        return found.first { !known.contains($0) }
    }
}
