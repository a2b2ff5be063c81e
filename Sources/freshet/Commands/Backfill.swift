import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetEngine
import FreshetRuntime
import Glibc

/// The command `freshet backfill`.
struct Backfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the past of a dataset, window by window; it can be stopped and resumed.",
        discussion: """
            One parameter of the dataset runs from --from to --to: numbers (years), days or months. The other parameters take \
            the values of the documents that are held, or those of --series. Jobs run at the lowest priority within the \
            budget; documents that are there already cost no call. Progress is durable: after a crash or Ctrl-C the load goes \
            on with the server, or with --resume.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The dataset, as source.name.")
    var dataset: String
    @Option(help: "The first value, such as 2018, 2024-03 or 2024-03-01.")
    var from: String?
    @Option(help: "The last value.")
    var to: String?
    @Option(help: "What lies between two values: a number, or P1D, P1W, P1M, P1Y.")
    var step: String?
    @Option(help: "The parameter that runs; needed where there are several.")
    var by: String?
    @Option(
        parsing: .upToNextOption, help: "The other parameters' values; those of documents that are held unless given.")
    var series: [String] = []
    @Flag(help: "Fetch documents again that are there already.")
    var again = false
    @Flag(help: "Go on with a load that was stopped, and try again what was given up on.")
    var resume = false
    @Flag(help: "Stop the load that is under way.")
    var stop = false
    @Flag(help: "Return at once; the server goes on.")
    var detach = false

    func validate() throws {
        if !resume && !stop && (from == nil || to == nil) {
            throw ValidationError("--from and --to are needed, such as --from 2018 --to 2023 (or --resume, or --stop)")
        }
    }

    func run() async throws {
        let loaded = try options.load(quiet: true)
        guard let id = DatasetID(dataset), loaded.configuration.dataset(id) != nil else {
            let names = loaded.configuration.datasets.map(\.id.description).joined(separator: ", ")
            throw Exit.fail("no dataset \"\(dataset)\" is declared; there are: \(names)", Exit.usage)
        }
        let (path, body) = ("/admin/backfill/\(id.source)/\(id.name)", body(id))
        let (stops, detaches) = (stop, detach)
        let last = try await Control.with(loaded, working: true) { control in
            guard !stops else { return try await control.call(.delete, path).expectSuccess() }
            var answer = try await control.call(.post, "/admin/backfill", json: body).expectSuccess()
            var progress = Progress()
            while !detaches, try answer.json()["running"]?.bool == true {
                try await SystemClock().sleep(for: .seconds(1))
                answer = try await control.call(.get, path).expectSuccess()
                progress.show(try answer.json())
            }
            progress.end()
            return answer
        }
        let report = try last.json()
        if output.json {
            printJSON(last.body)
        } else {
            print(
                "\(report.text("done")) of \(report.text("total")) documents: \(report.text("skipped")) were there, "
                    + "\(report.text("missing")) do not exist, \(report.text("failed")) given up on")
        }
        if let failed = report["failed"]?.int64, failed > 0 {
            let keys = report["failed_keys"].list.prefix(5).compactMap { $0.string }.joined(separator: ", ")
            throw Exit.fail(
                "\(failed) documents were given up on (\(keys)\(failed > 5 ? ", ..." : "")); see freshet why, then --resume",
                Exit.unavailable)
        }
    }

    private func body(_ id: DatasetID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("source", id.source)
        writer.field("dataset", id.name)
        for (name, value) in [("from", from), ("to", to), ("step", step), ("parameter", by)] {
            if let value { writer.field(name, value) }
        }
        if !series.isEmpty {
            writer.key("series")
            writer.beginArray()
            for text in series { writer.string(text) }
            writer.endArray()
        }
        writer.field("again", again)
        writer.field("resume", resume)
        writer.endObject()
        return writer.bytes
    }

    /// One line with rate and time left, where the terminal is one.
    private struct Progress {
        private let isTerminal = isatty(STDERR_FILENO) == 1
        private let clock = SystemClock()
        private var began: (at: Duration, done: Int64)?
        private var hasShown = false

        mutating func show(_ report: JSONValue) {
            guard isTerminal, let done = report["done"]?.int64, let total = report["total"]?.int64 else { return }
            let now = clock.monotonic()
            let start = began ?? (now, done)
            began = start
            let seconds = Double((now - start.at).components.seconds)
            let rate = seconds > 0 ? Double(done - start.done) / seconds : 0
            let left = rate > 0 ? ", \(Int(Double(total - done) / rate)) s left" : ""
            put("\r\u{1B}[K\(done) of \(total) documents, \(Int(rate.rounded()))/s\(left)")
            hasShown = true
        }

        func end() { if hasShown { put("\n") } }

        private func put(_ text: String) {
            let bytes = Array(text.utf8)
            _ = write(STDERR_FILENO, bytes, bytes.count)
        }
    }
}
