import Dispatch
import Foundation
import Synchronization
import Testing

/// A child process whose outputs go to files, so that it never blocks on a reader.
final class ChildProcess: Sendable {
    private struct State {
        var code: Int32?
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isOverdue = false
    }

    private let process: Process
    private let state = Mutex(State())
    private let outputPath: String
    private let errorPath: String

    /// `environment`: added to an environment that has only what programs need; `FRESHET_*` is not passed on.
    init(
        path: String, arguments: [String], folder: String, environment: [String: String], output: String,
        errors: String
    ) throws {
        (outputPath, errorPath) = (output, errors)
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var variables = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "TMPDIR"].contains($0.key) }
        variables["SWIFT_BACKTRACE"] = "enable=no"
        process.environment = variables.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try ChildProcess.appending(output)
        process.standardError = try ChildProcess.appending(errors)
    }

    private static func appending(_ path: String) throws -> FileHandle {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        return handle
    }

    func start() throws {
        process.terminationHandler = { [weak self] process in
            let isSignal = process.terminationReason == .uncaughtSignal
            self?.ended(isSignal ? -process.terminationStatus : process.terminationStatus)
        }
        try process.run()
    }

    private func ended(_ code: Int32) {
        let waiting = state.withLock { state in
            state.code = code
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    var pid: Int32 { process.processIdentifier }

    /// Its exit code, or the signal that ended it as a negative number; `nil` while it runs.
    var code: Int32? { state.withLock { $0.code } }

    func signal(_ number: Int32) { if code == nil { kill(pid, number) } }

    /// Waits for its end; kills it when that takes too long, and says so.
    @discardableResult
    func end(within limit: Duration) async throws -> Int32 {
        let watch = DispatchWorkItem { [self] in
            state.withLock { $0.isOverdue = true }
            signal(SIGKILL)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + limit.seconds, execute: watch)
        defer { watch.cancel() }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.code == nil { state.waiting.append(continuation) }
                return state.code != nil
            }
            if isOver { continuation.resume() }
        }
        if state.withLock({ $0.isOverdue }) {
            Issue.record("process \(pid) did not end within \(limit): \(errorText.suffix(2000))")
        }
        return code ?? -1
    }

    var outputText: String { ChildProcess.read(outputPath) }
    var errorText: String { ChildProcess.read(errorPath) }

    private static func read(_ path: String) -> String {
        (try? Data(contentsOf: URL(fileURLWithPath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
