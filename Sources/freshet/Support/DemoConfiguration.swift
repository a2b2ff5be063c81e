import FreshetMock
import FreshetRuntime
import Glibc

/// The configuration of the demo, and what it tells the person who started it.
struct DemoConfiguration: Sendable {
    let listen: String
    let dataDirectory: String
    let clash: BoundMock
    let github: BoundMock
    let torn: BoundMock
    let oec: BoundMock
    let isRecorded: Bool

    /// The keys of a source: two, or none where none is needed.
    static func keys(of source: String) -> [String] {
        switch source {
        case "oec": []
        // The mock of Torn knows by the number in a key whose it is.
        case "torn": ["demo-torn-40832", "demo-torn-17991"]
        default: ["demo-\(source)-key-1", "demo-\(source)-key-2"]
        }
    }

    /// Reads the configuration as `freshet serve` would.
    func load() throws -> LoadedConfiguration {
        let text = Array(yaml.utf8)
        return try ConfigLoader.load(path: "freshet-demo.yaml", environment: environment) { path in
            path.hasSuffix("/freshet-demo.yaml")
                ? text : path.hasSuffix("/.env") ? nil : try ConfigLoader.readFromDisk(path)
        }
    }

    private var environment: [String: String] {
        var variables: [String: String] = [:]
        for source in ["clash", "github", "torn"] {
            for (index, key) in DemoConfiguration.keys(of: source).enumerated() {
                variables["\(source.uppercased())_KEY_\(index + 1)"] = key
            }
        }
        return variables
    }

    private var repository: String { isRecorded ? "octokit-fixture-org/hello-world" : "octocat/hello-world" }

    private var yaml: String {
        """
        data_dir: \(dataDirectory)
        server: { listen: "\(listen)" }
        sources:
          github:
            base_url: \(github.baseURL)
            auth: { bearer: ["${env:GITHUB_KEY_1}", "${env:GITHUB_KEY_2}"] }
            limits:
              - { scope: key, calls: 5000, per: PT1H }
        apps:
          clash:
            base_url: \(clash.baseURL)/v1
            assets_url: \(clash.baseURL)
            keys: ["${env:CLASH_KEY_1}", "${env:CLASH_KEY_2}"]
            clans: ["#UV0YR2Q8"]
            calls_per_second: 10
            freshness: { clan: { max_age: PT1M, every: PT1M }, war: { max_age: PT5S, every: PT30S } }
          oec: { base_url: "\(oec.baseURL)", history: [2021, 2022], calls_per_day: 80000 }
          torn:
            base_url: \(torn.baseURL)/v2
            keys:
              first: { secret: "${env:TORN_KEY_1}", user: 1, faction: 40832 }
              second: { secret: "${env:TORN_KEY_2}", user: 2, faction: 17991 }
            endpoints: { crimes: { every: PT1M }, members: { every: PT1M } }
        datasets:
          github.repo:
            get: /repos/{owner}/{repo}
            key: { owner: lower, repo: lower }
            max_age: PT10M
          github.user:
            get: /users/{login}
            key: { login: lower }
            max_age: PT10M
        """
    }

    /// What is printed once the demo answers.
    func guide(url: String) -> String {
        """

        Freshet demo on \(url)  (Ctrl-C stops it)

          A fresh answer with its age, and what was never asked for (202 first, then 200):
            curl -i '\(url)/v1/clash/clan/UV0YR2Q8?envelope=1'
            curl -i '\(url)/v1/github/repo/\(repository)'

          A stale answer with the upstream stopped (start it again with .../__mock/up):
            curl -s -X POST \(clash.baseURL)/__mock/down; sleep 6; curl -i \(url)/v1/clash/war/UV0YR2Q8

          Why it is stale:
            curl -s \(url)/v1/why/clash/war/UV0YR2Q8

          A faction's crimes as rows, a report over them, and your own question:
            curl -s '\(url)/v1/tables/crimes?status=Successful&sort=-executed_at&limit=3'
            curl -s \(url)/apps/torn/reports/crime_overview
            curl -s \(url)/v1/query -H 'Content-Type: text/plain' -d 'SELECT role, count(*), avg(trophies) FROM clash_member_snapshots GROUP BY role'

          Who is at risk of leaving a clan, and why:
            curl -s \(url)/apps/clash/api/v1/clan/UV0YR2Q8/members/at-risk

          What countries export, and the game that is scored with it, in a browser:
            curl -s \(url)/apps/oec/exports/coffee
            \(url)/apps/oec/

          More: \(url)/  ·  \(url)/proxy/clash/clans/%23UV0YR2Q8  ·  \(url)/openapi.json
          The mock upstreams count what they receive: \(clash.baseURL)/__mock/counters

        """
    }
}
