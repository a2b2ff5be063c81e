/// The places where SQLite, PostgreSQL and BigQuery say the same thing in different words.
///
/// Reports are written once, in what all understand, and ask this for the rest.
struct SQLDialect: Sendable {
    /// Whose words.
    enum Kind: Sendable, Hashable {
        case sqlite
        case postgres
        /// With the tables' dataset, such as `project.torn`.
        case bigQuery(dataset: String)
    }

    let kind: Kind
    /// An expression for the present moment; tests put a fixed one here.
    let now: String

    init(_ kind: Kind, now: String? = nil) {
        self.kind = kind
        switch kind {
        case .sqlite: self.now = now ?? "'now'"
        case .postgres: self.now = now.map { "timestamptz \($0)" } ?? "now()"
        case .bigQuery: self.now = now ?? "CURRENT_TIMESTAMP()"
        }
    }

    /// A table's name.
    func table(_ name: String) -> String {
        switch kind {
        case .sqlite, .postgres: name
        case .bigQuery(let dataset): "`\(dataset.filter { $0 != "`" }).\(name)`"
        }
    }

    /// The rows of a table that are not marked deleted.
    func live(_ name: String) -> String { "(SELECT * FROM \(table(name)) WHERE _deleted_at IS NULL)" }

    /// Seconds from one moment to another, whole.
    func seconds(from start: String, to end: String) -> String {
        switch kind {
        case .sqlite: "(unixepoch(\(end)) - unixepoch(\(start)))"
        case .postgres: "(floor(EXTRACT(EPOCH FROM \(end))) - floor(EXTRACT(EPOCH FROM \(start))))::bigint"
        case .bigQuery: "TIMESTAMP_DIFF(\(end), \(start), SECOND)"
        }
    }

    /// The whole part of a quotient; null when the divisor is zero.
    func quotient(_ dividend: String, _ divisor: String) -> String {
        switch kind {
        case .sqlite: "((\(dividend)) / NULLIF(\(divisor), 0))"
        case .postgres: "DIV(\(dividend), NULLIF(\(divisor), 0))::bigint"
        case .bigQuery: "DIV(\(dividend), NULLIF(\(divisor), 0))"
        }
    }

    /// A number with a fraction: a quotient of it is none of whole numbers.
    func fraction(_ number: String) -> String {
        switch kind {
        case .sqlite, .bigQuery: "\(number) * 1.0"
        case .postgres: "(\(number))::double precision"
        }
    }

    /// The mean of a column.
    func average(_ expression: String) -> String {
        switch kind {
        case .sqlite, .bigQuery: "AVG(\(expression))"
        case .postgres: "AVG((\(expression))::double precision)"
        }
    }

    /// Whether a condition holds in any row; 1 or 0 where the store is Freshet's own.
    func any(_ condition: String) -> String {
        switch kind {
        case .sqlite, .bigQuery: "MAX(\(condition))"
        case .postgres: "BOOL_OR(\(condition))::integer"
        }
    }

    /// A column of numbers without any.
    var noNumber: String {
        switch kind {
        case .sqlite: "NULL"
        case .postgres: "CAST(NULL AS bigint)"
        case .bigQuery: "CAST(NULL AS INT64)"
        }
    }

    /// How many rows satisfy a condition.
    func count(where condition: String) -> String { "SUM(CASE WHEN \(condition) THEN 1 ELSE 0 END)" }
}
