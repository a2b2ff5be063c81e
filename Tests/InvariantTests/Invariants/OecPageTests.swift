import Foundation
import Testing

/// The page of the game, played in headless Chromium by `Tests/BrowserTests`, against this program and its mock upstream.
@Suite(.serialized) struct OecPageTests {
    /// Where `./test` runs it is never skipped: `scripts/bootstrap --test` has installed what it needs.
    private static let isExpected =
        ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil
        || ProcessInfo.processInfo.environment["CI"] != nil
        || ["chromium", "chromium-browser", "google-chrome"].contains { name in
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
            }
        }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test(.enabled(if: isExpected, "there is no Chromium; scripts/bootstrap --test installs it"))
    func `people, a keyboard and the computer play to the end in browsers`() async throws {
        try await Slots.shared.use(alone: true) {
            let scratch = try Scratch()
            let variables = ProcessInfo.processInfo.environment
            let python = variables["FRESHET_PYTHON"] ?? Self.root.appending(path: ".build/python/bin/python3").path
            let script = Self.root.appending(path: "Tests/BrowserTests/oec_page.py").path
            let process = try ChildProcess(
                path: python, arguments: ["-B", script, URL(filePath: try FreshetBinary.path).path],
                folder: scratch.path,
                environment: variables.filter { ["FRESHET_CHROMIUM", "FRESHET_PICTURES"].contains($0.key) },
                output: scratch.path + "/browser.out", errors: scratch.path + "/browser.err")
            try process.start()
            let code = try await process.end(within: .seconds(300))
            print(process.outputText)
            #expect(code == 0, "\(process.outputText)\n\(process.errorText.suffix(3000))")
        }
    }
}
