import Foundation
import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct ExampleTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func load(_ example: String, _ environment: [String: String] = [:]) throws -> LoadedConfiguration {
        let path = ExampleTests.root.appendingPathComponent("Examples/\(example)/freshet.yaml").path
        let variables = ["COC_TOKEN_1": "a", "COC_TOKEN_2": "b", "TORN_KEY": "c"].merging(environment) { $1 }
        return try ConfigLoader.load(path: path, environment: variables)
    }

    @Test(arguments: ["usgs", "hacker-news", "pokeapi", "github", "clash", "torn"])
    func `an example loads without problems and without warnings`(example: String) throws {
        let loaded = try load(example)
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.configuration.sources.count == 1)
        #expect(loaded.configuration.sources.first?.baseURL.hasPrefix("https://") == true)
        #expect(!loaded.configuration.datasets.isEmpty)
    }

    @Test(arguments: [
        ("usgs", "USGS_URL"), ("hacker-news", "HN_URL"), ("pokeapi", "POKEAPI_URL"), ("github", "GITHUB_URL"),
        ("clash", "CLASH_URL"), ("torn", "TORN_URL"),
    ])
    func `a variable points an example at another server`(example: String, variable: String) throws {
        let loaded = try load(example, [variable: "http://127.0.0.1:9/v9"])
        #expect(loaded.configuration.sources.first?.baseURL == "http://127.0.0.1:9/v9")
    }

    @Test(arguments: [
        ("usgs", "usgs.feed", "/summary/all_week.geojson", "all_week"),
        ("usgs", "usgs.event", "/detail/ci37868143.geojson", "ci37868143"),
        ("hacker-news", "hn.item", "/item/8863.json", "8863"),
        ("hacker-news", "hn.stories", "/topstories.json", "top"),
        ("pokeapi", "pokeapi.pokemon", "/pokemon/25/", "25"),
        ("pokeapi", "pokeapi.evolution", "/evolution-chain/67/", "67"),
        ("pokeapi", "pokeapi.list", "/type/?limit=100000", "type"),
        ("github", "github.repo", "/repos/octokit-fixture-org/hello-world", "octokit-fixture-org/hello-world"),
        ("clash", "clash.clan", "/clans/%23UV0YR2Q8", "UV0YR2Q8"),
        ("clash", "clash.war", "/clans/%232PP/currentwar", "2PP"),
        ("clash", "clash.gold_pass", "/goldpass/seasons/current", "_"),
    ])
    func `the paths of the real API are documents of an example`(
        example: String, dataset: String, path: String, key: String
    ) throws {
        let configuration = try load(example).configuration
        let parts = path.split(separator: "?", maxSplits: 1)
        let matches = configuration.datasets.compactMap { candidate in
            candidate.key(forUpstreamPath: parts[0], query: parts.count > 1 ? parts[1] : nil).map {
                "\(candidate.id)/\($0)"
            }
        }
        #expect(matches == ["\(dataset)/\(key)"])
        let id = try #require(DatasetID(dataset))
        #expect(configuration.dataset(id)?.upstreamPath(forKey: key) == path)
    }

    @Test func `the file of freshet init loads as it is, without key and internet`() throws {
        let loaded = try ConfigFixture(yaml: ConfigTemplate.initial).load()
        #expect(loaded.warnings.isEmpty)
        let source = try #require(loaded.configuration.source("clash"))
        #expect(source.baseURL == "http://127.0.0.1:8090/v1")
        #expect(source.auth.keys.count == 2)
        #expect(loaded.configuration.datasets.map(\.id.name) == ["clan", "player", "war"])
    }

    @Test func `what the file of freshet init has in comments loads too`() throws {
        let lines = ConfigTemplate.initial.split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.lastIndex { $0.hasPrefix("#  usgs:") })
        let blocks = lines[begin...].filter { $0.hasPrefix("#  ") }.map { String($0.dropFirst()) }
        let middle = try #require(blocks.firstIndex { $0.hasPrefix("  usgs.feed") })
        let yaml = (["sources:"] + blocks[..<middle] + ["datasets:"] + blocks[middle...]).joined(separator: "\n")
        #expect(try ConfigFixture(yaml: yaml).warnings() == [])
    }
}
