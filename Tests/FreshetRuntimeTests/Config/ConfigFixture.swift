import FreshetCore

@testable import FreshetRuntime

/// Loads configurations from memory: `/etc/freshet/freshet.yaml` and whatever else a test puts beside it.
struct ConfigFixture {
    var yaml: String
    var environment: [String: String] = [:]
    var files: [String: String] = [:]

    func load() throws(ConfigProblems) -> LoadedConfiguration {
        try ConfigLoader.load(path: nil, environment: environment, currentDirectory: "/etc/freshet") { path in
            if path == "/etc/freshet/freshet.yaml" { return Array(yaml.utf8) }
            if path == "/usr/share/zoneinfo/Europe/Berlin" { return Array("TZif2".utf8) }
            return files[path].map { Array($0.utf8) }
        }
    }

    /// The problems' lines; empty when it loads.
    func problems() -> [String] {
        do {
            _ = try load()
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    /// The warnings' lines.
    func warnings() throws -> [String] { try load().warnings.map(\.description) }

    /// A file with one source and one dataset, each with more lines; indent is added here.
    static func file(source: String = "", dataset: String = "", url: String = "http://127.0.0.1:9/v1") -> String {
        """
        sources:
          clash:
            base_url: \(url)
        \(indented(source))
        datasets:
          clash.clan:
            get: /clans/{tag}
        \(indented(dataset))

        """
    }

    private static func indented(_ text: String) -> String {
        text.isEmpty ? "    # nothing more" : text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }
}
