import Foundation
import FreshetCore
import Testing

@testable import FreshetRuntime

/// A configuration of `Examples/`, what is read from it, and what its API answers.
struct ServedExample: Sendable, CustomTestStringConvertible {
    /// A document whose body is made here.
    struct Generated: Sendable {
        /// Where Freshet serves it.
        var path: String
        /// The request target that the example is expected to ask for.
        var upstream: String
        var body: String
    }

    /// A document that was recorded.
    struct Recorded: Sendable {
        var path: String
        var upstream: String
        /// The recording, where it is the whole body.
        var file: String?
    }

    /// The folder below `Examples/`.
    var folder: String
    /// The variable that overrides its base URL.
    var variable: String
    /// The path of the real API's base URL.
    var basePath: String
    /// The folder of recorded exchanges.
    var recordings: String
    var documents: [Generated]
    var recorded: [Recorded]

    var testDescription: String { folder }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Loads the file as it is, pointed at another server and another folder.
    func configuration(upstream: String, dataDirectory: String) throws -> Configuration {
        let path = ServedExample.root.appendingPathComponent("Examples/\(folder)/freshet.yaml").path
        let environment = [variable: upstream + basePath, "COC_TOKEN_1": "first-token", "COC_TOKEN_2": "second-token"]
        var configuration = try ConfigLoader.load(path: path, environment: environment).configuration
        configuration.dataDirectory = dataDirectory
        configuration.logs.level = "critical"
        return configuration
    }
}

extension ServedExample {
    static let all = [usgs, hackerNews, pokeAPI, gitHub, clash]

    private static let usgs = ServedExample(
        folder: "usgs", variable: "USGS_URL", basePath: "/earthquakes/feed/v1.0", recordings: "usgs-earthquakes",
        // One only: at ten calls a minute a second would have to wait for its turn.
        documents: [
            Generated(
                path: "/v1/usgs/feed/all_week", upstream: "/earthquakes/feed/v1.0/summary/all_week.geojson",
                body: """
                    {"type":"FeatureCollection","metadata":{"generated":1517999999000,"title":"USGS All Earthquakes, Past \
                    Week","status":200,"api":"1.5.8","count":1},"features":[{"type":"Feature","properties":{"mag":1.80,\
                    "place":"6km E of Somewhere, CA","time":1517999590210,"tz":-480,"felt":null,"tsunami":0},"geometry":\
                    {"type":"Point","coordinates":[-117.4893333,34.2000,-0.71]},"id":"ci37868143"}],"bbox":[-179.9,-60.1,\
                    -3.39,179.9,74.2,620.16]}
                    """)
        ],
        recorded: [
            Recorded(
                path: "/v1/usgs/feed/all_week", upstream: "/earthquakes/feed/v1.0/summary/all_week.geojson",
                file: "all_week.20180207.geojson")
        ])

    private static let hackerNews = ServedExample(
        folder: "hacker-news", variable: "HN_URL", basePath: "/v0", recordings: "hacker-news",
        documents: [
            Generated(
                path: "/v1/hn/item/17252585", upstream: "/v0/item/17252585.json",
                body: #"{"by":"somebody","descendants":36,"id":17252585,"kids":[17252928,17252988],"score":212,"time":"#
                    + #"1528335610,"title":"Cutter – A GUI","type":"story","url":"https://example.org/"}"#),
            Generated(path: "/v1/hn/stories/top", upstream: "/v0/topstories.json", body: "[17252585, 17250590]\n"),
        ],
        recorded: [Recorded(path: "/v1/hn/item/17252585", upstream: "/v0/item/17252585.json")])

    private static let pokeAPI = ServedExample(
        folder: "pokeapi", variable: "POKEAPI_URL", basePath: "/api/v2", recordings: "pokeapi",
        documents: [
            Generated(
                path: "/v1/pokeapi/pokemon/Pikachu", upstream: "/api/v2/pokemon/pikachu/",
                body: #"{"abilities":[{"ability":{"name":"static","url":"/api/v2/ability/9/"},"slot":1}],"id":25,"#
                    + #""name":"pikachu","weight":60}"#),
            Generated(
                path: "/v1/pokeapi/list/type", upstream: "/api/v2/type/?limit=100000",
                body: #"{"count":1,"next":null,"results":[{"name":"normal","url":"/api/v2/type/1/"}]}"#),
        ],
        recorded: [
            Recorded(path: "/v1/pokeapi/pokemon/25", upstream: "/api/v2/pokemon/25/", file: "pokemon__25.json"),
            Recorded(
                path: "/v1/pokeapi/evolution/67", upstream: "/api/v2/evolution-chain/67/",
                file: "evolution-chain__67.json"),
            Recorded(path: "/v1/pokeapi/list/type", upstream: "/api/v2/type/?limit=100000", file: "type.list.json"),
        ])

    private static let gitHub = ServedExample(
        folder: "github", variable: "GITHUB_URL", basePath: "", recordings: "github-rest",
        documents: [
            Generated(
                path: "/v1/github/repo/Octocat/Hello-World", upstream: "/repos/octocat/hello-world",
                body: #"{"id":1296269,"node_id":"MDEwOg==","name":"Hello-World","full_name":"octocat/Hello-World"}"#),
            Generated(
                path: "/v1/github/issues/octocat/hello-world",
                upstream: "/repos/octocat/hello-world/issues?per_page=100",
                body: #"[{"id":1,"number":1347,"title":"Found a bug"}]"#),
        ],
        recorded: [
            Recorded(
                path: "/v1/github/repo/octokit-fixture-org/hello-world",
                upstream: "/repos/octokit-fixture-org/hello-world")
        ])

    private static let clash = ServedExample(
        folder: "clash", variable: "CLASH_URL", basePath: "/v1", recordings: "clash-of-clans",
        documents: [
            Generated(
                path: "/v1/clash/clan/uv0yr2q8", upstream: "/v1/clans/%23UV0YR2Q8",
                body: ##"{"tag":"#UV0YR2Q8","name":"Ünder クラン","memberList":[{"tag":"#8LVP8VGC","donations":3}]}"##),
            Generated(
                path: "/v1/clash/gold_pass/_", upstream: "/v1/goldpass/seasons/current",
                body: #"{"startTime":"20250901T080000.000Z","endTime":"20251001T080000.000Z"}"#),
        ],
        recorded: [
            Recorded(
                path: "/v1/clash/clan/UV0YR2Q8", upstream: "/v1/clans/%23UV0YR2Q8", file: "clans__clan.UV0YR2Q8.json"),
            Recorded(
                path: "/v1/clash/clan/2PP", upstream: "/v1/clans/%232PP", file: "clans__clan.2PP.json"),
            Recorded(path: "/v1/clash/locations/_", upstream: "/v1/locations", file: "locations.json"),
        ])
}
