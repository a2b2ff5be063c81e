import FreshetCore
import GRDB

/// A reader connection for the time of one query.
struct ReadSession {
    let database: Database
    let datasets: DatasetTable

    /// The cached statement for an SQL text; it must be reset after use.
    func statement(_ sql: String) throws -> RawStatement {
        RawStatement(try database.cachedStatement(sql: sql), on: database)
    }

    /// The number of a dataset, if it has one.
    func known(_ dataset: DatasetID) -> Int64? { datasets.number(of: dataset) }

    /// The dataset with a number.
    func dataset(_ number: Int64) throws -> DatasetID {
        if let known = datasets.dataset(number) { return known }
        // Committed a moment ago and not yet published by the writer.
        let statement = try statement("SELECT source, name FROM freshet_datasets WHERE id = ?")
        defer { statement.reset() }
        statement.bind(number, at: 1)
        guard try statement.step() else {
            throw StoreError.corrupt("a row names the dataset number \(number), which does not exist")
        }
        return DatasetID(source: statement.text(0), name: statement.text(1))
    }

    /// Every row of a query, read by `row`.
    func all<Value>(
        _ sql: String, bind: (RawStatement) -> Void = { _ in }, row: (RawStatement) throws -> Value
    ) throws -> [Value] {
        let statement = try statement(sql)
        defer { statement.reset() }
        bind(statement)
        var values: [Value] = []
        while try statement.step() { values.append(try row(statement)) }
        return values
    }

    /// The first row of a query, read by `row`.
    func first<Value>(
        _ sql: String, bind: (RawStatement) -> Void = { _ in }, row: (RawStatement) throws -> Value
    ) throws -> Value? {
        let statement = try statement(sql)
        defer { statement.reset() }
        bind(statement)
        return try statement.step() ? row(statement) : nil
    }
}
