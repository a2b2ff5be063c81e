import ArgumentParser
import FreshetCore
import FreshetDocument
import Glibc

/// The command `freshet queue backup`.
struct QueueBackup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write every unfinished and dead job to a file.",
        discussion: """
            JSON lines: a head that counts them, then one job a line with its priority, tries and times. The file takes the place \
            of an older one only when it is complete.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Where to; - is standard output.")
    var file: String

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/queue/backup", limit: 1 << 30).expectSuccess().body
        }
        guard file != "-" else {
            guard WholeFile.write(body, to: STDOUT_FILENO) else {
                throw Exit.fail("standard output cannot be written", Exit.cannotWrite)
            }
            return
        }
        if let problem = WholeFile.replace(file, with: body) {
            throw Exit.fail("\(file) cannot be written (\(problem)); an older file is as it was", Exit.cannotCreate)
        }
        let jobs = body.count { $0 == UInt8(ascii: "\n") } - 1
        guard !output.json else { return printJSON(result(jobs)) }
        print("\(jobs) job(s) written to \(file)")
    }

    private func result(_ jobs: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("file")
        writer.string(file)
        writer.key("jobs")
        writer.int(jobs)
        writer.endObject()
        return writer.bytes
    }
}

/// The command `freshet queue restore`.
struct QueueRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Merge a backup into the queue.",
        discussion: """
            The whole file is checked first; one bad line and nothing is restored. A document that has a job keeps it: its priority \
            can rise, its tries stay.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "A file of `queue backup`; - is standard input.")
    var file: String

    func run() async throws {
        guard let lines = WholeFile.read(file) else {
            throw Exit.fail("\(file) cannot be read; freshet queue backup writes such a file", Exit.badData)
        }
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/queue/restore", lines: lines).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        let result = try answer.json()
        print(
            "\(result.text("added")) job(s) added, \(result.text("raised")) made more urgent, \(result.text("kept")) as they were"
        )
    }
}
