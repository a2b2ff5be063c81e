import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetEngine
import FreshetMock
import FreshetRuntime
import Glibc

/// The command `freshet bench`.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time the road from upstream to store for some datasets, on recorded or generated input.",
        discussion: """
            Nothing of yours is touched: the upstream is the built-in mock, the data directory a temporary one, and limits are \
            taken away, for they are what a real run waits for. Each dataset is timed alone, then all of them at once.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Datasets as source.name, each with keys behind it if you like.")
    var documents: [String]
    @Option(help: "How often each document is fetched.")
    var count = 50
    @Option(help: "An app of the mock or a folder of recordings; the app of the source's name when left out.")
    var input: String?

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count must be 1 or more") }
    }

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let ids = try FetchTargets.resolve(documents, in: loaded.configuration)
        let (mocks, configuration) = try await onMocks(loaded.configuration, sources: Set(ids.map(\.dataset.source)))
        let folder = try BenchFolder()
        var copy = configuration
        copy.dataDirectory = folder.path
        let rows: [BenchResult]
        do {
            rows = try await measure(ids, copy)
        } catch let error as RuntimeError {
            throw Exit.fail("\(error)", ExitCode(error.exitCode))
        }
        for mock in mocks { await mock.shutdown() }
        folder.remove()
        show(rows)
        if let failure = rows.compactMap(\.failure).first { throw Exit.fail(failure, Exit.badData) }
    }

    // MARK: Setting up

    private func onMocks(
        _ configuration: Configuration, sources: Set<String>
    ) async throws -> (mocks: [MockUpstream], configuration: Configuration) {
        var (mocks, changed) = ([MockUpstream](), configuration)
        for index in changed.sources.indices where sources.contains(changed.sources[index].name) {
            let app: MockApps.App
            do {
                app = try MockApps.builtIn.resolve(input ?? changed.sources[index].name)
            } catch {
                throw Exit.fail("\(error) Say with --input what to answer with.", Exit.usage)
            }
            // Data that never stands still: every fetch is work for the whole road.
            let mock = MockUpstream(handler: app.make(.init(changeEvery: .milliseconds(1))))
            let bound = try await mock.start()
            mocks.append(mock)
            changed.sources[index].baseURL = bound.baseURL + app.basePath
            changed.sources[index].limits = []
        }
        return (mocks, changed)
    }

    // MARK: Measuring

    private func measure(_ ids: [DocumentID], _ configuration: Configuration) async throws -> [BenchResult] {
        var quiet = configuration.logs
        quiet.level = "critical"
        quiet.file = nil
        let runtime = try await Runtime.open(configuration, logger: LogSetup.logger(quiet).logger)
        try await runtime.engine.prepareTables()
        var results: [BenchResult] = []
        let groups = Dictionary(grouping: ids, by: \.dataset).sorted { $0.key < $1.key }
        for group in groups {
            results.append(try await measure("\(group.key)", group.value, together: 1, runtime.engine))
        }
        if ids.count > 1 {
            results.append(try await measure("all at once", ids, together: ids.count, runtime.engine))
        }
        await runtime.close()
        return results
    }

    private func measure(
        _ name: String, _ ids: [DocumentID], together: Int, _ engine: Engine
    ) async throws -> BenchResult {
        var result = BenchResult(name: name)
        let (before, began, count) = (ProcessUsage.now(), ContinuousClock.now, count)
        let reports = try await withThrowingTaskGroup(of: [FetchReport].self) { group in
            let lanes = together > 1 ? ids.map { [$0] } : [ids]
            for lane in lanes {
                group.addTask {
                    var reports: [FetchReport] = []
                    for _ in 0..<count {
                        for id in lane {
                            guard let report = try await engine.fetchNow(id, wish: FetchWish()) else { continue }
                            reports.append(report)
                        }
                    }
                    return reports
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        result.seconds = (ContinuousClock.now - began).inSeconds
        result.usage = ProcessUsage.now() - before
        for report in reports {
            result.documents += 1
            result.bytes += report.body.count
            result.rows += report.tables?.tables.reduce(0) { $0 + $1.rows } ?? 0
            result.times.append(report.took.inSeconds)
            if let failure = report.failure { result.failure = "\(name): \(failure.kind): \(failure.message)" }
            if let stop = report.tables?.stop { result.failure = "\(name): \(stop.message)" }
        }
        return result
    }

    // MARK: Showing

    private func show(_ results: [BenchResult]) {
        if output.json {
            var writer = JSONWriter()
            writer.beginArray()
            for result in results { result.write(to: &writer) }
            writer.endArray()
            return printJSON(writer.bytes)
        }
        var table = Table([
            "DATASET", "DOCUMENTS", "DOC/S", "ROWS/S", "MB/S", "FETCH P50 MS", "FETCH P99 MS", "CPU S", "PEAK MB",
            "READ MB", "WRITTEN MB",
        ])
        for result in results { table.add(result.cells) }
        print(table.text)
    }
}

/// What was measured of one run.
struct BenchResult: Sendable {
    var name: String
    var documents = 0
    var rows = 0
    var bytes = 0
    var seconds = 0.0
    var times: [Double] = []
    var usage = ProcessUsage()
    var failure: String?

    init(name: String) { self.name = name }

    private func percentile(_ share: Double) -> Double {
        let sorted = times.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    private var figures: [(name: String, value: Double)] {
        let time = max(seconds, 1e-9)
        return [
            ("documents_per_second", Double(documents) / time), ("rows_per_second", Double(rows) / time),
            ("megabytes_per_second", Double(bytes) / 1e6 / time), ("fetch_p50_ms", percentile(0.5) * 1000),
            ("fetch_p99_ms", percentile(0.99) * 1000), ("cpu_seconds", usage.cpu),
            ("peak_megabytes", Double(usage.peakBytes) / 1e6), ("read_megabytes", Double(usage.readBytes) / 1e6),
            ("written_megabytes", Double(usage.writtenBytes) / 1e6),
        ]
    }

    var cells: [String] {
        [name, "\(documents)"]
            + figures.map { figure in
                figure.value >= 100 ? "\(Int(figure.value.rounded()))" : "\((figure.value * 100).rounded() / 100)"
            }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("name", name)
        writer.key("documents")
        writer.int(documents)
        for figure in figures {
            writer.key(figure.name)
            writer.double((figure.value * 1000).rounded() / 1000)
        }
        writer.endObject()
    }
}

/// What this process has used of the machine.
struct ProcessUsage: Sendable {
    /// Seconds of processor time, user and system.
    var cpu = 0.0
    /// The most memory it ever had, in bytes.
    var peakBytes = 0
    /// Bytes read from disk.
    var readBytes = 0
    /// Bytes written to disk.
    var writtenBytes = 0

    /// The figures of this moment, from `getrusage` and `/proc/self/io`.
    static func now() -> ProcessUsage {
        var usage = ProcessUsage()
        var raw = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &raw) == 0 {
            usage.cpu =
                Double(raw.ru_utime.tv_sec + raw.ru_stime.tv_sec)
                + Double(raw.ru_utime.tv_usec + raw.ru_stime.tv_usec) / 1e6
            usage.peakBytes = raw.ru_maxrss * 1024
        }
        for line in ((try? ConfigLoader.readFromDisk("/proc/self/io")) ?? nil).map(text)?.split(separator: "\n") ?? [] {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let value = Int(parts[1]) else { continue }
            if parts[0] == "read_bytes:" { usage.readBytes = value }
            if parts[0] == "write_bytes:" { usage.writtenBytes = value }
        }
        return usage
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What was used between two moments; the peak is that of the later one.
    static func - (a: ProcessUsage, b: ProcessUsage) -> ProcessUsage {
        var usage = a
        usage.cpu -= b.cpu
        usage.readBytes -= b.readBytes
        usage.writtenBytes -= b.writtenBytes
        return usage
    }
}

/// A temporary folder.
struct BenchFolder: Sendable {
    let path: String

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/freshet-bench-XXXXXX".utf8CString)  // by mkdtemp, removed at the end
        guard mkdtemp(&template) != nil else {
            throw Exit.fail("no temporary folder can be made: \(String(cString: strerror(errno)))", Exit.cannotWrite)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes it with what the store left in it.
    func remove() {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}
