import Foundation
import Testing

/// The page at `/`, opened in headless Chromium by `Tests/BrowserTests`, against this program and its mock upstream.
@Suite(.serialized) struct HomePageTests {
    /// Where `./test` runs it is never skipped: `scripts/bootstrap --test` has installed what it needs.
    private static let isExpected =
        ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil || ProcessInfo.processInfo.environment["CI"] != nil

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test(.enabled(if: isExpected, "scripts/bootstrap --test installs Chromium and what drives it"))
    func `the page lives, loses its server, asks for a token and stands still in a browser`() async throws {
        try await Slots.shared.use(alone: true) {
            let scratch = try Scratch()
            let variables = ProcessInfo.processInfo.environment
            let python = variables["FRESHET_PYTHON"] ?? Self.root.appending(path: ".build/python/bin/python3").path
            let script = Self.root.appending(path: "Tests/BrowserTests/home_page.py").path
            let process = try ChildProcess(
                path: python, arguments: ["-B", script, try FreshetBinary.path], folder: scratch.path,
                environment: variables.filter { ["FRESHET_CHROMIUM", "FRESHET_PICTURES"].contains($0.key) },
                output: scratch.path + "/browser.out", errors: scratch.path + "/browser.err")
            try process.start()
            let code = try await process.end(within: .seconds(240))
            #expect(code == 0, "\(process.outputText)\n\(process.errorText.suffix(3000))")
        }
    }
}
