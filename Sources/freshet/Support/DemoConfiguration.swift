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
    let isRecorded: Bool

    /// The two keys of a source.
    static func keys(of source: String) -> [String] {
        // The mock of Torn knows by the number in a key whose it is.
        source == "torn"
            ? ["demo-torn-40832", "demo-torn-17991"] : ["demo-\(source)-key-1", "demo-\(source)-key-2"]
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
          clash:
            base_url: \(clash.baseURL)/v1
            auth: { bearer: ["${env:CLASH_KEY_1}", "${env:CLASH_KEY_2}"] }
            limits:
              - { scope: key, calls: 10, per: PT1S }
              - { scope: account, calls: 100000, per: P1D }
            reserve: 20%
          github:
            base_url: \(github.baseURL)
            auth: { bearer: ["${env:GITHUB_KEY_1}", "${env:GITHUB_KEY_2}"] }
            limits:
              - { scope: key, calls: 5000, per: PT1H }
        apps:
          torn:
            base_url: \(torn.baseURL)/v2
            keys:
              first: { secret: "${env:TORN_KEY_1}", user: 1, faction: 40832 }
              second: { secret: "${env:TORN_KEY_2}", user: 2, faction: 17991 }
            endpoints: { crimes: { every: PT1M }, members: { every: PT1M } }
        datasets:
          clash.clan:
            get: /clans/{tag}
            key: { tag: clash_tag }
            max_age: PT1M
            refresh: { every: PT1M, for: tracked }
            history: { keep: P7D }
            ignore_changes: ["$.memberList[*].donations"]
            tables:
              clans: { rows: "$", primary_key: [tag], nested: ignore }
              clan_members:
                rows: "$.memberList[*]"
                parent: { clan_tag: "$.tag" }
                primary_key: [clan_tag, tag]
                write_disposition: replace
                nested: ignore
          clash.player:
            get: /players/{tag}
            key: { tag: clash_tag }
            max_age: PT2M
          clash.war:
            get: /clans/{tag}/currentwar
            key: { tag: clash_tag }
            max_age: PT5S
            max_age_ceiling: PT5S
            priority: critical
            refresh: { every: PT30S, for: [UV0YR2Q8] }
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

          A fresh answer (the first call queues it: 202, then 200 with its age):
            curl -i '\(url)/v1/clash/clan/UV0YR2Q8?envelope=1' -H 'Prefer: wait=5'

          A stale answer with the upstream stopped (start it again with .../__mock/up):
            curl -s -X POST \(clash.baseURL)/__mock/down; sleep 6; curl -i \(url)/v1/clash/war/UV0YR2Q8

          Why it is stale:
            curl -s \(url)/v1/why/clash/war/UV0YR2Q8

          A faction's crimes as rows, a report over them, and your own question:
            curl -s '\(url)/v1/tables/crimes?status=Successful&sort=-executed_at&limit=3'
            curl -s \(url)/apps/torn/reports/crime_overview
            curl -s \(url)/v1/query -H 'Content-Type: text/plain' -d 'SELECT role, count(*), avg(trophies) FROM clan_members GROUP BY role'

          More: \(url)/  ·  \(url)/proxy/clash/clans/%23UV0YR2Q8  ·  \(url)/v1/github/repo/\(repository)
          The mock upstreams count what they receive: \(clash.baseURL)/__mock/counters

        """
    }
}
