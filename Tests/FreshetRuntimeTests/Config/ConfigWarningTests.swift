import Testing

@testable import FreshetRuntime

@Suite struct ConfigWarningTests {
    /// A file and the one warning that it gives.
    static let doubtful: [(yaml: String, warning: String)] = [
        (
            ConfigFixture.file(source: "limits: [{ scope: key, calls: 1, per: 1s }]"),
            "4:16: sources.clash.limits[0].scope: without auth there is one nameless key, so this counts everything; "
                + "write ip or endpoint if that is meant"
        ),
        (
            ConfigFixture.file(
                source: "limits: [{ scope: ip, calls: 1, per: 1s }, { scope: ip, calls: 1, per: PT1S }]"),
            "4:48: sources.clash.limits[1]: is the same limit as sources.clash.limits[0]; one of them is enough"
        ),
        (
            ConfigFixture.file(
                source: "limits: [{ scope: ip, calls: 1, per: 1s }, { scope: ip, calls: 2, per: PT1S }]"),
            "4:48: sources.clash.limits[1]: has the scope and window of sources.clash.limits[0]; only the smaller one counts"
        ),
        (
            ConfigFixture.file(dataset: "max_age: 1m\nrefresh: { every: 5m, for: all }"),
            "8:5: datasets.clash.clan.max_age: documents are stale after PT1M but refreshed every PT5M only; "
                + "make max_age longer or every shorter"
        ),
        (
            ConfigFixture.file(dataset: "refresh: { every: 5m, for: [] }"),
            "8:27: datasets.clash.clan.refresh.for: lists no key, so nothing is refreshed by this schedule"
        ),
        (
            ConfigFixture.file(source: "limits: []\nauth: { bearer: \"${env:KEY}\" }", url: "http://api.example.com"),
            "3:5: sources.clash.base_url: keys travel unencrypted over http://; write https:// unless the network is yours"
        ),
        (
            ConfigFixture.file(source: "limits: []\nauth: { bearer: abc }", url: "https://api.example.com"),
            "5:21: sources.clash.auth.bearer: the key stands in the file; put it into the environment or .env "
                + "and write \"${env:NAME}\""
        ),
        (
            ConfigFixture.file(url: "https://api.example.com"),
            "2:3: sources.clash.limits: no limit is declared: calls go out as fast as concurrency allows; "
                + "declare what the API allows"
        ),
        (
            ConfigFixture.file().replacing("/clans/{tag}", with: "/clans?token=abc&tag={tag}"),
            "7:5: datasets.clash.clan.get: a key stands in the query; under auth: { query: { name: …, "
                + "keys: [\"${env:NAME}\"] } } it is budgeted and kept secret"
        ),
        (
            ConfigFixture.file(dataset: "pagination: { style: page, parameter: p }")
                .replacing("/clans/{tag}", with: "/clans?tag={tag}&p=1"),
            "7:5: datasets.clash.clan.get: has the query field p, which pagination sets too; leave it out of get"
        ),
        (
            ConfigFixture.file(url: "http://localhost/bot${env:API_TOKEN}"),
            "3:15: sources.clash.base_url: addresses are shown in status and logs, and API_TOKEN sounds like a credential; "
                + "put it under auth if the API allows"
        ),
        (
            "sources: { a: { base_url: http://localhost } }",
            "1:12: sources.a: no dataset belongs to this source; declare one under datasets as a.…"
        ),
    ]

    @Test(arguments: doubtful)
    func `a doubtful configuration loads with one warning`(yaml: String, warning: String) throws {
        let fixture = ConfigFixture(yaml: yaml, environment: ["KEY": "k", "API_TOKEN": "t"])
        #expect(try fixture.warnings() == ["freshet.yaml:" + warning])
    }

    @Test func `what is usual gives no warning`() throws {
        let usual = [
            ConfigFixture.file(source: "auth: { bearer: abc }", url: "http://127.0.0.1:1"),
            ConfigFixture.file(dataset: "max_age: 1m\nrefresh: { every: 5m, for: tracked }"),
            ConfigFixture.file(source: "auth: { bearer: \"${env:KEY}\" }\nlimits: []", url: "https://api.example.com"),
        ]
        for yaml in usual { #expect(try ConfigFixture(yaml: yaml, environment: ["KEY": "k"]).warnings() == []) }
    }
}
