/// The places where SQLite and BigQuery say the same thing in different words.
///
/// Reports are written once, in what both understand, and ask this for the rest.
struct SQLDialect: Sendable {
    /// Whose words.
    enum Kind: Sendable, Hashable {
        case sqlite
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
        case .bigQuery: self.now = now ?? "CURRENT_TIMESTAMP()"
        }
    }

    /// A table's name.
    func table(_ name: String) -> String {
        switch kind {
        case .sqlite: name
        case .bigQuery(let dataset): "`\(dataset.filter { $0 != "`" }).\(name)`"
        }
    }

    /// The rows of a table that are not marked deleted.
    func live(_ name: String) -> String { "(SELECT * FROM \(table(name)) WHERE _deleted_at IS NULL)" }

    /// Seconds from one moment to another, whole.
    func seconds(from start: String, to end: String) -> String {
        switch kind {
        case .sqlite: "(unixepoch(\(end)) - unixepoch(\(start)))"
        case .bigQuery: "TIMESTAMP_DIFF(\(end), \(start), SECOND)"
        }
    }

    /// The whole part of a quotient; null when the divisor is zero.
    func quotient(_ dividend: String, _ divisor: String) -> String {
        switch kind {
        case .sqlite: "((\(dividend)) / NULLIF(\(divisor), 0))"
        case .bigQuery: "DIV(\(dividend), NULLIF(\(divisor), 0))"
        }
    }

    /// How many rows satisfy a condition.
    func count(where condition: String) -> String { "SUM(CASE WHEN \(condition) THEN 1 ELSE 0 END)" }
}
