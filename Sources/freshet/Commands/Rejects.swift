import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet rejects`.
struct Rejects: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show rows that tables refused, newest first, with the reason.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The table; all tables when left out.")
    var table: String?
    @Option(help: "At most so many rows, up to 1000.")
    var limit = 50

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit must be 1 to 1000") }
    }

    func run() async throws {
        let path = table.map { "/v1/tables/\(PercentEncoding.encode($0))/rejects" } ?? "/v1/rejects"
        let query = "?limit=\(limit)"
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, path + query).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        var text = Table(["TABLE", "AT", "REASON", "COLUMN", "DOCUMENT", "VERSION", "INDEX", "ROW"])
        for row in try answer.json()["rejects"].list {
            text.add([
                row.text("table"), row.text("at"), row.text("reason"), row.text("column"),
                "\(row.text("source")).\(row.text("dataset"))/\(row.text("key"))", row.text("version"),
                row.text("index"), QueryCommand.visible(row.text("row")),
            ])
        }
        print(text.isEmpty ? "no rejected rows" : text.text)
    }
}
