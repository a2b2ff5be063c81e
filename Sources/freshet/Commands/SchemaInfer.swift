import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet schema infer`.
struct SchemaInfer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer", abstract: "Show the tables that `tables: auto` would make of JSON files; nothing is kept."
    )

    @OptionGroup var output: OutputOptions
    @Argument(help: "Files with one JSON document each.")
    var files: [String]
    @Option(help: "The name of the first table.")
    var name = "doc"
    @Flag(help: "Print the number of rows by file and table, as JSON.")
    var counts = false

    func run() throws {
        let normaliser: DocumentNormaliser
        do {
            normaliser = try DocumentNormaliser(TablesConfig(specs: [TableSpec(name: name, rows: .auto)]))
        } catch {
            throw Exit.fail("\(error)", Exit.usage)
        }
        var found: [InferredTable] = []
        var writer = JSONWriter()
        writer.beginObject()
        for file in files {
            let tables = try rows(of: file, normaliser).tables
            writer.key(file)
            writer.beginObject()
            for table in tables {
                writer.key(table.name)
                writer.int(table.count)
                InferredTable.add(table, to: &found)
            }
            writer.endObject()
        }
        writer.endObject()
        if counts { return printJSON(writer.bytes) }
        output.json ? printJSON(InferredTable.json(found)) : print(InferredTable.text(found))
    }

    private func rows(of file: String, _ normaliser: DocumentNormaliser) throws -> DocumentRows {
        guard let bytes = (try? ConfigLoader.readFromDisk(file)) ?? nil else {
            throw Exit.fail("\(file) cannot be read", Exit.badData)
        }
        do {
            let tape = try JSONTape(bytes)
            return normaliser.rows(
                of: tape, key: DocumentID.singletonKey, parameters: [:], fetchedAt: Timestamp(microseconds: 0))
        } catch {
            throw Exit.fail("\(file): \(error)", Exit.badData)
        }
    }
}

/// A table as some documents show it.
struct InferredTable {
    var name: String
    var rows = 0
    var columns: [SeenColumn] = []

    static func add(_ table: TableRows, to found: inout [InferredTable]) {
        let index = found.firstIndex { $0.name == table.name } ?? found.count
        if index == found.count { found.append(InferredTable(name: table.name)) }
        found[index].rows += table.count
        for column in table.columns {
            if let place = found[index].columns.firstIndex(where: { $0.path == column.path && $0.role == column.role })
            {
                found[index].columns[place].kinds.formUnion(column.kinds)
            } else {
                found[index].columns.append(column)
            }
        }
    }

    static func text(_ tables: [InferredTable]) -> String {
        tables.map { table in
            var columns = Table(["COLUMN", "TYPE", "NULLS"])
            for column in table.columns {
                columns.add([column.name, type(of: column.kinds), column.kinds.contains(.null) ? "yes" : "-"])
            }
            return "\(table.name): \(table.rows) rows\n" + columns.text
        }.joined(separator: "\n\n")
    }

    static func json(_ tables: [InferredTable]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for table in tables {
            writer.beginObject()
            writer.field("table", table.name)
            writer.key("rows")
            writer.int(table.rows)
            writer.key("columns")
            writer.beginArray()
            for column in table.columns {
                writer.beginObject()
                writer.field("name", column.name)
                writer.field("type", type(of: column.kinds))
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    /// The type of a column that holds these kinds; several are joined, for the misfits go to a variant column.
    private static func type(of kinds: SeenKinds) -> String {
        let names: [(SeenKinds, String)] = [
            (.integer, "integer"), (.number, "decimal"), (.boolean, "boolean"), (.timestamp, "timestamp"),
            (.date, "date"), (.text, "text"), (.json, "json"),
        ]
        var found = names.filter { kinds.contains($0.0) }.map(\.1)
        if kinds.contains([.integer, .number]) { found.removeAll { $0 == "integer" } }
        return found.isEmpty ? "null" : found.joined(separator: " | ")
    }
}
