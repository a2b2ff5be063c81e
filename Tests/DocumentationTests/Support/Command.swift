import Foundation
import Synchronization
import Testing

/// A run of the program.
struct Command {
    var code: Int32
    var output: String
    var errors: String

    /// Runs a command to its end, with nothing of this process's `FRESHET_*` variables.
    static func run(
        _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
    ) async throws -> Command {
        let process = try make(arguments, in: folder, environment: environment)
        let (output, errors) = (try capture(), try capture())
        (process.standardOutput, process.standardError) = (output.handle, errors.handle)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch {
                Issue.record("\(error)")
                process.terminationHandler = nil
                continuation.resume()
            }
        }
        return Command(code: process.terminationStatus, output: try output.read(), errors: try errors.read())
    }

    static func make(
        _ arguments: [String], in folder: URL?, environment: [String: String]
    ) throws -> Process {
        let process = Process()
        process.executableURL = try Repository.binary
        process.arguments = arguments
        process.currentDirectoryURL = folder ?? FileManager.default.temporaryDirectory
        let kept = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "TMPDIR"].contains($0.key) }
        process.environment = kept.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Output goes to a file, so that a program with much to say never waits for a reader.
    struct Capture {
        var url: URL
        var handle: FileHandle

        func read() throws -> String {
            defer { try? FileManager.default.removeItem(at: url) }
            return String(decoding: try Data(contentsOf: url), as: UTF8.self)
        }
    }

    static func capture() throws -> Capture {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-docs-\(UUID())")
        _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        return Capture(url: url, handle: try FileHandle(forWritingTo: url))
    }
}
