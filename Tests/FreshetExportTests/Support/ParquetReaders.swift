import Foundation
import FreshetCore
import FreshetExport
import Testing

/// pyarrow and DuckDB, where a Python has them: `FRESHET_PYTHON`, the private one of `scripts/bootstrap --test`, or `python3`.
enum ParquetReaders {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let python: String? = {
        let given = ProcessInfo.processInfo.environment["FRESHET_PYTHON"]
        let own = root.appending(path: ".build/python/bin/python3").path
        return [given, own, "python3"].compactMap { $0 }.first { run($0, ["-c", "import pyarrow, duckdb"]).code == 0 }
    }()

    /// Compares a Parquet file of these rows with the rows, in both readers.
    ///
    /// - Returns: What was compared.
    static func check(
        _ rows: [[TableValue]], _ plan: ParquetPlan, types: [String], groupRows: Int = 65_536
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let sink = MemorySink()
        var writer = try ParquetWriter(columns: plan.columns, sink: sink, groupRows: groupRows)
        try writer.write(rows)
        try writer.finish()
        let encoder = JSONRows(columns: plan.columns.map(\.name))
        var lines: [UInt8] = []
        for row in rows {
            encoder.appendObject(row, to: &lines)
            lines.append(10)
        }
        let (file, source) = (folder.appending(path: "t.parquet"), folder.appending(path: "t.ndjson"))
        try Data(sink.bytes).write(to: file)
        try Data(lines).write(to: source)
        let arguments = zip(plan.columns, types).map { "\($0.name)=\($1)" }
        let result = run(
            try #require(python),
            [root.appending(path: "Benchmarks/parquet_check.py").path, file.path, source.path] + arguments)
        guard result.code == 0 else { throw Difference(description: result.text) }
        return result.text
    }

    struct Difference: Error, CustomStringConvertible {
        var description: String
    }

    private static func run(_ program: String, _ arguments: [String]) -> (code: Int32, text: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        (process.standardOutput, process.standardError) = (pipe, pipe)
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return (127, "") }
        let output = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
