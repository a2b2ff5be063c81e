import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct SecretTests {
    /// Configurations with the word `sekrit` in every place where a secret can stand, right or wrong.
    static let files: [String] = [
        ConfigFixture.file(source: "auth: sekrit"),
        ConfigFixture.file(source: "auth: [sekrit]"),
        ConfigFixture.file(source: "auth: { bearer: { value: sekrit, acount: x } }"),
        ConfigFixture.file(source: "auth: { bearer: [sekrit, sekrit] }"),
        ConfigFixture.file(source: "auth: { bearer: \"sekrit\\nsekrit\" }"),
        ConfigFixture.file(source: "auth: { bearer: \"${env:KEY}\" }\ntimeout: \"${env:KEY}\""),
        ConfigFixture.file(source: "concurrency: \"${env:KEY}\"\nreserve: ${env:KEY}\nmax_body: ${env:KEY}"),
        ConfigFixture.file(source: "headers: { Authorization: [sekrit] }"),
        ConfigFixture.file(source: "headers: { X-Token: \"sekrit\\n\" }"),
        ConfigFixture.file(source: "auth: { basic: sekrit }"),
        ConfigFixture.file(source: "auth: { basic: { user: \"sekrit:x\", password: sekrit } }"),
        ConfigFixture.file(source: "auth: { header: { nam: X, keys: sekrit } }"),
        ConfigFixture.file(
            source: "auth: { oauth2: { token_url: sekrit@x, client_id: sekrit, client_secret: [sekrit] } }"),
        ConfigFixture.file(url: "https://user:sekrit@example.com"),
        ConfigFixture.file(url: "\"https://example.com/?key=sekrit\""),
        ConfigFixture.file(dataset: "priority: ${env:KEY}\nignore_changes: \"${env:KEY}\"\nmax_age: ${env:KEY}"),
        ConfigFixture.file(dataset: "refresh: { every: ${env:KEY} }").replacing(
            "/clans", with: "clans?token=sekrit&x="),
        ConfigFixture.file(dataset: "refresh: { cron: \"${env:KEY}\", for: [\"${env:KEY}\"] }"),
        ConfigFixture.file(dataset: "refresh: { cron: \"0 ${env:KEY} * * *\" }"),
        ConfigFixture.file(dataset: "refresh: { cron: \"@${env:KEY}\" }"),
        "store: postgres:me:sekrit@host/db",
        "store: mysql://me:sekrit@host/db",
        "coordinator: redis://:sekrit@host",
        "store: postgres://h/db\ncoordinator: redis:sekrit@host",
        "server: { listen: \"${env:KEY}\" }",
        "logs: { level: \"${env:KEY}\" }",
    ]

    @Test(arguments: files)
    func `no message repeats a secret`(yaml: String) {
        let problems = ConfigFixture(yaml: yaml, environment: ["KEY": "sekrit"]).problems()
        #expect(!problems.isEmpty)
        #expect(!problems.joined().contains("sekrit"))
    }

    static let good = """
        sources:
          a: { base_url: https://a.example, auth: { bearer: [sekrit1, { value: "${env:KEY}", account: main }] } }
          b: { base_url: http://b.example, auth: { basic: { user: sekrit, password: sekrit } } }
          c: { base_url: https://c.example, auth: { query: { name: key, keys: ["${env:KEY}"] } } }
          d:
            base_url: https://d.example
            auth: { oauth2: { token_url: https://d.example/t, client_id: sekrit, client_secret: "${env:KEY}" } }
            headers: { X-Api-Key: sekrit, Accept: application/json }
        datasets:
          a.x: { get: "/x?api_key=sekrit&q={q}" }
        """

    @Test func `a loaded configuration prints without its secrets`() throws {
        let loaded = try ConfigFixture(yaml: SecretTests.good, environment: ["KEY": "sekrit2"]).load()
        let printed = [
            ConfigPrinter.yaml(loaded.configuration), ConfigPrinter.json(loaded.configuration),
            loaded.warnings.map(\.description).joined(), "\(loaded.configuration.sources.map(\.auth))",
        ]
        for text in printed { #expect(!text.contains("sekrit")) }
        #expect(printed[0].contains("account: main"))
        #expect(printed[0].contains("accept: application/json"))
        #expect(printed[0].contains("x-api-key: \"<redacted>\""))
        #expect(printed[0].contains("/x?api_key=<redacted>&q={q}"))
    }

    @Test func `a printed configuration without keys loads again as the same`() throws {
        let yaml = """
            data_dir: /srv/freshet
            server: { listen: "[::1]:0", reads: token }
            logs: { file: /var/log/x.log }
            sources:
              a:
                base_url: http://localhost:1
                headers: { accept: text/json }
                limits: [{ scope: ip, calls: 5, per: 1h30m }, { scope: endpoint, calls: 2, per: 1s, datasets: x }]
                reserve: 12.5%
                errors: [torn, { status: 4xx, then: park_key, for: 90s }]
            datasets:
              a.x:
                get: /x/{y}
                key: { y: lower }
                refresh: { cron: "0 6 * * *", time_zone: Europe/Berlin, for: [a, b], missed: skip }
                history: { keep: P1Y }
                pagination: { style: cursor, path: $.next, items: "$.a['b c']", size: { parameter: n, value: 3 } }
            """
        let first = try ConfigFixture(yaml: yaml).load().configuration
        let printed = ConfigPrinter.yaml(first)
        let second = try ConfigFixture(yaml: printed).load().configuration
        #expect(ConfigPrinter.yaml(second) == printed)
        #expect(second.datasets[0].pagination == first.datasets[0].pagination)
        #expect(second.datasets[0].refresh == first.datasets[0].refresh)
        #expect(second.sources[0].rules == first.sources[0].rules)
        #expect(second.sources[0].limits == first.sources[0].limits)
    }
}
