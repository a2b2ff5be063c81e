import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet schema rollback`.
struct SchemaRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Go back to an earlier version of a table's schema.",
        discussion: """
            A new version with the columns of the earlier one records it; columns that came later do not come back by themselves. \
            Without --discard it is refused when values would be lost.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The table.")
    var table: String
    @Option(help: "The version to go back to; `freshet schema show` lists them.")
    var to: Int
    @Flag(help: "Let the values of later columns be lost.")
    var discard = false

    func run() async throws {
        let path = "/admin/schema/\(PercentEncoding.encode(table))/rollback"
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("version", to)
        writer.field("discard", discard)
        writer.endObject()
        let body = writer.bytes
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, path, json: body).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        print("\(table) has the columns of version \(to) again; this is version \(try answer.json().text("version"))")
    }
}
