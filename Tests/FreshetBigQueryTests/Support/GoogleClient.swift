import Foundation

/// Google's Python client, where this machine has it.
enum GoogleClient {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "google_client_check.py")

    /// A Python that can import the client: `FRESHET_PYTHON`, `.build/python/bin/python3`, or `python3`.
    static let python: String? = {
        var candidates = [root.appending(path: ".build/python/bin/python3").path, "/usr/bin/env"]
        if let named = ProcessInfo.processInfo.environment["FRESHET_PYTHON"] { candidates.insert(named, at: 0) }
        return candidates.first { path in
            FileManager.default.isExecutableFile(atPath: path)
                && (try? run(path, ["-c", "import google.cloud.bigquery"]).status) == 0
        }
    }()

    /// Runs the script; blocks, so only from a detached thread.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        try run(python ?? "/usr/bin/env", [script.path] + arguments)
    }

    private static func run(_ python: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = python.hasSuffix("/env") ? ["python3"] + arguments : arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
