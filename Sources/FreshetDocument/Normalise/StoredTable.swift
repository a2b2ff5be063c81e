public import FreshetCore

/// The rows of one document in one automatic table, as a store holds them.
public struct StoredTable: Sendable {
    /// A stored value, as near to the document as the store has it.
    public enum Value: Sendable, Hashable {
        /// Nothing.
        case null
        /// A whole number, or 0 and 1 of a boolean column.
        case integer(Int64)
        /// A double.
        case float(Double)
        /// Text: also the exact text of a decimal, a moment as RFC 3339, a day as `2023-05-28`, `true` and `false`.
        case text([UInt8])
    }

    /// See ``TableRows/path``.
    public var path: [String]
    /// The path of each column (see ``SeenColumn/path``); a variant column has the path of the column it belongs to.
    public var columns: [[String]]
    /// Row after row, as many values as there are columns; in any order.
    public var rows: [[Value]]
    /// The shape of each row.
    public var shapes: [[UInt8]]

    /// Creates a table.
    public init(path: [String], columns: [[String]], rows: [[Value]] = [], shapes: [[UInt8]] = []) {
        (self.path, self.columns, self.rows, self.shapes) = (path, columns, rows, shapes)
    }

    /// The rows of a table as the normaliser made them.
    public init(_ table: TableRows, of document: DocumentRows) {
        self.init(path: table.path, columns: table.columns.map(\.path))
        for row in 0..<table.count {
            rows.append(table.row(row).map { Self.value($0, in: document) })
            shapes.append(table.shapes[Int(table.shapeOfRow[row])])
        }
    }

    private static func value(_ cell: Cell, in document: DocumentRows) -> Value {
        switch cell.kind {
        case .null: .null
        case .integer, .boolean, .date: .integer(cell.payload)
        case .float: .float(Double(bitPattern: UInt64(bitPattern: cell.payload)))
        case .number, .text, .json: .text([UInt8](document.bytes(of: cell)))
        case .timestamp:
            .text(Array(TimeText.print(seconds: cell.payload, nanoseconds: cell.extra, digits: 9).utf8))
        }
    }
}
