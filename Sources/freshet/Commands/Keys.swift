import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet keys`.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, test, park and return API keys; keys appear by their opaque id only.",
        subcommands: [KeysList.self, KeysTest.self, KeysPark.self, KeysUnpark.self], defaultSubcommand: KeysList.self)
}

/// The command `freshet keys ls`.
struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Show every key, its state and its calls.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/keys").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        var table = Table(["SOURCE", "KEY", "STATE", "CALLS", "RETURNS", "REASON"])
        for source in try Control.Answer(status: 200, body: body).json()["sources"].list {
            for key in source["keys"].list {
                table.add([
                    source.text("source"), key.text("key_id"), key.text("state"), key.text("calls"),
                    key.text("returns_at"), key.text("reason"),
                ])
            }
        }
        print(table.text)
    }
}

/// The command `freshet keys test`.
struct KeysTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Make one call with each key of a source.",
        discussion: """
            Parked keys are tried, too. The calls count against the source's limits. Exit code 65 when a key is refused, 69 when \
            upstream gave no answer, 75 when the budget or upstream's quota let no call go.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The source.")
    var source: String
    @Option(
        help: ArgumentHelp(
            "What to ask for, below base_url; left out: a document that a schedule lists, one without parameters, or one that is held.",
            valueName: "path"))
    var path: String?

    func run() async throws {
        let (source, payload) = (source, jsonObject(path.map { [("path", $0)] } ?? []))
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/keys/\(PercentEncoding.encode(source))/test", json: payload)
                .expectSuccess()
        }
        let keys = try answer.json()["keys"].list
        if output.json {
            printJSON(answer.body)
        } else {
            var table = Table(["KEY", "RESULT", "STATUS", "REASON"])
            for key in keys {
                table.add([key.text("key_id"), key.text("result"), key.text("http_status"), key.text("reason")])
            }
            print(table.text)
        }
        let results = Set(keys.map { $0.text("result") })
        if results.contains("refused") { throw Exit.badData }
        if results.contains("unanswered") { throw Exit.unavailable }
        if results != ["ok"] { throw Exit.tryLater }
    }
}

/// Which key a command is for.
struct KeySelection: ParsableArguments {
    @Argument(help: "The source.")
    var source: String
    @Argument(help: "The key's id, as `keys ls` shows it.")
    var key: String

    var path: String { "/admin/keys/\(PercentEncoding.encode(source))/\(PercentEncoding.encode(key))" }
}

/// The command `freshet keys park`.
struct KeysPark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "park", abstract: "Let a key rest for a while.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var selection: KeySelection
    @Option(name: .customLong("for"), help: "How long, such as PT1H.")
    var time = "PT1H"

    func run() async throws {
        let (path, key, source) = (selection.path, selection.key, selection.source)
        guard let rest = (try? Period(parsing: time))?.exact, rest > .zero else {
            throw Exit.fail("--for \"\(time)\" is not a duration: write PT1H or 1h", Exit.usage)
        }
        let body = Array("{\"seconds\":\(rest.inSeconds)}".utf8)
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, path + "/park", json: body).expectSuccess()
        }
        print("key \(key) of \(source) rests for \(time)")
    }
}

/// The command `freshet keys unpark`.
struct KeysUnpark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unpark", abstract: "Use a parked key again.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var selection: KeySelection

    func run() async throws {
        let (path, key, source) = (selection.path, selection.key, selection.source)
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, path + "/unpark").expectSuccess()
        }
        print("key \(key) of \(source) is in use again")
    }
}
