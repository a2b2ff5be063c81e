/// The SQL that loading needs; every name in it is quoted.
enum Statements {
    /// Exchanges the rows of documents for those of a staging table, in one step.
    ///
    /// The condition that never holds makes every row of those documents "not matched by source" and every staged row "not
    /// matched by target": the old go, the new come, and no reader sees anything between. `@keys` are the documents,
    /// those without any row now included.
    static func replace(target: String, staging: String, columns: [String]) -> String {
        """
        MERGE \(quote(target)) AS target
        USING \(quote(staging)) AS staged
        ON FALSE
        WHEN NOT MATCHED BY SOURCE AND target.`_key` IN UNNEST(@keys) THEN DELETE
        WHEN NOT MATCHED BY TARGET THEN \(insert(columns))
        """
    }

    /// Updates rows by key, adds new ones, and marks those of the documents that are no longer there as deleted at `@at`.
    static func merge(target: String, staging: String, columns: [String], key: [String]) -> String {
        let match = (["_key"] + key).map { "target.\(quote($0)) = staged.\(quote($0))" }.joined(separator: " AND ")
        let sets = columns.filter { $0 != "_key" && !key.contains($0) }
            .map { "\(quote($0)) = staged.\(quote($0))" }.joined(separator: ", ")
        return """
            MERGE \(quote(target)) AS target
            USING \(quote(staging)) AS staged
            ON \(match)
            WHEN MATCHED THEN UPDATE SET \(sets)
            WHEN NOT MATCHED BY SOURCE AND target.`_key` IN UNNEST(@keys) AND target.`_deleted_at` IS NULL THEN UPDATE \
            SET `_deleted_at` = @at
            WHEN NOT MATCHED BY TARGET THEN \(insert(columns))
            """
    }

    /// Lets a column take more than before.
    static func widen(target: String, field: WarehouseField) -> String {
        "ALTER TABLE \(quote(target)) ALTER COLUMN \(quote(field.name)) SET DATA TYPE \(field.type.sql)"
    }

    private static func insert(_ columns: [String]) -> String {
        let names = columns.map(quote).joined(separator: ", ")
        let values = columns.map { "staged.\(quote($0))" }.joined(separator: ", ")
        return "INSERT (\(names)) VALUES (\(values))"
    }

    /// A name in backticks; names that come here have neither backticks nor backslashes.
    static func quote(_ name: String) -> String { "`\(name)`" }
}
