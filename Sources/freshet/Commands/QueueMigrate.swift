import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet queue migrate`.
struct QueueMigrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Copy every unfinished and dead job to another deployment's queue.",
        discussion: """
            The other configuration says where to: another store, such as PostgreSQL instead of SQLite, with or without Redis. Jobs \
            are merged as by `queue restore`: all or none, a document that has a job there keeps it. Nothing is removed here. Where \
            only Redis is added or left out nothing needs to be moved: the store holds every job, and fills the line by itself.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("The configuration file of the other deployment.", valueName: "file"))
    var to: String

    func run() async throws {
        var other = ConfigOptions()
        other.config = to
        let (source, target) = (try options.load(quiet: true), try other.load(quiet: true))
        let lines = try await Control.with(source) { control in
            try await control.call(.get, "/admin/queue/backup", limit: 1 << 30).expectSuccess().body
        }
        let answer = try await Control.with(target) { control in
            try await control.call(.post, "/admin/queue/restore", lines: lines).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        let result = try answer.json()
        print(
            "\(lines.count { $0 == UInt8(ascii: "\n") } - 1) job(s) read, \(result.text("added")) added there, "
                + "\(result.text("raised")) made more urgent, \(result.text("kept")) as they were")
    }
}
