import FreshetCore

/// A table as the file has it.
struct TableDraft: Sendable {
    var spec = TableSpec(name: "", rows: .path("$"))
    var rows = "$"
    var parent: [Named<String>] = []
    var columns: [Named<ColumnSpec>] = []
    var disposition: WriteDisposition?
    var checks: [Located<String>] = []
    var history = RowHistory.none
    var place = Place()

    init() {}

    init(showing spec: TableSpec) {
        self.spec = spec
        if case .path(let path) = spec.rows { rows = path } else { rows = "auto" }
        parent = spec.parent.map { Named(name: $0.name, value: $0.source) }
        columns = spec.columns.map { Named(name: $0.name, value: $0) }
        disposition = spec.disposition
        checks = spec.checks.map { Located(value: $0.text) }
        history = spec.keepsHistory ? .rows : .none
    }
}

/// Whether superseded rows are kept.
enum RowHistory: String, Sendable, CaseIterable {
    case none, rows
}

/// `tables:` of a dataset.
enum TablesTable {
    /// The tables with their names; one named `auto` stands for `tables: auto`.
    static let kind = Kind<[Named<TableDraft>]>(
        type: .either([.choice(["auto"]), .map(of: .section(section.info), named: "table", pattern: namePattern)])
    ) { node, reading in
        if node.scalar?.text == "auto" {
            var draft = TableDraft()
            draft.rows = "auto"
            draft.place = Place(mark: node.mark, path: node.path)
            return [Named(name: "", value: draft, mark: node.mark, path: node.path)]
        }
        guard node.isNull || node.map != nil else {
            reading.wrong(node, want: "auto, or a map of tables such as { clans: { rows: \"$\", primary_key: [tag] } }")
            return nil
        }
        return map.read(node, &reading)
    } show: { drafts in
        map.show(drafts)
    }

    private static let namePattern = "^[a-z_][a-z0-9_]*$"

    private static let map = Kind<[Named<TableDraft>]>.map(of: section.kind, named: "table", pattern: namePattern) {
        entry, reading in
        if let fault = TableName.fault(entry.key) {
            reading.problem(entry.mark, entry.value.path, "\"\(entry.key)\" \(fault)")
            return false
        }
        return true
    }

    static let section = Section<TableDraft>(
        "table", at: "datasets.<dataset>.tables.<table>",
        doc: "Rows made from documents. `tables: auto` makes one table and a child table for each nested array.",
        example: "{ rows: \"$.memberList[*]\", parent: { clan_tag: \"$.tag\" }, primary_key: [clan_tag, tag] }",
        defaults: TableDraft(), place: \.place, keepsPartial: true,
        keys: [
            Key(
                "rows", \.rows, .rowsPath, synonyms: ["path", "from", "select", "items"],
                "A JSONPath whose every value is a row: `$` the document, `$.items[*]` each element, `$.byId.*` each member of a "
                    + "map; `auto` takes the document apart by itself."),
            Key(
                "parent", \.parent,
                .map(of: .parentSource, named: "column", pattern: namePattern, checkName: TableName.check),
                synonyms: ["parents", "copy", "include"],
                "Columns copied into each row from around it: a JSONPath from the document, `{parameter}` of the key, or "
                    + "`{fetched_at}`."),
            Key(
                "map_key", \.spec.mapKey, .optional(.columnName), defaultWords: "`_map_key`",
                synonyms: ["key_column", "id_column"],
                "The column that takes the member's name when the rows are the members of a map."),
            Key(
                "primary_key", \.spec.primaryKey, .oneOrMore(.columnName), defaultWords: "none",
                synonyms: ["key", "id", "primary_keys", "unique"], "Columns that identify a row inside one document."),
            Key(
                "write_disposition", \.disposition, .optional(.choice("a disposition")),
                defaultWords: "`merge` with a primary key, else `append`; `replace` for `rows: auto`",
                synonyms: ["disposition", "storage_mode", "mode"],
                "What becomes of earlier rows of the same document: `append` adds to them, `replace` exchanges them in one "
                    + "transaction, `merge` updates by primary key and marks missing rows deleted."),
            Key(
                "idempotency_key", \.spec.idempotency, .idempotency, synonyms: ["idempotency", "dedupe"],
                "What tells a repeated append from a new one: the version of the document (`content`), each fetch (`fetch`), or "
                    + "a list of columns."),
            Key(
                "columns", \.columns,
                .map(of: ColumnTable.kind, named: "column", pattern: namePattern, checkName: TableName.check),
                synonyms: ["fields", "schema"], "Declared columns; all others are inferred."),
            Key(
                "exclude", \.spec.exclude, .oneOrMore(.jsonPath), defaultWords: "none", synonyms: ["ignore", "skip"],
                "JSONPaths from the row that get no column and no table."),
            Key(
                "nested", \.spec.nested, .choice("a treatment"),
                "Arrays inside rows that no other table takes: `rows` makes a child table, `json` a JSON column, `ignore` nothing."
            ),
            Key(
                "absent", \.spec.absent, .absence, defaultWords: "only null", synonyms: ["null_values", "nulls", "na"],
                "Texts and numbers that mean \"nothing\", such as `\"\"`, `\"?\"`, `0` or `\"None\"`."),
            Key(
                "schema_contract", \.spec.contract, ContractTable.kind, defaultWords: "`evolve`",
                synonyms: ["contract", "evolution"], "What may change by itself."),
            Key(
                "indexes", \.spec.indexes, .indexes, defaultWords: "none", synonyms: ["index"],
                "Indexes, each a column or a list of columns."),
            Key(
                "checks", \.checks, .list(.located(.text("condition", example: "level >= 1"))), defaultWords: "none",
                synonyms: ["check", "constraints"],
                "What each row must satisfy, such as `level >= 1` or `state in (open, closed)`; other rows are rejected."
            ),
            Key(
                "history", \.history, .choice("a history"),
                "Whether superseded rows are kept with the time they held, for `?as_of=`."),
            Key(
                "max_deletes", \.spec.maxDeletes, .percent(upTo: 100), synonyms: ["guard", "delete_guard"],
                "The share of a document's rows that one fetch may mark deleted, though always ten rows; more is held back "
                    + "until a person agrees."
            ),
            Key(
                "complete", \.spec.isComplete, .boolean, synonyms: ["is_complete"],
                "Whether one fetch shows every row there is, so that `merge` takes a missing row for a deleted one."),
            Key(
                "destinations", \.spec.destinations, .oneOrMore(.text("destination", example: "warehouse")),
                defaultWords: "none", synonyms: ["destination", "warehouse"],
                "The `destinations` that the rows are sent to."),
            Key(
                "partition_by", \.spec.partitionBy, .optional(.columnName), defaultWords: "none",
                "In a warehouse: the timestamp or date column whose days partition the table."),
            Key(
                "cluster_by", \.spec.clusterBy, .oneOrMore(.columnName), defaultWords: "none",
                "In a warehouse: at most four columns that cluster the table."),
        ])
}

/// `schema_contract:`.
enum ContractTable {
    static let section = Section<SchemaContract>(
        "schema_contract", at: "datasets.<dataset>.tables.<table>.schema_contract",
        doc:
            "What may change by itself: `evolve` makes the change and numbers it, `freeze` stops the dataset's tables, "
            + "`discard_row` rejects the row, `discard_value` leaves the value out.",
        example: "{ columns: freeze, types: discard_row }", defaults: SchemaContract(),
        keys: [
            Key("tables", \.tables, .choice("a mode"), "New child tables."),
            Key("columns", \.columns, .choice("a mode"), "New columns."),
            Key(
                "types", \.types, .choice("a mode"), synonyms: ["data_type"],
                "Values that do not fit their column; `evolve` keeps them as text in `<column>__v_text`."),
        ])

    /// One mode for all three, or the section.
    static let kind = Kind<SchemaContract>(
        type: .either([.choice(SchemaContract.Mode.allCases.map(\.rawValue)), .section(section.info)])
    ) { node, reading in
        guard node.scalar != nil else { return section.read(node, &reading) }
        guard let mode = Kind<SchemaContract.Mode>.choice("a mode").read(node, &reading) else { return nil }
        var contract = SchemaContract()
        (contract.tables, contract.columns, contract.types) = (mode, mode, mode)
        return contract
    } show: { contract in
        contract == SchemaContract() ? nil : section.show(contract)
    }
}

/// `columns:` of a table.
enum ColumnTable {
    static let section = Section<ColumnSpec>(
        "column", at: "datasets.<dataset>.tables.<table>.columns.<column>", doc: "A declared column.",
        example: "{ path: \"$.created_at\", type: timestamp, format: unix_seconds }",
        defaults: ColumnSpec(name: "", path: ""),
        keys: [
            Key(
                "path", \.path, .jsonPath, defaultWords: "`$.` and the column's name", synonyms: ["from", "source"],
                "A JSONPath from the row to the value."),
            Key("type", \.type, .optional(.choice("a type")), defaultWords: "inferred", "The type of its values."),
            Key(
                "format", \.format, .optional(.choice("a format")), defaultWords: "`iso`",
                "How moments and days are written in documents."),
            Key(
                "required", \.isRequired, .boolean, synonyms: ["not_null"],
                "Whether a row without a value is rejected; no value is ever invented."),
            Key(
                "absent", \.absent, .absence, defaultWords: "the table's",
                "Texts and numbers that mean \"nothing\" in this column, besides the table's."),
            Key(
                "precision", \.precisionText, .optional(.precision), defaultWords: "found in the data",
                "For `decimal`: all digits and those behind the point, such as `38,9`."),
        ])

    /// A JSONPath alone, or the section.
    static let kind = Kind<ColumnSpec>(
        type: .either([.text("JSONPath", pattern: "^\\$"), .section(section.info)])
    ) { node, reading in
        var column = ColumnSpec(name: "", path: "")
        if node.scalar != nil {
            guard let path = Kind<String>.jsonPath.read(node, &reading) else { return nil }
            column.path = path
        } else {
            guard let read = section.read(node, &reading) else { return nil }
            column = read
        }
        guard column.format == nil || column.type == .timestamp || column.type == .date else {
            reading.problem(node, "format belongs to type: timestamp or date; add the type, or leave format out")
            return nil
        }
        return column
    } show: { column in
        section.show(column)
    }
}
