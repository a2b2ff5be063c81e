import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetExport
import Glibc

/// The command `freshet query`.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Ask the tables in SQL; nothing can be changed.",
        discussion: """
            One statement of SQLite's SQL, over tables and views. On a terminal the answer is an aligned table, otherwise CSV; \
            --format chooses.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, csv, ndjson
    }

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The statement; read from standard input when it is -.")
    var sql: String
    @Option(help: "table, json, csv or ndjson.")
    var format: Format?
    @Option(help: "At most so many rows, up to 100000.")
    var limit = 10_000
    @Option(help: "How long it may take, up to PT60S.")
    var timeout = "PT10S"

    func validate() throws {
        if !(1...100_000).contains(limit) { throw ValidationError("--limit must be 1 to 100000") }
        if output.json, format != nil, format != .json { throw ValidationError("choose --json or --format, not both") }
    }

    func run() async throws {
        guard let time = (try? Period(parsing: timeout))?.exact, time > .zero, time <= .seconds(60) else {
            throw Exit.fail("--timeout \"\(timeout)\" is not a duration up to PT60S: write PT30S or 30s", Exit.usage)
        }
        let format = output.json ? .json : format ?? (isatty(STDOUT_FILENO) == 1 ? .table : .csv)
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("sql", try statement())
        writer.field("limit", limit)
        writer.field("timeout", time.inSeconds)
        writer.endObject()
        let (body, path) = (writer.bytes, "/v1/query?format=\(format == .table ? "json" : format.rawValue)")
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.rows(.post, path, json: body)
        }
        if answer.isTruncated {
            standardError("only the first \(answer.rows) rows: raise --limit (now \(limit)) for more")
        }
        if format == .table {
            print(QueryCommand.table(try Control.Answer(status: 200, body: answer.body).json()))
        } else {
            var sink = FileSink(descriptor: STDOUT_FILENO)
            do {
                try sink.write(answer.body)
            } catch {
                throw Exit.fail("\(error)", Exit.cannotWrite)
            }
        }
    }

    private func statement() throws -> String {
        guard sql == "-" else { return sql }
        var text = ""
        while let line = readLine(strippingNewline: false) { text += line }
        return text
    }

    /// Rows as aligned columns; numbers to the right.
    private static func table(_ answer: JSONValue) -> String {
        let names = answer["columns"].list.map { $0["name"]?.string ?? "" }
        let rows = answer["rows"].list.map { Array($0.elements) }
        let isNumber = names.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].isNull || $0[column].numberText != nil }
        }
        let cells = [names.map { visible($0) }] + rows.map { $0.map { cell($0) } }
        let widths = names.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let padded = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumber[column] ? space + row[column] : row[column] + space
            }
            return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private static func cell(_ value: JSONValue) -> String {
        if value.isNull { return "NULL" }
        return visible(value.string ?? value.rawText)
    }

    /// Text that cannot break the table, nor give the terminal orders.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || (127...159).contains($0.value) }) else {
            return text
        }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 32 || (127...159).contains(scalar.value):
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
