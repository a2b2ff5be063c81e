/// Why a `tables:` section cannot be followed.
public struct NormaliserError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The table at fault.
    public let table: String
    /// The field of the table, such as `rows`, `parent.crime_id` or `exclude[0]`.
    public let field: String
    /// What is wrong, and what would be right.
    public let reason: String

    /// One sentence with the table, the field and the reason.
    public var description: String { "Table \"\(table)\", \(field): \(reason)" }
}
