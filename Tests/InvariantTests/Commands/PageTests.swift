import Foundation
import Testing

/// The pages, opened in headless Chromium by `Tests/BrowserTests`, against this program and its mock upstream.
@Suite(.serialized) struct PageTests {
    /// Where `./test` runs it is never skipped: `scripts/bootstrap --test` has installed what it needs.
    private static let isExpected =
        ProcessInfo.processInfo.environment["FRESHET_PYTHON"] != nil || ProcessInfo.processInfo.environment["CI"] != nil

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func run(_ script: String) async throws {
        try await Slots.shared.use(alone: true) {
            let scratch = try Scratch()
            let variables = ProcessInfo.processInfo.environment
            let python = variables["FRESHET_PYTHON"] ?? Self.root.appending(path: ".build/python/bin/python3").path
            let process = try ChildProcess(
                path: python,
                arguments: [
                    "-B", Self.root.appending(path: "Tests/BrowserTests/\(script)").path,
                    URL(filePath: try FreshetBinary.path).path,
                ],
                folder: scratch.path,
                environment: variables.filter { ["FRESHET_CHROMIUM", "FRESHET_PICTURES"].contains($0.key) },
                output: scratch.path + "/browser.out", errors: scratch.path + "/browser.err")
            try process.start()
            let code = try await process.end(within: .seconds(300))
            #expect(code == 0, "\(process.outputText)\n\(process.errorText.suffix(3000))")
        }
    }

    @Test(.enabled(if: isExpected, "scripts/bootstrap --test installs Chromium and what drives it"))
    func `people, a keyboard and the computer play to the end in browsers`() async throws {
        try await run("oec_page.py")
    }

    @Test(.enabled(if: isExpected, "scripts/bootstrap --test installs Chromium and what drives it"))
    func `the live page lives, loses its server, asks for a token and stands still in a browser`() async throws {
        try await run("home_page.py")
    }
}
