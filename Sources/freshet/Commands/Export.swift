import ArgumentParser
import FreshetCore
import FreshetDocument
import Glibc

/// The command `freshet export`.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the rows of a table as CSV, NDJSON or Parquet.",
        discussion: """
            Rows come page by page, so the table may be larger than memory; the output file appears when it is complete. Filters are \
            those of GET /v1/tables: --where points__gte=100 --where tag__in=A,B.

            Parquet: decimals become DECIMAL(38, the scale they need) and moments TIMESTAMP in UTC; a column with a value that \
            fits no such type becomes text, which is said on standard error.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv, ndjson, parquet
    }

    @OptionGroup var options: ConfigOptions
    @OptionGroup var summary: OutputOptions
    @Argument(help: "The table; `freshet schema show` lists them.")
    var table: String
    @Option(help: "csv, ndjson or parquet.")
    var format: Format
    @Option(name: .shortAndLong, help: ArgumentHelp("The file; standard output when left out.", valueName: "file"))
    var output: String?
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "A condition: column=value or column__op=value, op one of eq, ne, lt, lte, gt, gte, in, like, null; repeatable.",
            valueName: "condition"))
    var conditions: [String] = []
    @Option(help: "The columns wanted, separated by commas.")
    var columns: String?
    // Unconditional, because a descending column begins like an option.
    @Option(parsing: .unconditional, help: "Columns to sort by, separated by commas; - before one for descending.")
    var sort: String?
    @Option(help: "The rows as they stood then (RFC 3339); needs the table's history.")
    var asOf: String?
    @Flag(help: "Also rows marked deleted.")
    var deleted = false
    @Option(help: "At most so many rows.")
    var limit: Int?

    func validate() throws {
        for condition in conditions where !condition.contains("=") {
            throw ValidationError("--where \"\(condition)\" is not a condition: write column=value or column__gt=value")
        }
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
        if let asOf, Timestamp(rfc3339: asOf) == nil {
            throw ValidationError("--as-of \"\(asOf)\" is not a time: write 2026-01-31T12:00:00Z or 2026-01-31")
        }
        if summary.json, output == nil {
            throw ValidationError("--json prints a summary, so the rows need --output FILE")
        }
    }

    func run() async throws {
        if format == .parquet, output == nil, isatty(STDOUT_FILENO) == 1 {
            throw Exit.fail("Parquet is not for terminals: use --output FILE or a pipe", Exit.usage)
        }
        let question = ExportQuestion(
            table: table,
            filters: conditions.map { condition in
                let parts = condition.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }, columns: columns?.split(separator: ",").map(String.init), sort: sort, asOf: asOf,
            includesDeleted: deleted, limit: limit)
        let job = ExportJob(question: question, format: format, path: output)
        let result = try await Control.with(try options.load(quiet: true)) { try await job.run($0) }
        for column in result.textColumns {
            standardError("note: \(column) holds a value that fits no narrower type; the file has it as text")
        }
        guard let output else { return }
        if summary.json { return print(json(result, output)) }
        let milliseconds = Int((result.seconds * 1000).rounded())
        standardError(
            "\(table): \(result.rows) rows, \(ExportProgress.size(result.bytes)), \(milliseconds) ms, in \(output)")
    }

    private func json(_ result: ExportJob.Result, _ path: String) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("table", table)
        writer.field("format", format.rawValue)
        writer.field("output", path)
        writer.field("rows", result.rows)
        writer.field("bytes", result.bytes)
        writer.field("seconds", result.seconds)
        writer.key("text_columns")
        writer.beginArray()
        for column in result.textColumns { writer.string(column) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}
