import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet schema show`.
struct SchemaShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the tables, or the columns, indexes and versions of one.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The table; all tables when left out.")
    var table: String?

    func run() async throws {
        let path = table.map { "/v1/tables/\(PercentEncoding.encode($0))/schema" } ?? "/v1/tables"
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, path).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        let root = try answer.json()
        print(table == nil ? SchemaShow.list(root) : SchemaShow.description(root))
    }

    // MARK: All tables

    private static func list(_ root: JSONValue) -> String {
        let tables = root["tables"].list
        guard !tables.isEmpty else {
            return "no tables yet: a dataset with `tables:` makes them with its first document"
        }
        var text = Table(["TABLE", "DATASET", "ROWS", "DELETED", "REJECTED", "COLUMNS", "VERSION", "KIND", "WRITTEN"])
        for table in tables {
            text.add([
                table.text("table"), table.text("dataset"), table.text("rows"), table.text("deleted"),
                table.text("rejected"), "\(table["columns"]?.count ?? 0)", table.text("schema_version"),
                table.text("disposition"), table.text("written_at"),
            ])
        }
        return ([text.text] + stops(tables)).joined(separator: "\n")
    }

    private static func stops(_ tables: [JSONValue]) -> [String] {
        tables.compactMap { table in
            guard let stop = table["stopped"], !stop.isNull else { return nil }
            return "stopped: \(table.text("table")) takes no rows: \(stop.text("message"))"
        }
    }

    // MARK: One table

    private static func description(_ schema: JSONValue) -> String {
        let key = schema["key"].list.compactMap(\.string)
        var lines = [
            "\(schema.text("table")): \(schema.text("rows")) rows, \(schema.text("deleted")) marked deleted, "
                + "\(schema.text("rejected")) rejected, last written \(schema.text("written_at"))",
            "dataset \(schema.text("dataset")), \(schema.text("disposition")), key "
                + (key.isEmpty ? "none" : key.joined(separator: ", ")) + ", schema version \(schema.text("version"))"
                + (schema["keeps_history"]?.bool == true ? ", rows keep their history" : ""),
        ]
        lines += stops([schema]) + ["", columns(schema), ""] + indexes(schema) + [""]
        return (lines + [versions(schema)]).joined(separator: "\n")
    }

    private static func columns(_ schema: JSONValue) -> String {
        var table = Table(["COLUMN", "TYPE", "FROM", "NOTES"])
        for column in schema["columns"].list {
            var notes: [String] = []
            if column["declared"]?.bool == true { notes.append("declared") }
            if column["required"]?.bool == true { notes.append("required") }
            if let format = column["format"]?.string { notes.append(format) }
            if let size = column["precision"], !size.isNull {
                notes.append("\(size.text("digits")) digits, \(size.text("scale")) behind the point")
            }
            if let other = column["variant_of"]?.string { notes.append("what does not fit \(other)") }
            if column["indexed"]?.bool == true { notes.append("indexed") }
            let path = column["path"].list.compactMap(\.string).joined(separator: ".")
            table.add([column.text("name"), column.text("type"), path, notes.joined(separator: ", ")])
        }
        return table.text
    }

    private static func indexes(_ schema: JSONValue) -> [String] {
        let indexes = schema["indexes"].list.map { index in
            "(\(Array(index.elements).compactMap(\.string).joined(separator: ", ")))"
        }
        let scans = schema["columns"].list.filter { $0["indexed"]?.bool == false }.map { $0.text("name") }
        var lines = ["indexes: " + (indexes.isEmpty ? "none" : indexes.joined(separator: " "))]
        if !scans.isEmpty {
            lines.append("no index: \(scans.joined(separator: ", ")) (a filter on these alone reads the whole table)")
        }
        return lines
    }

    private static func versions(_ schema: JSONValue) -> String {
        var table = Table(["VERSION", "SINCE", "CAUSE", "CHANGES"])
        for version in schema["versions"].list {
            let changes = version["changes"].list.map { change($0) }
            table.add([
                version.text("version"), version.text("at"), version.text("cause"), changes.joined(separator: ", "),
            ])
        }
        return table.text
    }

    private static func change(_ change: JSONValue) -> String {
        switch change["change"]?.string {
        case "added-column": "+ \(change.text("column"))"
        case "widened-column": "\(change.text("column")): \(change.text("from")) to \(change.text("to"))"
        case "declared": change.text("detail")
        case "rolled-back": "back to version \(change.text("to"))"
        default: change.text("change")
        }
    }
}
