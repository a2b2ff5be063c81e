import Foundation
import Testing

/// The program under test.
enum FreshetBinary {
    /// `FRESHET_BINARY`, or the one built beside this test bundle.
    static var path: String {
        get throws {
            let path = ProcessInfo.processInfo.environment["FRESHET_BINARY"] ?? beside
            // Never a skip: without the program nothing here would be proven.
            try #require(
                FileManager.default.isExecutableFile(atPath: path),
                "there is no freshet at \(path); build it, or set FRESHET_BINARY")
            return path
        }
    }

    private static var beside: String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
        // The helper that runs Swift Testing stands elsewhere; the bundle is named after `--test-bundle-path`.
        if let flag = CommandLine.arguments.firstIndex(of: "--test-bundle-path"),
            CommandLine.arguments.indices.contains(flag + 1)
        {
            var path = URL(fileURLWithPath: CommandLine.arguments[flag + 1])
            while path.path.contains(".xctest") { path.deleteLastPathComponent() }
            folder = path
        }
        return folder.appendingPathComponent("freshet").path
    }

    /// What a command that has ended left behind.
    struct Outcome: Sendable {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs a command to its end.
    static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        let name = "run-" + UUID().uuidString
        let process = try ChildProcess(
            path: try path, arguments: arguments, folder: folder, environment: environment,
            output: "\(folder)/\(name).out", errors: "\(folder)/\(name).err")
        try process.start()
        let code = try await process.end(within: limit)
        return Outcome(code: code, output: process.outputText, errors: process.errorText)
    }
}
