public import FreshetCore

/// Makes a document again out of the rows of its automatic tables.
///
/// The result has the same members, elements and values as the document: texts byte for byte, numbers by value, `null`,
/// `[]`, `{}` and absence told apart. White space, the spelling of escapes and the order of a map's members with the same
/// index are not kept; of repeated members the last is there.
public struct DocumentRebuilder: Sendable {
    private let tables: [RebuildTable]
    private let byPath: [[String]: Int]
    private let root: Int?

    /// Prepares the rows of one document.
    ///
    /// - Parameter tables: The table of the specification (its path has one part) and those nested in it, in any order.
    /// - Throws: `RebuildError` when a table lacks what identifies its rows.
    public init(_ tables: [StoredTable]) throws(RebuildError) {
        var prepared: [RebuildTable] = []
        for table in tables { prepared.append(try RebuildTable(table)) }
        self.tables = prepared
        byPath = Dictionary(prepared.indices.map { (prepared[$0].path, $0) }) { first, _ in first }
        root = prepared.firstIndex { $0.path.count == 1 }
    }

    /// Prepares the rows of one automatic table of a document and those nested in it.
    ///
    /// - Parameters:
    ///   - rows: As the normaliser made them.
    ///   - spec: The index of the specification.
    /// - Throws: `RebuildError` when a table lacks what identifies its rows.
    public init(_ rows: DocumentRows, spec: Int = 0) throws(RebuildError) {
        try self.init(rows.tables.filter { $0.spec == spec }.map { StoredTable($0, of: rows) })
    }

    /// The document as JSON.
    ///
    /// - Returns: The bytes, without white space.
    /// - Throws: `RebuildError` when rows are missing or do not fit their shapes.
    public func document() throws(RebuildError) -> [UInt8] {
        guard let root else { throw RebuildError(table: [], reason: "the table of the document is not among them") }
        var walk = RebuildWalk(tables: tables, byPath: byPath)
        return try walk.document(root: root)
    }
}

/// A table with its rows in order and its columns by path.
struct RebuildTable: Sendable {
    let path: [String]
    /// The columns of each path, the one that is no variant first.
    let columns: [[String]: [Int]]
    let mapKey: Int?
    let rows: [[StoredTable.Value]]
    let shapes: [[UInt8]]
    /// For each row the places that identify it, from the outside in.
    let indexes: [[Int64]]

    init(_ table: StoredTable) throws(RebuildError) {
        path = table.path
        var columns: [[String]: [Int]] = [:]
        var levels: [(level: Int, column: Int)] = []
        for (column, path) in table.columns.enumerated() {
            columns[path, default: []].append(column)
            if path.count == 1, let level = Self.level(path[0]) { levels.append((level, column)) }
        }
        self.columns = columns
        mapKey = columns[["<_map_key>"]]?.first
        levels.sort { $0.level < $1.level }
        guard table.shapes.count == table.rows.count else {
            throw RebuildError(table: path, reason: "a row has no shape")
        }
        let keys = table.rows.map { row in
            levels.compactMap { if case .integer(let place) = row[$0.column] { place } else { nil } }
        }
        let order = keys.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
        rows = order.map { table.rows[$0] }
        shapes = order.map { table.shapes[$0] }
        indexes = order.map { keys[$0] }
    }

    /// The level of an index column by its path.
    private static func level(_ part: String) -> Int? {
        part.hasPrefix("<_i") && part.hasSuffix(">") ? Int(part.dropFirst(3).dropLast()) : nil
    }
}
