import FreshetCore
import Testing

@testable import FreshetRuntime

@Suite struct InterpolationTests {
    private func dataDirectory(_ text: String, env: [String: String] = [:], files: [String: String] = [:]) throws
        -> String
    {
        let fixture = ConfigFixture(yaml: "data_dir: \(text)\n", environment: env, files: files)
        return try fixture.load().configuration.dataDirectory
    }

    @Test func `variables, defaults and files are put into any text`() throws {
        #expect(try dataDirectory("/srv/${env:NAME}/x", env: ["NAME": "a"]) == "/srv/a/x")
        #expect(try dataDirectory("${env:A:-/srv/d}") == "/srv/d")
        #expect(try dataDirectory("${env:A:-/srv/d}", env: ["A": ""]) == "/srv/d")
        #expect(try dataDirectory("${env:A:-/srv/d}", env: ["A": "/e"]) == "/e")
        #expect(try dataDirectory("/srv/${file:name.txt}", files: ["/etc/freshet/name.txt": "b\r\n"]) == "/srv/b")
        #expect(try dataDirectory("/srv/${file:/run/name}", files: ["/run/name": "c\n"]) == "/srv/c")
        #expect(try dataDirectory("/srv/$${env:NAME}$5") == "/srv/${env:NAME}$5")
    }

    @Test func `a value from the environment has the type that its key wants`() throws {
        let yaml = ConfigFixture.file(source: "concurrency: ${env:N:-3}\ntimeout: ${env:T}\nreserve: ${env:R}")
        let fixture = ConfigFixture(yaml: yaml, environment: ["T": "5s", "R": "10%"])
        let source = try #require(try fixture.load().configuration.source("clash"))
        #expect(source.concurrency == 3 && source.timeout == .seconds(5) && source.reserve == 0.1)
    }

    @Test func `dot env is read and the process environment wins`() throws {
        let env = """
            # where things are
            export A=/from/dotenv   # a comment
            B="two\\twords"
            C='$A "as is"'

            D=
            """
        let files = ["/etc/freshet/.env": env]
        #expect(try dataDirectory("${env:A}", files: files) == "/from/dotenv")
        #expect(try dataDirectory("${env:A}", env: ["A": "/from/process"], files: files) == "/from/process")
        #expect(try dataDirectory("/${env:B}", files: files) == "/two\twords")
        #expect(try dataDirectory("/${env:C}", files: files) == "/$A \"as is\"")
        #expect(try dataDirectory("/x${env:D}", files: files) == "/x")
    }

    @Test func `lines of dot env that are no variables are problems with their line`() {
        let fixture = ConfigFixture(
            yaml: "store: sqlite", files: ["/etc/freshet/.env": "GOOD=1\nnot a variable\n1X=2\nQ=\"sekrit\n"])
        #expect(
            fixture.problems() == [
                ".env:2:1: not a variable; write NAME=value or # a comment",
                ".env:3:1: not a variable; write NAME=value or # a comment",
                ".env:4:1: Q: the quote is not closed, or text follows it",
            ])
    }

    @Test(arguments: [
        (
            "${env:NOPE}",
            "the environment variable NOPE is not set; export it, write it into .env, or give a default: ${env:NOPE:-…}"
        ),
        ("${env:1A}", "\"1A\" is not the name of a variable: write ${env:NAME} or ${env:NAME:-default}"),
        ("${HOME}", "${HOME} is not known here: write ${env:NAME} or ${file:PATH}, or $${ for the two signs"),
        ("${env:X", "a ${ is not closed: write ${env:NAME} or ${file:PATH}, or $${ for the two signs"),
        ("${file:nope}", "the file /etc/freshet/nope does not exist"),
    ])
    func `an interpolation that cannot be done is a problem at its line`(text: String, message: String) {
        let problems = ConfigFixture(yaml: "store: sqlite\ndata_dir: \(text)").problems()
        #expect(problems == ["freshet.yaml:2:11: data_dir: \(message)"])
    }

    @Test func `unset variables are all reported and cause no other message`() {
        let yaml = ConfigFixture.file(source: "auth: { bearer: [\"${env:A}\", \"${env:B}\"] }\nconcurrency: ${env:C}")
        let problems = ConfigFixture(yaml: yaml).problems()
        #expect(problems.count == 3)
        #expect(problems.allSatisfy { $0.contains("is not set") })
    }

    @Test func `seed variables keep their names and units and touch only their source`() throws {
        let yaml = """
            sources:
              clash: { base_url: http://localhost:1 }
              oec: { base_url: http://localhost:2 }
              other: { base_url: http://localhost:3 }
            datasets:
              clash.clan: { get: /clans, max_age: PT1H }
              clash.war: { get: /war, max_age: PT1H, max_age_floor: PT20M }
              oec.data: { get: /data, refresh: { every: PT1H } }
              other.x: { get: /x, max_age: PT1H }
            """
        let environment = [
            "SNAPSHOT_MAX_AGE": "600", "CACHE_HOURS": "24", "UPDATE_INTERVAL_HOURS": "12", "OEC_API_TIMEOUT": "7",
        ]
        let loaded = try ConfigFixture(yaml: yaml, environment: environment).load()
        #expect(
            loaded.configuration.datasets.map(\.maxAge) == [
                .seconds(600), .seconds(600), .seconds(86_400), .seconds(3600),
            ])
        #expect(
            loaded.configuration.datasets.map(\.maxAgeFloor) == [
                .seconds(600), .seconds(600), .seconds(86_400), .seconds(3600),
            ])
        #expect(loaded.configuration.datasets[2].refresh?.timing == .every(.init(.seconds(43_200))))
        #expect(loaded.configuration.source("oec")?.timeout == .seconds(7))
        #expect(loaded.notes.count == 4)
        #expect(loaded.notes.first == "SNAPSHOT_MAX_AGE sets max_age of the source clash to PT10M")
        let wrong = ConfigFixture(yaml: yaml, environment: ["SNAPSHOT_MAX_AGE": "10m"])
        #expect(
            wrong.problems() == ["environment: SNAPSHOT_MAX_AGE: must be a number of seconds above zero, such as 600"])
    }
}
