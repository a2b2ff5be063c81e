import Testing

@testable import FreshetRuntime

/// A file with one mistake, and the one line that it must give.
struct WrongConfiguration: Sendable, CustomTestStringConvertible {
    let name: String
    let yaml: String
    let says: String

    init(_ name: String, _ yaml: String, _ says: String) { (self.name, self.yaml, self.says) = (name, yaml, says) }

    var testDescription: String { name }
}

@Suite struct WrongConfigurationTests {
    @Test(arguments: keys + values + references + syntax)
    func `one mistake gives one message with its line and what to write`(_ wrong: WrongConfiguration) {
        #expect(ConfigFixture(yaml: wrong.yaml).problems() == ["freshet.yaml:" + wrong.says])
    }

    static let keys: [WrongConfiguration] = [
        .init(
            "a misspelt key", ConfigFixture.file(source: "limit: []"),
            #"4:5: sources.clash.limit: unknown key "limit"; did you mean "limits"?"#),
        .init(
            "a key in camel case", ConfigFixture.file(source: "baseURL: x"),
            #"4:5: sources.clash.baseURL: unknown key "baseURL"; did you mean "base_url"?"#),
        .init(
            "a word from another tool", ConfigFixture.file(dataset: "ttl: PT1M"),
            #"8:5: datasets.clash.clan.ttl: unknown key "ttl"; did you mean "max_age"?"#),
        .init(
            "a key of another section", ConfigFixture.file(source: "max_age: PT1M"),
            #"4:5: sources.clash.max_age: unknown key "max_age" here; it belongs under datasets.<dataset>"#),
        .init(
            "a key like no other", ConfigFixture.file(source: "retry: { zzzzzz: 1 }"),
            #"4:14: sources.clash.retry.zzzzzz: unknown key "zzzzzz"; keys here: attempts, initial, multiplier, max, jitter"#
        ),
        .init(
            "a key given twice", ConfigFixture.file(source: "timeout: PT1S\nreserve: 10%\ntimeout: PT2S"),
            #"6:5: sources.clash.timeout: the key "timeout" is given twice, first in line 4; keep one"#),
        .init(
            "a key given twice with quotes and in braces", #"server: { "reads": open, reads: token }"#,
            #"1:26: server.reads: the key "reads" is given twice, first in line 1; keep one"#),
        .init(
            "a missing key", "sources: { clash: { timeout: 1s } }",
            #"1:19: sources.clash: the key "base_url" is missing; write it as in { base_url: https://api.example.com/v1 }"#
        ),
        .init(
            "a misspelt key that is needed", "sources: { clash: { bas_url: http://localhost } }",
            #"1:21: sources.clash.bas_url: unknown key "bas_url"; did you mean "base_url"?"#),
        .init(
            "a missing key in a list", ConfigFixture.file(source: "limits:\n  - { scope: ip, calls: 3 }"),
            #"5:9: sources.clash.limits[0]: the key "per" is missing; write it as in { scope: key, calls: 40, per: PT1S }"#
        ),
        .init(
            "a map where a list belongs", ConfigFixture.file(source: "limits: { scope: ip, calls: 3, per: 1s }"),
            "4:13: sources.clash.limits: found a map; write a list of maps such as { scope: key, calls: 40, per: PT1S }"
        ),
        .init(
            "a text where a map belongs", ConfigFixture.file(dataset: "history: P90D"),
            #"8:14: datasets.clash.clan.history: found "P90D"; write a map such as { keep: P90D }"#),
        .init(
            "a reserved source", "sources: { events: { base_url: http://localhost } }",
            #"1:12: sources.events: the name "events" is taken by the route /v1/events; write another, such as events_api"#
        ),
        .init(
            "a source that is not a name", "sources: { Clash API: { base_url: http://localhost } }",
            #"1:12: sources.Clash API: "Clash API" is not a name: begin with a small letter, then a-z, 0-9, _ or -, "#
                + "such as clash_api"),
        .init(
            "a source in capitals that has a dataset",
            "sources: { Clash: { base_url: http://localhost } }\ndatasets: { clash.a: { get: /a } }",
            #"1:12: sources.Clash: "Clash" is not a name: begin with a small letter, then a-z, 0-9, _ or -, such as clash"#
        ),
        .init(
            "a template with an open brace, used by key and schedule",
            ConfigFixture.file(dataset: "key: { tag: clash_tag }\nrefresh: { every: 1h, for: [2PP] }")
                .replacing("/clans/{tag}", with: "/clans/{tag"),
            #"7:10: datasets.clash.clan.get: "/clans/{tag" has a brace without its other half: write {name}"#),
        .init(
            "sources as a list", "sources: [{ name: clash }]\ndatasets: { clash.a: { get: /a } }",
            "1:10: sources: found a list; write a map of source to maps such as { base_url: https://api.example.com/v1 }"
        ),
        .init(
            "a header that Freshet sets", ConfigFixture.file(source: "headers: { Host: x }"),
            "4:16: sources.clash.headers.Host: Freshet sets the header Host itself; remove it"),
    ]

    static let values: [WrongConfiguration] = [
        .init(
            "a duration without unit", ConfigFixture.file(dataset: "max_age: 600"),
            #"8:14: datasets.clash.clan.max_age: "600" has no unit: write PT600S, 600s, 600m or 600h"#),
        .init(
            "a duration in words", ConfigFixture.file(dataset: "max_age: 10 minutes"),
            #"8:14: datasets.clash.clan.max_age: "10 minutes" is not a duration: write ISO 8601 such as PT10M, P1D, or 10m"#
        ),
        .init(
            "a month where an exact length is needed", ConfigFixture.file(dataset: "max_age: P2M"),
            #"8:14: datasets.clash.clan.max_age: "P2M" has no exact length, for months differ: write days, such as P60D"#
        ),
        .init(
            "a duration that is a list", ConfigFixture.file(dataset: "max_age: [1]"),
            "8:14: datasets.clash.clan.max_age: found a list; write a duration such as PT10M or 10m"),
        .init(
            "a duration that is empty", ConfigFixture.file(source: "timeout:"),
            "4:13: sources.clash.timeout: is empty; write a duration such as PT10M or 10m"),
        .init(
            "a size without unit", ConfigFixture.file(source: "max_body: 8388608"),
            #"4:15: sources.clash.max_body: "8388608" has no unit: write 8MiB if bytes are meant"#),
        .init(
            "a share without percent sign", ConfigFixture.file(source: "reserve: 0.2"),
            #"4:14: sources.clash.reserve: "0.2" has no percent sign: write 20%"#),
        .init(
            "a share that leaves nothing", ConfigFixture.file(source: "reserve: 95%"),
            #"4:14: sources.clash.reserve: "95%" is out of range; write 0% to 90%"#),
        .init(
            "a misspelt priority", ConfigFixture.file(dataset: "priority: hihg"),
            #"8:15: datasets.clash.clan.priority: "hihg" is not a priority; did you mean "high"? "#
                + "One of critical, high, medium, low"),
        .init(
            "a number out of range", ConfigFixture.file(source: "concurrency: 0"),
            #"4:18: sources.clash.concurrency: "0" is out of range; write a whole number, 1 to 1000"#),
        .init(
            "an address without scheme", "sources: { clash: { base_url: api.example.com } }",
            #"1:31: sources.clash.base_url: "api.example.com" is not an address of an API: write http:// or https:// "#
                + "and a host, such as https://api.example.com/v1"),
        .init(
            "a store that is none", "store: mysql://freshet@host/db",
            "1:8: store: this is not a store; write sqlite, memory or postgres://user@host/db"),
        .init(
            "a coordinator without a store that is shared", "coordinator: redis://host:6379/0",
            "1:1: coordinator: Redis stands in front of a PostgreSQL store; write store: postgres://…, "
                + "or leave coordinator out"),
        .init(
            "a port without address", "server: { listen: 8080 }",
            #"1:19: server.listen: "8080" has no address: write "127.0.0.1:8080""#),
        .init(
            "a path template without slash", ConfigFixture.file().replacing("/clans/{tag}", with: "clans/{tag}"),
            #"7:10: datasets.clash.clan.get: "clans/{tag}" must start with /: the path follows base_url"#),
        .init(
            "a JSONPath without $", ConfigFixture.file(dataset: "ignore_changes: [memberList]"),
            #"8:22: datasets.clash.clan.ignore_changes[0]: "memberList" is not a JSONPath: a path begins with $, at character 1"#
        ),
        .init(
            "a cron expression with an hour too many", ConfigFixture.file(dataset: "refresh: { cron: \"0 25 * * *\" }"),
            #"8:22: datasets.clash.clan.refresh.cron: "0 25 * * *" is not a cron expression: the hour cannot be "25"; "#
                + "allowed are *, 0-23, ranges such as 2-4, steps such as */2, and lists of these"),
        .init(
            "a time zone that does not exist",
            ConfigFixture.file(dataset: "refresh: { cron: \"0 5 * * *\", time_zone: Europe/Berln }"),
            #"8:35: datasets.clash.clan.refresh.time_zone: "Europe/Berln" is not a time zone of this machine; "#
                + "write an IANA name such as Europe/Berlin, or UTC (the package tzdata brings the others)"),
        .init(
            "a status that is none", ConfigFixture.file(source: "errors:\n  - { status: 2000, then: retry }"),
            #"5:19: sources.clash.errors[0].status: "2000" is not an HTTP status: write a number such as 429, "#
                + "or a class such as 5xx"),
        .init(
            "ready rules that do not exist", ConfigFixture.file(source: "errors: tron"),
            #"4:13: sources.clash.errors: there are no ready rules named "tron"; did you mean "torn"?"#),
        .init(
            "a YAML tag", "data_dir: !env DATA",
            "1:11: data_dir: YAML tags such as !env mean nothing here; write ${env:NAME} or ${file:PATH}"),
    ]

    static let references: [WrongConfiguration] = [
        .init(
            "a dataset of no source",
            "sources: { clash: { base_url: http://localhost } }\ndatasets: { clsh.b: { get: /x } }",
            #"2:13: datasets.clsh.b: there is no source "clsh"; did you mean "clash"?"#),
        .init(
            "a normaliser for no parameter", ConfigFixture.file(dataset: "key: { tga: clash_tag }"),
            #"8:12: datasets.clash.clan.key.tga: "tga" is not a parameter of get; did you mean "tag"?"#),
        .init(
            "a misspelt normaliser", ConfigFixture.file(dataset: "key: { tag: clash_tg }"),
            #"8:17: datasets.clash.clan.key.tag: "clash_tg" is not a normaliser; did you mean "clash_tag"? "#
                + "One of text, lower, upper, integer, clash_tag"),
        .init(
            "a parameter without normaliser",
            ConfigFixture.file(dataset: "key: { tag: clash_tag }").replacing("/clans/{tag}", with: "/{kind}/{tag}"),
            #"8:5: datasets.clash.clan.key: says nothing of the parameter "kind" of get; add kind: text, or leave key: out"#
        ),
        .init(
            "a limit for no dataset",
            ConfigFixture.file(source: "limits:\n  - { scope: endpoint, calls: 3, per: 1s, datasets: [clam] }"),
            #"5:58: sources.clash.limits[0].datasets[0]: "clam" is not a dataset of clash; did you mean "clash.clan"?"#),
        .init(
            "a floor above max_age", ConfigFixture.file(dataset: "max_age: 10m\nmax_age_floor: 20m"),
            "9:5: datasets.clash.clan.max_age_floor: PT20M is longer than max_age, PT10M; make it as short at least"),
        .init(
            "an interval and a cron expression",
            ConfigFixture.file(dataset: "refresh: { every: 5m, cron: \"0 5 * * *\" }"),
            "8:27: datasets.clash.clan.refresh.cron: every and cron are both given; keep one"),
        .init(
            "a schedule without time", ConfigFixture.file(dataset: "refresh: { for: all }"),
            #"8:14: datasets.clash.clan.refresh: says nothing about when; give every: PT30M, cron: "0 6 * * *", or classes"#
        ),
        .init(
            "a key that the dataset cannot have",
            ConfigFixture.file(dataset: "key: { tag: clash_tag }\nrefresh: { every: 5m, for: [x] }"),
            "9:33: datasets.clash.clan.refresh.for[0]: cannot be a key of this dataset: a key has the form {tag}"),
        .init(
            "pagination without the path it needs", ConfigFixture.file(dataset: "pagination: { style: cursor }"),
            "8:17: datasets.clash.clan.pagination.path: is missing: style cursor needs the JSONPath of it, "
                + "such as $.meta.next_cursor"),
        .init(
            "an error rule that compares nothing",
            ConfigFixture.file(source: "errors: [{ status: 403, equals: 4, then: retry }]"),
            "4:29: sources.clash.errors[0].equals: needs path: the JSONPath of the value to compare"),
        .init(
            "two ways to authenticate", ConfigFixture.file(source: "auth: { bearer: a, basic: \"a:b\" }"),
            "4:11: sources.clash.auth: has basic and bearer; a source is authenticated in one way, keep one"),
        .init(
            "one key twice", ConfigFixture.file(source: "auth: { bearer: [sekrit, sekrit] }"),
            "4:30: sources.clash.auth.bearer[1]: is the same key as sources.clash.auth.bearer[0]; give each key once"),
    ]

    static let syntax: [WrongConfiguration] = [
        .init(
            "a tab", "sources:\n\tclash:\n\t\tbase_url: x", "2:1: not YAML: a tab stands where YAML indents; use spaces"
        ),
        .init(
            "an open quote", "sources: \"abc\n", "1:10: not YAML: the quote that opens here is not closed"),
        .init(
            "an interpolation without quotes", "sources:\n  clash:\n    auth: { bearer: [${env:A}] }\n",
            #"3:23: not YAML: a ${…} inside { } or [ ] needs quotes, such as ["${env:NAME}"]"#),
        .init(
            "a line indented by chance", "sources:\n  clash:\n     base_url: x\n    limits: []\n",
            "4:5: not YAML: this line is indented unlike the lines it belongs to"),
        .init(
            "an alias without anchor", "x-a: *x\n",
            "1:6: this alias has no anchor: write &name before the value that *name repeats, above it"),
        .init("two documents", "x-a: 1\n---\nx-b: 2\n", "2:1: a second document begins here: keep one, without ---"),
        .init(
            "no map at all", "hello\n",
            #"1:1: found "hello"; write a map such as sources: { usgs: { base_url: "#
                + #""https://earthquake.usgs.gov/earthquakes/feed/v1.0" } }"#),
    ]
}

extension String {
    func replacing(_ text: String, with other: String) -> String {
        guard let range = self[...].range(ofText: text) else { return self }
        return replacingCharacters(in: range, with: other)
    }

    private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
