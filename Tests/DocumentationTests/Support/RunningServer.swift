import Foundation
import FreshetDocument
import Testing

/// A server on a free port with one source that nobody answers for, so that everything it shows is its own.
struct RunningServer {
    /// Small and fixed: `openapi.json` is made from it.
    static let configuration = """
        data_dir: ./data
        server: { listen: "127.0.0.1:0" }
        sources:
          source:
            base_url: http://127.0.0.1:9
            auth: { bearer: ["a key of nobody"] }
            limits:
              - { scope: key, calls: 10, per: PT1S }
              - { scope: account, calls: 1000, per: P1D }
              - { scope: ip, calls: 100, per: PT1M }
              - { scope: endpoint, calls: 5, per: PT1S }
            timeout: PT1S
        datasets:
          source.dataset:
            get: /things/{key}
            key: { key: lower }
            max_age: PT10M
            refresh: { every: PT30M, for: [first] }
        """

    let base: String
    private let process: Process
    private let folder: URL

    /// Starts it, runs `body` and stops it.
    static func with<Result>(_ body: (RunningServer) async throws -> Result) async throws -> Result {
        let server = try await start()
        do {
            let result = try await body(server)
            server.stop()
            return result
        } catch {
            server.stop()
            throw error
        }
    }

    private static func start() async throws -> RunningServer {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-docs-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try configuration.write(
            to: folder.appendingPathComponent("freshet.yaml"), atomically: true, encoding: .utf8)
        let process = try Command.make(["serve"], in: folder, environment: [:])
        let said = Pipe()
        process.standardError = said
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        // Its announcement is the only line that is not JSON; everything after that is read and dropped.
        var text = ""
        while let chunk = try said.fileHandleForReading.read(upToCount: 1), !chunk.isEmpty {
            text += String(decoding: chunk, as: UTF8.self)
            guard chunk == Data("\n".utf8) else { continue }
            if let mark = text.range(of: " answers on ") {
                said.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
                let base = text[mark.upperBound...].trimmingCharacters(in: .whitespacesAndNewlines)
                return RunningServer(base: base, process: process, folder: folder)
            }
            text = ""
        }
        throw Ended()
    }

    private struct Ended: Error, CustomStringConvertible {
        var description: String { "freshet serve ended before it answered" }
    }

    private func stop() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Asks with curl, which `scripts/bootstrap` brings: the tests need no HTTP client of their own.
    func get(_ path: String, headers: [String] = []) throws -> String {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        curl.arguments = ["curl", "-sS", "--max-time", "10"] + headers.flatMap { ["-H", $0] } + [base + path]
        let answer = Pipe()
        curl.standardOutput = answer
        try curl.run()
        let data = try answer.fileHandleForReading.readToEnd() ?? Data()
        curl.waitUntilExit()
        try #require(curl.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    /// An answer that is JSON.
    func json(_ path: String) throws -> JSONValue { try JSONTape(text: try get(path)).root }
}
