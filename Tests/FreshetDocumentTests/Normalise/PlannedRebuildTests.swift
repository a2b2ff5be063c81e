import FreshetCore
import FreshetDocument
import Testing

/// Documents come back also after their values were fitted to columns that other documents made.
@Suite struct PlannedRebuildTests {
    /// Numbers as every column type writes them back; other spellings come back with the same value.
    static let scalars = [
        "null", "true", "false", "0", "1", "-1", "0.1", "2.5", "9223372036854775807", "9223372036854775808",
        "123456789012345678901234567890", "0.123456789012345678901", #""""#, #""s""#, #""1""#, #""0.10""#, #""true""#,
        #""null""#, #""2023-05-28""#, #""2023-02-30""#, #""2023-05-28T14:42:40.250Z""#, #""2023-05-28 14:42""#,
        #""20230528T144240.000Z""#, #""2023-05-28T14:42:40+02:00""#, #""2023-05-28T14:42:40.123456789-00:30""#,
        #""0001-01-01T00:00:00Z""#, #""2023-05-28T14:42:40+0200""#, #""line\nbreak""#,
    ]

    private static func document(_ generator: inout SplitMix, depth: Int) -> String {
        switch generator.below(depth > 0 ? 10 : 5) {
        case 0...4: return scalars[generator.below(scalars.count)]
        case 5...6:
            return "["
                + (0..<generator.below(5)).map { _ in document(&generator, depth: depth - 1) }
                .joined(separator: ",") + "]"
        default:
            let names = RebuildTests.names
            let members = (0..<generator.below(7)).map { _ in
                JSONEscape.quoted(names[generator.below(names.count)]) + ":" + document(&generator, depth: depth - 1)
            }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    /// The tables of a store: their schemas grow with each document.
    private struct Shelf {
        var layouts: [[String]: TableLayout] = [:]
        let rules = SpecRules(TableSpec(name: "t", rows: .auto))

        /// The rows of a document as they would be stored.
        mutating func store(_ rows: DocumentRows) throws -> [StoredTable] {
            var stored: [StoredTable] = []
            var root: RootRows?
            let hasTakenRows = !layouts.isEmpty
            for table in rows.tables {
                let current = layouts[table.path]
                let context = TablePlanner.Context(
                    dataset: "s.d", rules: rules, current: current, hasTakenRows: current != nil,
                    hasRootTakenRows: hasTakenRows, root: root)
                let names = Set(layouts.values.map { $0.schema.name.lowercased() })
                switch TablePlanner.plan(table, in: rows, context: context, isTaken: { names.contains($0) }) {
                case .apply(let fitted):
                    #expect(fitted.rejects.isEmpty)
                    layouts[table.path] = TableLayout(fitted.schema)
                    if root == nil { root = RootRows(fitted) }
                    stored.append(Self.stored(table, fitted))
                case .skip: stored.append(StoredTable(path: table.path, columns: []))
                case .stop(let stop): throw stop
                }
            }
            return stored
        }

        private static func stored(_ table: TableRows, _ fitted: FittedRows) -> StoredTable {
            let paths = fitted.schema.columns.map { column in
                column.variantOf.flatMap { fitted.schema.column($0)?.path } ?? column.path
            }
            var stored = StoredTable(path: table.path, columns: paths)
            for (place, row) in fitted.rows.enumerated() {
                stored.rows.append(
                    fitted.schema.columns.indices.map { column in
                        guard row < fitted.columns[column].count else { return .null }
                        let digits = fitted.schema.columns[column].digits
                        return value(fitted.columns[column][row], digits, fitted.buffers)
                    })
                stored.shapes.append(table.shapes[Int(fitted.shapes[place])])
            }
            return stored
        }

        private static func value(_ cell: Cell, _ digits: Int, _ buffers: CellBuffers) -> StoredTable.Value {
            switch cell.kind {
            case .null: .null
            case .integer, .boolean: .integer(cell.payload)
            case .float: .float(Double(bitPattern: UInt64(bitPattern: cell.payload)))
            case .number, .text, .json: .text(buffers.withBytes(of: cell) { [UInt8]($0) })
            case .date: .text(Array(TimeText.printDate(days: cell.payload).utf8))
            case .timestamp:
                .text(
                    Array(TimeText.print(seconds: cell.payload, nanoseconds: cell.extra, digits: digits).utf8))
            }
        }
    }

    @Test(arguments: 0..<12)
    func `documents that share tables come back equal`(seed: UInt64) throws {
        var generator = SplitMix(seed &* 104_729 &+ 3)
        var shelf = Shelf()
        for _ in 0..<40 {
            let text = Self.document(&generator, depth: generator.below(6))
            let tape = try JSONTape(text: text)
            let stored = try shelf.store(autoRows(tape))
            let rebuilt = try JSONTape(DocumentRebuilder(stored).document())
            #expect(Fingerprint(of: rebuilt.root) == Fingerprint(of: tape.root), "\(text)")
        }
    }
}
