import FreshetCore

/// Tables, schemas and rejected rows as JSON.
enum TableJSON {
    static func columns(_ columns: [ResultColumn]) -> JSONValue {
        .array(
            columns.map { column in
                .object([("name", .string(column.name)), ("type", .optional(column.type?.rawValue))])
            })
    }

    /// A line of `GET /v1/tables`.
    static func summary(_ summary: TableSummary, stop: TableStop?) -> JSONValue {
        let schema = summary.schema
        return .object(
            [("table", .string(schema.name))] + counts(summary) + [
                ("dataset", .string(schema.dataset)), ("schema_version", .number(Int64(schema.version))),
                ("disposition", .string(schema.disposition.rawValue)), ("key", names(schema.key)),
                ("columns", columns(schema.columns.map { ResultColumn(name: $0.name, type: $0.type) })),
                ("stopped", self.stop(stop)), ("path", .string("/v1/tables/\(PercentEncoding.encode(schema.name))")),
            ])
    }

    private static func counts(_ summary: TableSummary) -> [(String, JSONValue)] {
        [
            ("rows", .number(Int64(summary.rows))), ("deleted", .number(Int64(summary.deleted))),
            ("rejected", .number(Int64(summary.rejected))), ("written_at", .time(summary.writtenAt)),
        ]
    }

    private static func names(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }

    private static func stop(_ stop: TableStop?) -> JSONValue {
        guard let stop else { return .null }
        return .object([
            ("kind", .string(stop.kind)), ("table", .string(stop.table)), ("message", .string(stop.message)),
        ])
    }

    /// What `GET /v1/tables/{table}/schema` says.
    ///
    /// - Parameters:
    ///   - schema: The version asked for.
    ///   - versions: All of them, newest first.
    ///   - summary: The table's numbers and indexes, if it exists now.
    ///   - declared: The table's declaration, for what a schema does not keep.
    ///   - stop: Why its dataset takes no rows.
    /// - Returns: The object.
    static func schema(
        _ schema: TableSchema, versions: [SchemaVersion], summary: TableSummary?, declared: TableSpec?, stop: TableStop?
    ) -> JSONValue {
        let leading = Set((summary?.indexes ?? []).compactMap(\.first))
        let columns = schema.columns.map { column in
            self.column(
                column, precision: declared?.columns.first { $0.name == column.name }?.precision,
                isIndexed: leading.contains(column.name))
        }
        return .object(
            [("table", .string(schema.name))] + (summary.map { counts($0) } ?? []) + [
                ("dataset", .string(schema.dataset)), ("root", .string(schema.root)),
                ("version", .number(Int64(schema.version))), ("disposition", .string(schema.disposition.rawValue)),
                ("key", names(schema.key)), ("keeps_history", .bool(schema.keepsHistory)), ("columns", .array(columns)),
                ("provenance", names(TableSchema.provenance)),
                ("indexes", .array((summary?.indexes ?? []).map { names($0) })),
                ("withheld", .array(schema.withheld.map { names($0) })), ("stopped", self.stop(stop)),
                ("versions", .array(versions.map { version($0) })),
            ])
    }

    private static func column(
        _ column: ColumnSchema, precision: (digits: Int, scale: Int)?, isIndexed: Bool
    ) -> JSONValue {
        let size = precision.map { precision in
            JSONValue.object([
                ("digits", .number(Int64(precision.digits))), ("scale", .number(Int64(precision.scale))),
            ])
        }
        return .object([
            ("name", .string(column.name)), ("type", .string(column.type.rawValue)), ("path", names(column.path)),
            ("format", .optional(column.format?.rawValue)),
            ("digits", column.type == .timestamp ? .number(Int64(column.digits)) : .null), ("precision", size ?? .null),
            ("required", .bool(column.isRequired)), ("declared", .bool(column.isDeclared)),
            ("variant_of", .optional(column.variantOf)), ("indexed", .bool(isIndexed)),
        ])
    }

    private static func version(_ version: SchemaVersion) -> JSONValue {
        .object([
            ("version", .number(Int64(version.schema.version))), ("at", .time(version.at)),
            ("cause", .string(version.cause)), ("changes", .array(version.changes.map { change($0) })),
        ])
    }

    private static func change(_ change: SchemaChange) -> JSONValue {
        switch change {
        case .created: .object([("change", .string("created"))])
        case .addedColumn(let name): .object([("change", .string("added-column")), ("column", .string(name))])
        case .widenedColumn(let name, let from, let to):
            .object([
                ("change", .string("widened-column")), ("column", .string(name)), ("from", .string(from.rawValue)),
                ("to", .string(to.rawValue)),
            ])
        case .declared(let words): .object([("change", .string("declared")), ("detail", .string(words))])
        case .rolledBack(let version):
            .object([("change", .string("rolled-back")), ("to", .number(Int64(version)))])
        }
    }

    static func reject(_ row: RejectedRow) -> JSONValue {
        .object([
            ("table", .string(row.table)), ("at", .time(row.at)), ("reason", .string(row.reason)),
            ("column", .optional(row.column)), ("source", .string(row.document.dataset.source)),
            ("dataset", .string(row.document.dataset.name)), ("key", .string(row.document.key)),
            ("version", .number(Int64(row.version))), ("index", .number(Int64(row.index))), ("row", .raw(row.row)),
        ])
    }
}
