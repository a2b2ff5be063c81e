import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet queue`.
struct Queue: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, retry, drop, back up, restore and move refreshes.",
        subcommands: [
            QueueList.self, QueueRetry.self, QueueDrop.self, QueueBackup.self, QueueRestore.self, QueueMigrate.self,
        ],
        defaultSubcommand: QueueList.self)
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
        let states = state.map { [$0] } ?? ["leased", "ready", "waiting", "dead"]
        let query = "limit=\(limit)" + (source.map { "&source=\(PercentEncoding.encode($0))" } ?? "")
        let bodies = try await Control.with(try options.load(quiet: true)) { control in
            var bodies: [[UInt8]] = []
            for state in states {
                bodies.append(try await control.call(.get, "/admin/queue?state=\(state)&\(query)").expectSuccess().body)
            }
            return bodies
        }
        let jobs = try bodies.flatMap { try Control.Answer(status: 200, body: $0).json()["jobs"].list }
        guard !output.json else { return printJobs(jobs) }
        var table = Table(["JOB", "STATE", "PRIORITY", "DOCUMENT", "TRIES", "NOT BEFORE", "CAUSE", "LAST ERROR"])
        for job in jobs {
            table.add([
                job.text("job"), job.text("state"), job.text("priority"),
                "\(job.text("source")).\(job.text("dataset"))/\(job.text("key"))", job.text("attempts"),
                job.text("not_before"), job.text("cause"), job["last_error"]?.text("message") ?? "-",
            ])
        }
        print(table.isEmpty ? "there are no such jobs" : table.text)
    }

    private func printJobs(_ jobs: [JSONValue]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("jobs")
        writer.beginArray()
        for job in jobs { writer.value(job) }
        writer.endArray()
        writer.endObject()
        printJSON(writer.bytes)
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
        all ? Array(#"{"all":true}"#.utf8) : Array("{\"jobs\":[\(ids.map(String.init).joined(separator: ","))]}".utf8)
    }
}

extension JobSelection {
    /// Sends the selection to `/admin/queue/<verb>`, and prints how many jobs it was done to.
    func send(_ verb: String, count: String, told: String, _ options: ConfigOptions, _ output: OutputOptions)
        async throws
    {
        let payload = body
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/queue/\(verb)", json: payload).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        print("\(try answer.json().text(count)) job(s) \(told)")
    }
}

/// The command `freshet queue retry`.
struct QueueRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "retry", abstract: "Run dead letters again.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var jobs: JobSelection
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await jobs.send("retry", count: "retried", told: "will run again", options, output)
    }
}

/// The command `freshet queue drop`.
struct QueueDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Remove dead letters, or unfinished jobs by number.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var jobs: JobSelection
    @OptionGroup var output: OutputOptions

    func run() async throws { try await jobs.send("drop", count: "dropped", told: "dropped", options, output) }
}
