import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime
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
    @Argument(
        help: "Where to; - is standard output. Left out: a new file in queue.backup_dir, and old ones are removed.")
    var file: String?

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let body = try await Control.with(loaded) { control in
            try await control.call(.get, "/admin/queue/backup", limit: 1 << 30).expectSuccess().body
        }
        guard let file else { return try report(body, in: try folder(of: loaded.configuration)) }
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
        guard !output.json else { return printJSON(result(jobs, file)) }
        print("\(jobs) job(s) written to \(file)")
    }

    private func report(_ body: [UInt8], in backups: QueueBackups) throws {
        let path: String
        do {
            path = try backups.write(String(decoding: body, as: UTF8.self))
        } catch {
            throw Exit.fail("\(error)", Exit.cannotCreate)
        }
        _ = backups.removeOld()
        let jobs = body.count { $0 == UInt8(ascii: "\n") } - 1
        guard !output.json else { return printJSON(result(jobs, path)) }
        print("\(jobs) job(s) written to \(path)")
    }

    private func result(_ jobs: Int, _ file: String) -> [UInt8] {
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
    @Argument(help: "A file of `queue backup`; - is standard input. Left out: the newest in queue.backup_dir.")
    var file: String?

    func run() async throws {
        let loaded = try options.load(quiet: true)
        guard let file = try file ?? folder(of: loaded.configuration).all().last?.path else {
            throw Exit.fail("there is no backup in queue.backup_dir yet", Exit.badData)
        }
        guard let lines = WholeFile.read(file) else {
            throw Exit.fail("\(file) cannot be read; freshet queue backup writes such a file", Exit.badData)
        }
        let answer = try await Control.with(loaded) { control in
            try await control.call(.post, "/admin/queue/restore", lines: lines).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        let result = try answer.json()
        print(
            "\(result.text("added")) job(s) added, \(result.text("raised")) made more urgent, \(result.text("kept")) as they were"
        )
    }
}

/// The folder of backups that the configuration names.
private func folder(of configuration: Configuration) throws -> QueueBackups {
    guard let directory = configuration.queue.backupDirectory else {
        throw Exit.fail("name a file, or set queue.backup_dir", Exit.usage)
    }
    return QueueBackups(directory: directory, configuration: configuration.queue)
}
