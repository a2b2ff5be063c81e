import FreshetCore

/// A statement that grows with its parameters.
struct SQLText {
    private(set) var parameters: [PGValue] = []

    /// Adds a parameter.
    ///
    /// - Returns: The mark that stands for it.
    mutating func add(_ value: PGValue) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    /// Adds a value that is compared with a column.
    ///
    /// - Returns: An expression of the column's type.
    mutating func add(_ value: RowCursor.Value, as column: ColumnSchema) -> String {
        switch (value, column.type) {
        case (.null, _): "NULL"
        case (.integer(let value), .boolean): value == 0 ? "false" : "true"
        case (.integer(let value), .timestamp): TableSQL.moment(add(.int(value)))
        case (.integer(let value), .date): "(date '1970-01-01' + \(add(.int(value)))::integer)"
        case (.integer(let value), _): "\(add(.int(value)))::bigint"
        case (.double(let value), _): "\(add(.double(value)))::double precision"
        case (.text(let text), .integer), (.text(let text), .decimal): "\(add(.text(text)))::text::numeric"
        case (.text(let text), _): "\(add(.text(StoredText.stored(text))))::text COLLATE \"C\""
        }
    }
}
