import FreshetCore

/// A report over the tables, in the words of SQLite, of PostgreSQL and of BigQuery.
public struct TornReport: Sendable {
    /// The view's name.
    public let name: String
    /// One line that says what a row is.
    public let summary: String
    /// The tables that it reads.
    public let tables: [String]
    /// The columns that its rows are shown in order of.
    let order: String
    private let text: @Sendable (SQLDialect) -> String

    init(
        name: String, summary: String, tables: [String], order: String,
        text: @escaping @Sendable (SQLDialect) -> String
    ) {
        (self.name, self.summary, self.tables, self.text) = (name, summary, tables, text)
        // Every store puts what is missing where SQLite puts it.
        self.order = order.split(separator: ",").map { part in
            part.hasSuffix(" DESC") ? "\(part) NULLS LAST" : "\(part) NULLS FIRST"
        }.joined(separator: ",")
    }

    /// The `SELECT` in SQLite's dialect.
    ///
    /// - Parameter now: A time value of SQLite for the present moment, such as `'2026-01-31T12:00:00Z'`; the clock when `nil`.
    /// - Returns: The statement, without a semicolon.
    public func sqlite(now: String? = nil) -> String { text(SQLDialect(.sqlite, now: now)) }

    /// The `SELECT` in PostgreSQL's dialect.
    ///
    /// - Parameter now: A literal for the present moment, such as `'2026-01-31T12:00:00Z'`; the clock when `nil`.
    /// - Returns: The statement, without a semicolon.
    public func postgres(now: String? = nil) -> String { text(SQLDialect(.postgres, now: now)) }

    /// The `SELECT` in BigQuery's dialect.
    ///
    /// - Parameter dataset: The dataset of the tables, with or without its project, such as `my-project.torn`.
    /// - Returns: The statement, without a semicolon.
    public func bigQuery(dataset: String) -> String { text(SQLDialect(.bigQuery(dataset: dataset))) }

    /// A statement that makes or replaces the view in BigQuery, beside the tables.
    ///
    /// - Parameter dataset: The dataset of the tables, with or without its project.
    /// - Returns: The statement with a comment above it and a semicolon.
    public func bigQueryView(dataset: String) -> String {
        let view = SQLDialect(.bigQuery(dataset: dataset)).table(name)
        return "-- \(summary)\nCREATE OR REPLACE VIEW \(view) AS\n\(bigQuery(dataset: dataset));\n"
    }

    /// As the store keeps it.
    var view: ViewSpec {
        ViewSpec(name: name, summary: summary, tables: tables, sqlite: sqlite(), postgres: postgres())
    }

    /// The five reports, and the wide form of the crimes.
    ///
    /// - Parameter passRate: The pass rate, 0...100, that recommends a difficulty.
    /// - Returns: The reports, in ascending order of their names.
    public static func all(passRate: Int) -> [TornReport] {
        [crimeEarnings, crimeOverview, crimesNamed, crimesWide, memberInformation(passRate: passRate), requiredItems]
    }
}
