import FreshetCore
import FreshetDocument

/// The rows of a document with `tables: auto`.
func autoRows(_ tape: JSONTape, name: String = "t") throws -> DocumentRows {
    try rows(tape, TableSpec(name: name, rows: .auto))
}

/// The rows of a document by specifications.
func rows(
    _ tape: JSONTape, _ specs: TableSpec..., key: String = "k", parameters: [String: String] = [:]
) throws -> DocumentRows {
    let normaliser = try DocumentNormaliser(TablesConfig(specs: specs))
    return normaliser.rows(
        of: tape, key: key, parameters: parameters, fetchedAt: Timestamp(microseconds: 1_685_284_960_250_000))
}

/// A specification with a path.
func declared(_ name: String, _ path: String, _ change: (inout TableSpec) -> Void = { _ in }) -> TableSpec {
    var spec = TableSpec(name: name, rows: .path(path))
    change(&spec)
    return spec
}

extension DocumentRows {
    /// The table of that name.
    func table(_ name: String) -> TableRows? { tables.first { $0.name == name } }

    /// A table as lines: the column names, then each row; texts in quotes.
    func lines(_ name: String) -> [String] {
        guard let table = table(name) else { return [] }
        let head = table.columns.map(\.name).joined(separator: " ")
        return [head] + (0..<table.count).map { table.row($0).map(show).joined(separator: " ") }
    }

    /// The shapes of a table's rows.
    func shapes(_ name: String) -> [String] {
        guard let table = table(name) else { return [] }
        return table.shapeOfRow.map { String(decoding: table.shapes[Int($0)], as: UTF8.self) }
    }

    private func show(_ cell: Cell) -> String {
        switch cell.kind {
        case .null: "null"
        case .integer: String(cell.payload)
        case .boolean: cell.payload == 0 ? "false" : "true"
        case .number, .json: text(of: cell)
        case .text: "'" + text(of: cell) + "'"
        case .timestamp: TimeText.print(seconds: cell.payload, nanoseconds: cell.extra, digits: 3)
        case .date: TimeText.printDate(days: cell.payload)
        case .float: "\(Double(bitPattern: UInt64(bitPattern: cell.payload)))"
        }
    }
}

/// Whether rows rebuild their document: what differs, or nil.
func differenceAfterRebuild(_ tape: JSONTape) throws -> String? {
    let rebuilt = try JSONTape(DocumentRebuilder(autoRows(tape)).document(), limits: JSONLimits(maxDepth: 20_000))
    guard Fingerprint(of: rebuilt.root) != Fingerprint(of: tape.root) else { return nil }
    return DocumentDiff(from: tape.root, to: rebuilt.root, limits: .init(count: 3)).changes.map { "\($0)" }
        .joined(separator: "; ")
}
