import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetEngine
import FreshetRuntime
import Logging

/// The command `freshet worker`.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Refresh without answering reads: as a service, or once for a scheduler.",
        discussion: """
            Without --once it is `freshet serve --role worker`. With --once it refreshes what is due, prints a JSON object \
            {"processed_requests":…,"errors":[…],"runtime_seconds":…} and ends with 0, also when the time is over before the queue \
            is empty: the next run goes on.
            """)

    @OptionGroup var options: ConfigOptions
    @Flag(help: "End when nothing is due any more.")
    var once = false
    @Option(help: ArgumentHelp("End after so long at the latest, as ISO 8601 or such as 5m.", valueName: "duration"))
    var maxRuntime: String?
    @Option(help: ArgumentHelp("Where a service answers probes.", valueName: "host:port"))
    var listen: ListenOption?

    func validate() throws {
        if maxRuntime != nil, !once { throw ValidationError("--max-runtime goes with --once") }
        _ = try limit
    }

    private var limit: Duration {
        get throws {
            guard let maxRuntime else { return .seconds(300) }
            guard let period = try? Period(parsing: maxRuntime), period.approximate > .zero else {
                throw ValidationError("\(maxRuntime) is not a duration; write PT5M or 5m")
            }
            return period.approximate
        }
    }

    func run() async throws {
        Heap.limitArenas()
        let loaded = try options.load(quiet: once)
        guard once else {
            guard case .postgres = loaded.configuration.store else {
                throw Exit.fail(
                    "a worker beside others needs a store that several processes share; write store: postgres://…, or "
                        + "run `freshet serve`, or `freshet worker --once` while nothing else runs", Exit.configuration)
            }
            return try await Serve.run(loaded, role: .worker, listen: listen) { url in
                standardError("freshet \(Version.text) works, and answers probes on \(url)")
            }
        }
        let limit = try limit
        let (logger, problem) = LogSetup.logger(loaded.configuration.logs)
        if let problem { logger.warning("\(problem)") }
        do {
            let runtime = try await Runtime.open(loaded.configuration, logger: logger, role: .worker)
            let (report, took) = try await runtime.workOnce(limit: limit)
            printJSON(Worker.json(report, took: took))
        } catch let error as RuntimeError {
            throw Exit.fail("\(error)", ExitCode(error.exitCode))
        }
    }

    private static func json(_ report: WorkReport, took: Duration) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("processed_requests")
        writer.int(report.processed)
        writer.key("errors")
        writer.beginArray()
        for error in report.errors { writer.string(error) }
        writer.endArray()
        writer.key("runtime_seconds")
        writer.double(Double(took.microseconds / 1000) / 1000)
        writer.endObject()
        return writer.bytes
    }
}
