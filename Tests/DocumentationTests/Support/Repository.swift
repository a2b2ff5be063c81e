import Foundation
import Testing

/// The repository around these tests, and the program built from it.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Whether generated pages are written instead of compared.
    static var writes: Bool { ProcessInfo.processInfo.environment["FRESHET_WRITE_DOCS"] == "1" }

    /// `FRESHET_BINARY`, or the program built beside this test bundle.
    static var binary: URL {
        get throws {
            let environment = ProcessInfo.processInfo.environment
            let url = environment["FRESHET_BINARY"].map { URL(fileURLWithPath: $0) } ?? beside
            // Never a skip: without the program nothing here would be checked.
            try #require(
                FileManager.default.isExecutableFile(atPath: url.path),
                "there is no freshet at \(url.path); build it, or set FRESHET_BINARY")
            return url
        }
    }

    private static var beside: URL {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle)
        while folder.path.contains(".xctest") { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("freshet")
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// README, the other pages of the root and everything below `docs` and `Examples` that is Markdown.
    static func pages() throws -> [String] {
        let manager = FileManager.default
        var pages = try manager.contentsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".md") }
        for folder in ["docs", "Examples"] {
            let found = try manager.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            pages += found.filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
        }
        return pages.sorted()
    }

    /// Compares a generated page, or writes it when asked to.
    static func check(_ path: String, is expected: String) throws {
        if writes {
            try expected.write(to: root.appendingPathComponent(path), atomically: true, encoding: .utf8)
        }
        let text = try text(path)
        if text == expected { return }
        let (old, new) = (text.split(separator: "\n"), expected.split(separator: "\n"))
        let line = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
        Issue.record("\(path) differs from the program near its line of text \(line + 1); run scripts/docs")
    }
}
