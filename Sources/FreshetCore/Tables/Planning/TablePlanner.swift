/// Decides how the rows of one document enter a table: names and types of columns, what fits, what is refused, and how the
/// schema changes for it.
///
/// Pure: what it knows of the store stands in its ``Context``. The same rows against the same schema give the same plan.
public enum TablePlanner {
    /// What the store knows of the table.
    public struct Context: Sendable {
        /// The dataset, as `source.name`.
        public var dataset: String
        /// The specification.
        public var rules: SpecRules
        /// The present schema; `nil` when there is no table.
        public var current: TableLayout?
        /// Whether the table has taken rows before: only then do contracts speak of new columns and types.
        public var hasTakenRows: Bool
        /// Whether the declared table that this one belongs to has taken rows before.
        public var hasRootTakenRows: Bool
        /// The declared table above a child table, as this document's plan leaves it.
        public var root: RootRows?
        /// Whether the specification is to be compared with the schema: not needed again until it changes.
        public var comparesDeclaration: Bool

        /// Creates a context.
        public init(
            dataset: String, rules: SpecRules, current: TableLayout? = nil, hasTakenRows: Bool = false,
            hasRootTakenRows: Bool = false, root: RootRows? = nil, comparesDeclaration: Bool = true
        ) {
            self.dataset = dataset
            self.rules = rules
            self.current = current
            self.hasTakenRows = hasTakenRows
            self.hasRootTakenRows = hasRootTakenRows
            self.root = root
            self.comparesDeclaration = comparesDeclaration
        }
    }

    /// More columns than this would come close to what SQLite can hold in one table.
    public static let columnLimit = 1_900

    /// Plans the rows of one table.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - document: The bytes that their cells point into.
    ///   - context: What the store knows.
    ///   - isTaken: Whether a name, in lower case, belongs to another table or a view.
    /// - Returns: What is to be done.
    public static func plan(
        _ rows: TableRows, in document: DocumentRows, context: Context, isTaken: (String) -> Bool
    ) -> TablePlan {
        let isChild = rows.path.count > 1
        var effect = TableEffect(table: context.current?.schema.name ?? rows.name)
        effect.rows = rows.count
        effect.schemaVersion = context.current?.schema.version ?? 0
        var name = rows.name
        if context.current == nil {
            if rows.count == 0 { return .skip(effect, []) }
            if isChild, context.hasRootTakenRows, let plan = meetNewTable(rows, document, context, effect) {
                return plan
            }
            name = isChild ? ColumnNames.free(rows.name) { isTaken($0.lowercased()) } : rows.name
            if isTaken(name.lowercased()) { return .stop(Self.nameTaken(name)) }
            effect.table = name
        }
        return document.document.withUnsafeBufferPointer { bytes in
            document.scratch.withUnsafeBufferPointer { scratch in
                let reader = CellReader(document: bytes, scratch: scratch)
                var planning = RowPlanning(
                    rows: rows, document: document, reader: reader, context: context, name: name, effect: effect)
                do throws(TableStop) {
                    let fitted = try planning.run()
                    // No row has what is to identify it, so there is nothing that a table could be made of.
                    let lacksKey = fitted.schema.key.contains { fitted.schema.column($0) == nil }
                    return lacksKey ? .skip(fitted.effect, fitted.rejects) : .apply(fitted)
                } catch {
                    return .stop(error)
                }
            }
        }
    }

    /// What a contract says of a child table that is new; `nil` when it may be made.
    private static func meetNewTable(
        _ rows: TableRows, _ document: DocumentRows, _ context: Context, _ effect: TableEffect
    ) -> TablePlan? {
        var effect = effect
        switch context.rules.spec.contract.tables {
        case .evolve: return nil
        case .freeze:
            return .stop(
                .frozen(
                    context.dataset, table: rows.name, what: "the new child table \(rows.name)", key: "tables"))
        case .discardValue:
            effect.discarded = rows.cells.count { $0.kind != .null }
            return .skip(effect, [])
        case .discardRow:
            effect.rejected = rows.count
            let rejects = document.document.withUnsafeBufferPointer { bytes in
                document.scratch.withUnsafeBufferPointer { scratch in
                    let reader = CellReader(document: bytes, scratch: scratch)
                    return (0..<rows.count).map { index in
                        RowReject(
                            index: index, reason: "new-table", column: nil,
                            row: RowJSON.object(rows, index, reader))
                    }
                }
            }
            return .skip(effect, rejects)
        }
    }

    static func nameTaken(_ name: String) -> TableStop {
        TableStop(
            kind: "name-taken", table: name,
            message:
                "the name \(name) belongs to another table or view, or is reserved; rows are not written, the documents "
                + "are; give the table another name under tables:")
    }
}

extension TableStop {
    static func frozen(_ dataset: String, table: String, what: String, key: String) -> TableStop {
        TableStop(
            kind: "frozen", table: table,
            message:
                "\(what) does not fit the frozen schema of \(table); documents go on being stored and the rows stay as "
                + "they were; look with `freshet schema diff \(table)`, then change `schema_contract: { \(key): … }` and "
                + "run `freshet replay \(dataset)`")
    }

    static func incompatible(_ dataset: String, table: String, what: String) -> TableStop {
        TableStop(
            kind: "incompatible", table: table,
            message:
                "\(what); documents go on being stored and the rows stay as they were; undo the change, or build the "
                + "tables anew from the stored documents with `freshet replay \(dataset) --rebuild`")
    }

    static func tooManyColumns(table: String, count: Int) -> TableStop {
        TableStop(
            kind: "too-many-columns", table: table,
            message:
                "\(table) would have \(count) columns, more than \(TablePlanner.columnLimit); an object whose member "
                + "names are data is a map: declare its members as rows (rows: \"$.….*\" with map_key), or exclude it")
    }
}
