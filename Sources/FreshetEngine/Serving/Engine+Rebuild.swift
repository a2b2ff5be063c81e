public import FreshetCore
import FreshetDocument

extension Engine {
    /// Makes a document again out of the rows of its automatic tables: what is in the rows is the whole document.
    ///
    /// - Returns: JSON without white space; `nil` when the dataset has no automatic table, or the document no rows in it.
    /// - Throws: ``StoreError``; `.refused` when rows are missing or do not fit their shapes.
    public func rebuild(_ id: DocumentID) async throws(StoreError) -> [UInt8]? {
        guard let spec = configuration.dataset(id.dataset)?.tables?.specs.first(where: { $0.rows == .auto }),
            let store = store as? any TableStore
        else { return nil }
        var tables: [StoredTable] = []
        for table in try await store.tables()
        where table.schema.dataset == "\(id.dataset)" && table.schema.root == spec.name {
            tables.append(try await read(table.schema, of: id, from: store))
        }
        guard let root = tables.first(where: { $0.path.count == 1 }), !root.rows.isEmpty else { return nil }
        do {
            return try DocumentRebuilder(tables).document()
        } catch {
            throw .refused("the document cannot be made again from its rows: \(error)")
        }
    }

    private func read(
        _ schema: TableSchema, of id: DocumentID, from store: any TableStore
    ) async throws(StoreError) -> StoredTable {
        let paths = schema.columns.map { column in
            column.variantOf.flatMap { name in schema.column(name)?.path } ?? column.path
        }
        var table = StoredTable(path: schema.path, columns: paths)
        var query = TableQuery(table: schema.name)
        query.filters = [TableQuery.Filter(column: "_key", relation: .equal, values: [id.key])]
        query.columns = schema.columns.map(\.name) + ["_shape"]
        query.limit = 10_000
        repeat {
            let page = try await store.rows(query)
            for row in page.rows {
                table.rows.append(row.dropLast().map(StoredTable.Value.init))
                if case .json(let shape)? = row.last { table.shapes.append(Array(shape.utf8)) }
            }
            query.cursor = page.cursor
        } while query.cursor != nil
        return table
    }
}

extension StoredTable.Value {
    /// A value as a store gives it.
    fileprivate init(_ value: TableValue) {
        switch value {
        case .null: self = .null
        case .integer(let number), .date(let number): self = .integer(number)
        case .boolean(let isTrue): self = .integer(isTrue ? 1 : 0)
        case .float(let number): self = .float(number)
        case .decimal(let text), .text(let text), .json(let text): self = .text(Array(text.utf8))
        case .timestamp(let seconds, let nanoseconds):
            self = .text(Array(TimeText.print(seconds: seconds, nanoseconds: nanoseconds, digits: 9).utf8))
        }
    }
}
