/// How a table that exists is brought to what it shall look like.
struct SchemaFit: Sendable {
    /// The table's columns afterwards: those that exist, as they are, and the new ones behind them.
    var fields: [WarehouseField]
    /// Columns that the table lacks.
    var added: [WarehouseField] = []
    /// Columns whose type has to take more than before.
    var widened: [WarehouseField] = []
    /// What each wanted column is in the end, by its wanted name.
    var types: [String: WarehouseType] = [:]

    /// Compares.
    ///
    /// - Parameters:
    ///   - wanted: What the rows need.
    ///   - table: The table; `nil` while there is none.
    ///   - name: Its name, for messages.
    /// - Throws: ``BigQueryError`` of scope `table` when a column exists with a type that cannot take the values.
    init(_ wanted: WarehouseSchema, table: WarehouseTable?, name: String) throws(BigQueryError) {
        guard let table else {
            fields = wanted.fields
            for field in fields { types[field.name] = field.type }
            return
        }
        fields = table.fields
        for field in wanted.fields {
            guard let existing = table.field(field.name) else {
                // BigQuery adds no required columns: rows from before have no value in them.
                let field = WarehouseField(name: field.name, type: field.type)
                added.append(field)
                fields.append(field)
                types[field.name] = field.type
                continue
            }
            if existing.type.holds(field.type) {
                types[field.name] = existing.type
            } else if field.type.holds(existing.type) {
                let wider = WarehouseField(
                    name: existing.name, type: field.type, isRequired: existing.isRequired)
                widened.append(wider)
                if let at = fields.firstIndex(where: { $0.name == existing.name }) { fields[at] = wider }
                types[field.name] = field.type
            } else {
                throw BigQueryError(
                    .table, reason: "incompatibleColumn",
                    message:
                        "column \(field.name) of \(name) is \(existing.type.sql) in BigQuery and \(field.type.sql) "
                        + "here; the rows stay queued. Rename or drop the column there, or declare its type here")
            }
        }
    }
}
