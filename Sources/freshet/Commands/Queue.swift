import ArgumentParser
import FreshetDocument

/// The command `freshet queue`.
struct Queue: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, retry and drop refreshes.",
        subcommands: [QueueList.self, QueueRetry.self, QueueDrop.self], defaultSubcommand: QueueList.self)
}

/// The command `freshet queue ls`.
struct QueueList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List jobs in a state.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "ready, waiting, leased, dead or done; every unfinished state when left out.")
    var state: String?
    @Option(help: "Only this source.")
    var source: String?
    @Option(help: "At most so many of each state.")
    var limit = 50

    func validate() throws {
        if let state, !["ready", "waiting", "leased", "dead", "done"].contains(state) {
            throw ValidationError("\"\(state)\" is not a state: use ready, waiting, leased, dead or done")
        }
    }

    func run() async throws {
        let query = "limit=\(limit)" + (state.map { "&state=\($0)" } ?? "") + (source.map { "&source=\($0)" } ?? "")
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/queue?\(query)").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        var table = Table(["JOB", "STATE", "PRIORITY", "DOCUMENT", "TRIES", "NOT BEFORE", "CAUSE", "LAST ERROR"])
        for job in try Control.Answer(status: 200, body: body).json()["jobs"].list {
            table.add([
                job.text("id"), job.text("state"), job.text("priority"), job.text("document"), job.text("attempts"),
                job.text("not_before"), job.text("cause"), job["last_error"]?.text("message") ?? "-",
            ])
        }
        print(table.isEmpty ? "the queue is empty" : table.text)
    }
}

/// Which dead letters a command is for.
struct JobSelection: ParsableArguments {
    @Argument(help: "Job numbers, as `queue ls` shows them.")
    var ids: [Int64] = []
    @Flag(help: "Every dead letter.")
    var all = false

    func validate() throws {
        if ids.isEmpty != all { throw ValidationError("name jobs, or say --all") }
    }

    var body: [UInt8] {
        all ? Array(#"{"all":true}"#.utf8) : Array("{\"ids\":[\(ids.map(String.init).joined(separator: ","))]}".utf8)
    }
}

/// The command `freshet queue retry`.
struct QueueRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "retry", abstract: "Run dead letters again.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var jobs: JobSelection
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let payload = jobs.body
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/queue/retry", json: payload).expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        print("\(try Control.Answer(status: 200, body: body).json().text("count")) job(s) will run again")
    }
}

/// The command `freshet queue drop`.
struct QueueDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Remove dead letters, or unfinished jobs by number.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var jobs: JobSelection
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let payload = jobs.body
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/queue/drop", json: payload).expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        print("\(try Control.Answer(status: 200, body: body).json().text("count")) job(s) dropped")
    }
}
