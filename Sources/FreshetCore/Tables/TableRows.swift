/// The rows that one document makes, before they meet the schema of their tables.
public struct DocumentRows: Sendable {
    /// The bytes of the document; cells point into them.
    public var document: [UInt8]
    /// Bytes that are not in the document as such: unescaped texts, key parameters, JSON of asked-for columns.
    public var scratch: [UInt8]
    /// Parents before their children; a table without rows stands here too, so that it can be emptied.
    public var tables: [TableRows]

    /// Creates rows.
    public init(document: [UInt8], scratch: [UInt8] = [], tables: [TableRows] = []) {
        (self.document, self.scratch, self.tables) = (document, scratch, tables)
    }

    /// The bytes of a cell that is a range.
    @inlinable
    public func bytes(of cell: Cell) -> ArraySlice<UInt8> {
        let range = cell.offset..<cell.offset + cell.length
        return cell.extra == 1 ? scratch[range] : document[range]
    }

    /// The text of a cell that is a range.
    public func text(of cell: Cell) -> String { String(decoding: bytes(of: cell), as: UTF8.self) }
}

/// The rows that one document makes in one table.
public struct TableRows: Sendable {
    /// The table's proposed name; the schema may shorten or number it where names collide.
    public var name: String
    /// What the name was made from: the declared name, then the members of nested arrays below it.
    ///
    /// It never changes.
    public var path: [String]
    /// The specification it follows: an index into ``TableCommit/specs``.
    public var spec: Int
    /// The columns in which these rows have values, key columns first.
    public var columns: [SeenColumn]
    /// Row after row, ``columns`` cells each.
    public var cells: [Cell]
    /// How many rows there are.
    public var count: Int
    /// The distinct shapes of these rows (see ``SeenColumn``); empty where a declaration chose what to keep.
    public var shapes: [[UInt8]]
    /// For each row the index of its shape; empty with ``shapes``.
    public var shapeOfRow: [UInt32]

    /// Creates an empty table.
    public init(name: String, path: [String], spec: Int, columns: [SeenColumn] = []) {
        self.name = name
        self.path = path
        self.spec = spec
        self.columns = columns
        cells = []
        count = 0
        shapes = []
        shapeOfRow = []
    }

    /// The cells of a row.
    @inlinable
    public func row(_ index: Int) -> ArraySlice<Cell> { cells[index * columns.count..<(index + 1) * columns.count] }
}

/// A column as one document shows it.
public struct SeenColumn: Sendable, Hashable {
    /// Where a column's values come from.
    public enum Role: Sendable, Hashable {
        /// A member of the row.
        case value
        /// The row's place in the list at a nesting level, from 0: part of an automatic key.
        case index(level: Int)
        /// The member name of a map whose members are rows.
        case mapKey
        /// Copied from the parent row.
        case parent
    }

    /// The member names from the row to the value; for other roles a name in angle brackets.
    ///
    /// It identifies the column.
    public var path: [String]
    /// The proposed name; the schema numbers it where names collide.
    public var name: String
    /// Where the values come from.
    public var role: Role
    /// What was seen.
    public var kinds: SeenKinds

    /// Creates a column.
    public init(path: [String], name: String, role: Role = .value, kinds: SeenKinds = []) {
        (self.path, self.name, self.role, self.kinds) = (path, name, role, kinds)
    }
}
